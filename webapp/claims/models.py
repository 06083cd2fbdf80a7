"""A claim that is not sent yet, kept so that a phone call or an empty battery loses nothing."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model


class ClaimDraft(Model):
    """草稿: the one draft of a household on its phone, or of a member of staff. ``payload`` is JSON; photos are not in it."""

    __tablename__ = "claim_draft"
    __table_args__ = (CheckConstraint("(household_id IS NULL) <> (user_id IS NULL)", name="author"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int | None] = mapped_column(ForeignKey("household.id"), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), unique=True)
    payload: Mapped[str] = mapped_column(Text)
    saved_at: Mapped[datetime]
