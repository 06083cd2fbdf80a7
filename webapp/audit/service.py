"""Writing the audit log: in the same transaction as the act itself, so that neither exists without the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import insert

from webapp.audit.models import AuditLine
from webapp.core.actor import EVERYWHERE, Actor
from webapp.extensions import db
from webapp.prepared import Prepared, table_of

_encode = json.JSONEncoder(ensure_ascii=False, default=str, sort_keys=True).encode
_INSERT = Prepared(insert(table_of(AuditLine)).inline())


def log(
    actor: Actor,
    action: str,
    *,
    now: datetime,
    object_kind: str = "",
    object_id: int | None = None,
    area_path: str = "",
    **detail: Any,
) -> None:
    """Add one line. ``action`` is ``subject:verb``; ``detail`` must hold no secret, full phone or identity number.

    CR and LF cannot forge a line: the detail is JSON, and a line is a row.
    """
    db.session.flush()
    _INSERT.count(**_line(actor, action, now, object_kind, object_id, area_path, detail))


class Happened(NamedTuple):
    """The object of one of several lines that say the same act, and what is said of it beside."""

    object_id: int
    area_path: str
    detail: dict[str, Any]


def log_each(actor: Actor, action: str, happened: Sequence[Happened], *, now: datetime, object_kind: str) -> None:
    """A line for each of several objects, in one call of the database."""
    db.session.flush()
    _INSERT.each([_line(actor, action, now, object_kind, one.object_id, one.area_path, one.detail) for one in happened])


def _line(
    actor: Actor,
    action: str,
    now: datetime,
    object_kind: str,
    object_id: int | None,
    area_path: str,
    detail: dict[str, Any],
) -> dict[str, Any]:
    return {
        "at": now,
        "user_id": actor.user_id,
        "actor_label": actor.label,
        "where": actor.where,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
        "area_path": area_path,
        "detail": _encode(detail),
    }


def only_area(scope: tuple[str, ...]) -> str:
    """The area of an act that concerns all that somebody keeps; empty if that is several areas, or everything."""
    return scope[0] if len(scope) == 1 and scope != EVERYWHERE else ""
