"""Reads of goods and vouchers, for the kiosk's catalogue and the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import Explanation
from webapp.places.models import Area, Holder, Household
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.redemption.models import Item, StockMovement, Voucher


@dataclass(frozen=True, slots=True)
class Offer:
    """A thing as the one who looks may have it. ``why_not`` is empty when it can be redeemed now."""

    id: int
    name: str
    unit: str
    detail: str
    icon: str
    picture: str | None
    price: Points
    left: int
    limit_month: int | None
    had: int
    why_not: str

    @property
    def most(self) -> int:
        """How many at once, by stock and the month's limit (not by points)."""
        return self.left if self.limit_month is None else min(self.left, self.limit_month - self.had)


_HAD = (
    select(Voucher.item_id, func.sum(Voucher.quantity).label("had"))
    .where(
        Voucher.household_id == bindparam("household"),
        Voucher.month == bindparam("month"),
        Voucher.state.in_(("issued", "handed_over")),
    )
    .group_by(Voucher.item_id)
    .subquery()
)
_item = Item.__table__.c
_CATALOGUE = Prepared(
    select(
        _item.id,
        _item.name,
        _item.unit,
        _item.detail,
        _item.icon,
        _item.picture,
        _item.price,
        _item.left,
        _item.limit_month,
        func.coalesce(_HAD.c.had, 0),
    )
    .join(Area, Area.id == _item.area_id)
    .outerjoin(_HAD, _HAD.c.item_id == _item.id)
    .where(_item.active, bindparam("path").op("LIKE")(Area.path.concat("%")))
    .order_by(_item.position, _item.price, _item.id)
)


def catalogue(
    community_path: str, *, household_id: int | None = None, month: int = 0, available: Points | None = None
) -> list[Offer]:
    """What is offered in a community (its own things and those of the areas above it), in the clerk's order.

    With a household: what it has had this ``month`` (202611) and what it can pay with ``available`` are judged too.
    """
    rows = _CATALOGUE.all(path=community_path, household=household_id or 0, month=month)
    return [_offer(row, available) for row in rows]


def _offer(row: Any, available: Points | None) -> Offer:
    ident, name, unit, detail, icon, picture, price, left, limit, had = row
    why_not = _why_not(left, limit, int(had), Points(price), available)
    return Offer(ident, name, unit, detail, icon, picture, Points(price), left, limit, int(had), why_not)


def _why_not(left: int, limit: int | None, had: int, price: Points, available: Points | None) -> str:
    if left <= 0:
        return "已换完"
    if limit is not None and had >= limit:
        return "本月已换够"
    if available is not None and price > available:
        return f"还差 {price - available} 分"
    return ""


def offer(item_id: int, community_path: str, *, household_id: int, month: int, available: Points) -> Offer:
    """One thing of the catalogue.

    :raises NotFound: if it is not offered here.
    """
    offers = catalogue(community_path, household_id=household_id, month=month, available=available)
    found = next((one for one in offers if one.id == item_id), None)
    if found is None:
        raise NotFound("这件物品已经下架，请看看别的。")
    return found


def vouchers_of(household_id: int, *, waiting_only: bool = False, limit: int = 20) -> list[Voucher]:
    """A household's vouchers, newest first."""
    statement = select(Voucher).where(Voucher.household_id == household_id)
    if waiting_only:
        statement = statement.where(Voucher.state == "issued")
    return list(db.session.scalars(statement.order_by(Voucher.id.desc()).limit(limit)))


def voucher_of_household(voucher_id: int, household_id: int) -> Voucher:
    """:raises NotFound: if it is not this household's."""
    voucher = db.session.get(Voucher, voucher_id)
    if voucher is None or voucher.household_id != household_id:
        raise NotFound("没有这张积分券。")
    return voucher


def voucher_in_scope(voucher_id: int, scope: tuple[str, ...]) -> Voucher:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = (
        select(Voucher).join(Area, Area.id == Voucher.community_id).where(Voucher.id == voucher_id, within(scope))
    )
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有这张积分券，请核对券码。")
    return found


def vouchers_statement(scope: tuple[str, ...], *, state: str = "", search: str = "") -> Select[Any]:
    """Vouchers within areas, newest first; ``search`` is a voucher's number, a household's number or name."""
    statement = (
        select(Voucher)
        .join(Area, Area.id == Voucher.community_id)
        .join(Holder, Holder.id == Voucher.household_id)
        .where(within(scope))
        .order_by(Voucher.id.desc())
    )
    if state:
        statement = statement.where(Voucher.state == state)
    if search:
        number = search.upper().replace("-", "")
        statement = statement.where(
            or_(
                Voucher.number.startswith(number, autoescape=True),
                Holder.number.startswith(search, autoescape=True),
                Holder.name.contains(search, autoescape=True),
                Holder.initials.contains(f"|{search.lower()}", autoescape=True),
            )
        )
    return statement


def waiting_count(scope: tuple[str, ...]) -> int:
    """Vouchers that wait to be fetched within areas."""
    statement = (
        select(func.count())
        .select_from(Voucher)
        .join(Area, Area.id == Voucher.community_id)
        .where(Voucher.state == "issued", within(scope))
    )
    return int(db.session.scalar(statement) or 0)


def items_in(scope: tuple[str, ...], *, search: str = "", active: bool | None = None) -> list[Item]:
    """The goods that areas within the scope offer, in the clerk's order."""
    statement = select(Item).join(Area, Area.id == Item.area_id).where(within(scope))
    if search:
        statement = statement.where(Item.name.contains(search, autoescape=True))
    if active is not None:
        statement = statement.where(Item.active.is_(active))
    return list(db.session.scalars(statement.order_by(Item.active.desc(), Item.position, Item.price, Item.id)))


def item_in_scope(item_id: int, scope: tuple[str, ...]) -> Item:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = select(Item).join(Area, Area.id == Item.area_id).where(Item.id == item_id, within(scope))
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有这件物品。")
    return found


def movements_statement(item_id: int) -> Select[Any]:
    return select(StockMovement).where(StockMovement.item_id == item_id).order_by(StockMovement.id.desc())


def promised(item_id: int) -> int:
    """How many of a thing wait on the shelf for vouchers: with ``left`` they make what can be counted."""
    statement = select(func.coalesce(func.sum(Voucher.quantity), 0)).where(
        Voucher.item_id == item_id, Voucher.state == "issued"
    )
    return int(db.session.scalar(statement) or 0)


def household_of(voucher: Voucher) -> Household:
    return db.session.get_one(Household, voucher.household_id)


def overdue(voucher: Voucher, now: datetime) -> bool:
    """Its last day is over though housekeeping has not given the points back yet."""
    return voucher.state == "issued" and voucher.expires_at <= now


def picture_of(item_id: int) -> str | None:
    """The SHA-256 of a thing's picture; None if it has none."""
    return db.session.scalar(select(Item.picture).where(Item.id == item_id))


def explain_voucher(cause: Cause) -> Explanation | None:
    """Why a voucher's line stands in the book; None if there is no such voucher."""
    voucher = db.session.get(Voucher, cause.id)
    if voucher is None:
        return None
    each = Points(voucher.points // voucher.quantity)
    return Explanation(
        title=f"兑换 {voucher.title}",
        text=f"{voucher.title}，每份 {each} 分，{voucher.quantity} 份共 {Points(voucher.points)} 分",
        happened_on=clock.local_date(voucher.ended_at or voucher.issued_at),
        place=voucher.station.name if voucher.station else "",
        recorder=voucher.ended_by,
        note=f"积分券 {voucher.number}，{clock.local_date(voucher.issued_at).isoformat()} 兑换",
    )
