"""Visits of residents at a kiosk, and the slips that were printed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Household
from webapp.users.models import Device

VISIT_BY = {"card": "刷卡", "pin": "户号和密码"}


class KioskVisit(Model):
    """A resident's short session inside the kiosk's own. Its token is only in the kiosk's cookie; ``pin_at`` is when
    the PIN was last given in this visit, without which nothing is spent. ``ended_at`` closes it on the server."""

    __tablename__ = "kiosk_visit"
    __table_args__ = (
        CheckConstraint(one_of("via", VISIT_BY), name="via"),
        Index("ix_kiosk_visit_open", "ended_at", "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_print: Mapped[str] = mapped_column(String(64), unique=True)
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    via: Mapped[str] = mapped_column(String(6))
    pin_at: Mapped[datetime | None]
    started_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    device: Mapped[Device] = relationship()
    household: Mapped[Household] = relationship()


class Slip(Model):
    """余额小票: what was printed, word for word (``content`` is JSON), so that the paper can be compared years later.

    Its number counts up; the check code is derived from the installation's key and not kept. Printing again changes
    ``copies`` only.
    """

    __tablename__ = "slip"
    __table_args__ = (
        CheckConstraint("copies >= 1", name="copies"),
        Index("ix_slip_household_id", "household_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    device_id: Mapped[int] = mapped_column(ForeignKey("device.id"))
    visit_id: Mapped[int] = mapped_column(ForeignKey("kiosk_visit.id"))
    content: Mapped[str] = mapped_column(Text)
    copies: Mapped[int] = mapped_column(default=1)
    printed_at: Mapped[datetime]

    @property
    def number(self) -> str:
        """What the paper says: ``S-004211``."""
        return f"S-{self.id:06d}"
