"""Reads of the audit log."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select

from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.extensions import db


def lines_statement(
    scope: tuple[str, ...],
    *,
    first: date | None = None,
    last: date | None = None,
    subject: str = "",
    who: str = "",
) -> Select[Any]:
    """Lines about areas within the scope, newest first. Lines that belong to no area (a failed sign-in) are shown to
    those who see a whole county only."""
    mine = [AuditLine.area_path.startswith(path, autoescape=True) for path in scope]
    if any(path.count("/") == 2 for path in scope):
        mine.append(AuditLine.area_path == "")
    statement = select(AuditLine).where(or_(*mine) if mine else AuditLine.id.is_(None)).order_by(AuditLine.id.desc())
    if first is not None:
        statement = statement.where(AuditLine.at >= clock.day_bounds(first)[0])
    if last is not None:
        statement = statement.where(AuditLine.at < clock.day_bounds(last)[1])
    if subject:
        statement = statement.where(AuditLine.action.startswith(f"{subject}:", autoescape=True))
    if who:
        statement = statement.where(AuditLine.actor_label.contains(who, autoescape=True))
    return statement


def times_logged(action: str, object_kind: str, object_id: int) -> int:
    """How often something was done to one thing: a paper printed for the second time says so."""
    statement = select(func.count()).where(
        AuditLine.object_kind == object_kind, AuditLine.object_id == object_id, AuditLine.action == action
    )
    return int(db.session.scalar(statement) or 0)
