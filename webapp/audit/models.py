"""The audit log. Database triggers refuse to change or remove a line."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model


class AuditLine(Model):
    """One act. ``action`` is ``subject:verb`` (``plate:revoked``); ``detail`` is JSON without secrets or full phones."""

    __tablename__ = "audit_line"
    __table_args__ = (
        Index("ix_audit_line_at", "at"),
        Index("ix_audit_line_object", "object_kind", "object_id"),
        Index("ix_audit_line_user_id", "user_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    user_id: Mapped[int | None]
    actor_label: Mapped[str] = mapped_column(String(80))
    where: Mapped[str] = mapped_column(String(80))
    action: Mapped[str] = mapped_column(String(60))
    object_kind: Mapped[str] = mapped_column(String(30))
    object_id: Mapped[int | None]
    area_path: Mapped[str] = mapped_column(String(120))
    detail: Mapped[str] = mapped_column(Text)
