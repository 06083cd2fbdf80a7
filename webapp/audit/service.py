"""Writing the audit log: in the same transaction as the act itself, so that neither exists without the other."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from webapp.audit.models import AuditLine
from webapp.core.actor import Actor
from webapp.extensions import db


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
    db.session.add(
        AuditLine(
            at=now,
            user_id=actor.user_id,
            actor_label=actor.label,
            where=actor.where,
            action=action,
            object_kind=object_kind,
            object_id=object_id,
            area_path=area_path,
            detail=json.dumps(detail, ensure_ascii=False, default=str, sort_keys=True),
        )
    )
    db.session.flush()
