"""Reads of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select

from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.extensions import db


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for. ``action`` is a whole act (``plate:revoked``) or a subject (``plate``); days are local."""

    first: date | None = None
    last: date | None = None
    action: str = ""
    who: str = ""
    object_kind: str = ""
    object_id: int | None = None


def lines(scope: tuple[str, ...], wanted: Filter) -> Select[tuple[AuditLine]]:
    """Lines about areas within the scope, newest first. Lines that belong to no area (a sign-in with a name that does
    not exist) are shown to those who see a whole county only."""
    mine = [AuditLine.area_path.startswith(path, autoescape=True) for path in scope]
    if any(path.count("/") == 2 for path in scope):
        mine.append(AuditLine.area_path == "")
    statement = select(AuditLine).where(or_(*mine) if mine else AuditLine.id.is_(None)).order_by(AuditLine.id.desc())
    return _narrow(statement, wanted)


def _narrow(statement: Select[tuple[AuditLine]], wanted: Filter) -> Select[tuple[AuditLine]]:
    wishes: list[Any] = []
    if wanted.first is not None:
        wishes.append(AuditLine.at >= clock.day_bounds(wanted.first)[0])
    if wanted.last is not None:
        wishes.append(AuditLine.at < clock.day_bounds(wanted.last)[1])
    if wanted.action:
        whole = ":" in wanted.action
        wishes.append(
            AuditLine.action == wanted.action
            if whole
            else AuditLine.action.startswith(f"{wanted.action}:", autoescape=True)
        )
    if wanted.who:
        wishes.append(AuditLine.actor_label.contains(wanted.who, autoescape=True))
    if wanted.object_id is not None:
        wishes += [AuditLine.object_kind == wanted.object_kind, AuditLine.object_id == wanted.object_id]
    return statement.where(*wishes)


def count(statement: Select[tuple[AuditLine]]) -> int:
    return db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def times_logged(action: str, object_kind: str, object_id: int) -> int:
    """How often something was done to one thing: a paper printed for the second time says so."""
    statement = select(func.count()).where(
        AuditLine.object_kind == object_kind, AuditLine.object_id == object_id, AuditLine.action == action
    )
    return int(db.session.scalar(statement) or 0)


def who_did(action: str, object_kind: str, object_id: int) -> str:
    """Who last did something to one thing, and when, as a refusal says it: ``张*国 书记 2026-10-25 15:00``; empty: nobody."""
    statement = (
        select(AuditLine.actor_label, AuditLine.at)
        .where(AuditLine.object_kind == object_kind, AuditLine.object_id == object_id, AuditLine.action == action)
        .order_by(AuditLine.id.desc())
        .limit(1)
    )
    found = db.session.execute(statement).first()
    return f"{found.actor_label} {clock.local(found.at):%Y-%m-%d %H:%M}" if found else ""
