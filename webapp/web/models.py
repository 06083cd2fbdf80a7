"""The one table of the frame: forms that have been sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.extensions import Model


class SentForm(Model):
    """A form's own random key, so that a double tap or a repeated request has one effect.

    ``body_hash`` tells an honest repeat from another form under the same key.
    """

    __tablename__ = "sent_form"
    __table_args__ = (Index("ix_sent_form_sent_at", "sent_at"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    location: Mapped[str | None] = mapped_column(String(500))
    sent_at: Mapped[datetime]
