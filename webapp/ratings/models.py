"""Ratings of shops, what they add up to, and the days on which they look stuffed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Shop

TAGS = ("态度好", "明码标价", "门前干净", "可退换", "不够斤两", "占道")
USUAL_OF_A_DAY = 20  # counted ratings of a shop; a day with more waits for staff, wherever they came from
FLAG_STATES = {"open": "待核查", "kept": "核查后计入", "dropped": "核查后不计"}


class Rating(Model):
    """One customer's stars. Neither phone nor address is kept: ``device_print`` and ``network_print`` are keyed digests
    that only tell same from different. ``counted`` says whether it is part of the shop's mean."""

    __tablename__ = "rating"
    __table_args__ = (
        UniqueConstraint("shop_id", "device_print", "day"),
        UniqueConstraint("ticket_print"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars"),
        Index("ix_rating_network", "shop_id", "day", "network_print"),
        Index("ix_rating_shop_id", "shop_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    stars: Mapped[int]
    tags: Mapped[str] = mapped_column(String(80), default="")
    comment: Mapped[str] = mapped_column(String(100), default="")
    day: Mapped[date]
    device_print: Mapped[str] = mapped_column(String(64))
    network_print: Mapped[str] = mapped_column(String(64))
    ticket_print: Mapped[str] = mapped_column(String(64))
    counted: Mapped[bool]
    created_at: Mapped[datetime]

    shop: Mapped[Shop] = relationship()


class RatingTotal(Model):
    """What a shop's counted ratings add up to, kept in the rating's own transaction."""

    __tablename__ = "rating_total"
    __table_args__ = (CheckConstraint('"count" >= 0 AND stars >= 0', name="sizes"),)

    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    stars: Mapped[int] = mapped_column(default=0)


class RatingFlag(Model):
    """A shop's day with a flood of ratings from one source; staff decide whether what was set aside counts."""

    __tablename__ = "rating_flag"
    __table_args__ = (
        UniqueConstraint("shop_id", "day"),
        CheckConstraint(one_of("state", FLAG_STATES), name="state"),
        Index("ix_rating_flag_state", "state", "day"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shop.id"))
    day: Mapped[date]
    state: Mapped[str] = mapped_column(String(8), default="open")
    reason: Mapped[str] = mapped_column(String(120))
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    shop: Mapped[Shop] = relationship()
