"""Goods, the append-only book of their stock, and vouchers. Prices are tenths of points."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.extensions import Model, one_of
from webapp.places.models import Area, Household, Station
from webapp.schemes.models import Scheme

MOVEMENTS = {
    "received": "入库",
    "counted": "盘点",
    "written_off": "报损",
    "redeemed": "兑换",
    "returned": "退回",
}
VOUCHER_STATES = {"issued": "待领取", "handed_over": "已领取", "cancelled": "已取消", "expired": "已过期"}


class Item(Model):
    """A thing in the catalogue (善治超市), offered in an area and paid from one scheme. ``left`` is what can still be
    redeemed: it falls when a voucher is issued, not when the thing is handed over."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("area_id", "name"),
        CheckConstraint("price > 0", name="price"),
        CheckConstraint('"left" >= 0', name="left"),
        CheckConstraint("limit_month IS NULL OR limit_month > 0", name="limit_month"),
        CheckConstraint("days_to_fetch BETWEEN 1 AND 90", name="days_to_fetch"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    scheme_id: Mapped[int] = mapped_column(ForeignKey("scheme.id"))
    name: Mapped[str] = mapped_column(String(40))
    unit: Mapped[str] = mapped_column(String(10), default="件")
    detail: Mapped[str] = mapped_column(String(200), default="")
    icon: Mapped[str] = mapped_column(String(30), default="package")
    picture: Mapped[str | None] = mapped_column(String(64))
    price: Mapped[int]
    left: Mapped[int] = mapped_column(default=0)
    limit_month: Mapped[int | None]
    days_to_fetch: Mapped[int] = mapped_column(default=15)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    area: Mapped[Area] = relationship()
    scheme: Mapped[Scheme] = relationship()


class Voucher(Model):
    """积分券: the right to fetch something that points are held for.

    ``number`` is short and public; ``code`` (65 bits, for scanning or typing) is derived from the installation's key and
    ``nonce``, so that it can be printed again, while the database keeps only its fingerprint.
    """

    __tablename__ = "voucher"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("code_print"),
        CheckConstraint(one_of("state", VOUCHER_STATES), name="state"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("points > 0", name="points"),
        CheckConstraint("(state = 'issued') = (ended_at IS NULL)", name="ended"),
        Index("ix_voucher_household_id", "household_id", "month"),
        Index("ix_voucher_state", "state", "expires_at"),
        Index("ix_voucher_community", "community_id", "state", "issued_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(8))
    nonce: Mapped[str] = mapped_column(String(32))
    code_print: Mapped[str] = mapped_column(String(64))
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    community_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    title: Mapped[str] = mapped_column(String(60))
    quantity: Mapped[int]
    points: Mapped[int]
    month: Mapped[int]
    state: Mapped[str] = mapped_column(String(12), default="issued")
    station_id: Mapped[int | None] = mapped_column(ForeignKey("station.id"))
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(80), default="")
    end_note: Mapped[str] = mapped_column(String(120), default="")

    item: Mapped[Item] = relationship()
    household: Mapped[Household] = relationship()
    station: Mapped[Station | None] = relationship()


class StockMovement(Model):
    """One line of an item's stock book, append-only. A voucher takes its things once and returns them at most once."""

    __tablename__ = "stock_movement"
    __table_args__ = (
        UniqueConstraint("voucher_id", "kind"),
        CheckConstraint(one_of("kind", MOVEMENTS), name="kind"),
        CheckConstraint("left_after >= 0", name="left_after"),
        CheckConstraint("(kind IN ('redeemed', 'returned')) = (voucher_id IS NOT NULL)", name="voucher"),
        Index("ix_stock_movement_item_id", "item_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("item.id"))
    kind: Mapped[str] = mapped_column(String(12))
    change: Mapped[int]
    left_after: Mapped[int]
    voucher_id: Mapped[int | None] = mapped_column(ForeignKey("voucher.id"))
    note: Mapped[str] = mapped_column(String(120), default="")
    actor_id: Mapped[int]
    actor_label: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]

    item: Mapped[Item] = relationship()
