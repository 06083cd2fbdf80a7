"""The goods of the catalogue: what they are, what they cost, whether they are offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.points import Points
from webapp.extensions import db
from webapp.places.models import Area
from webapp.redemption.models import Item
from webapp.schemes.models import Scheme

MOST_POINTS = Points.whole(100_000)


@dataclass(frozen=True, slots=True)
class ItemText:
    """What a clerk writes about a thing. ``limit_month`` is per household; None is no limit. ``picture`` is the
    SHA-256 of an uploaded picture; without one the icon is drawn."""

    name: str
    price: Points
    unit: str = "件"
    detail: str = ""
    icon: str = "package"
    picture: str | None = None
    limit_month: int | None = None
    days_to_fetch: int = 15
    position: int = 0
    active: bool = True


def add_item(*, area: Area, scheme: Scheme, text: ItemText, actor: Actor, now: datetime) -> Item:
    """Offer a new thing in an area, paid from a scheme whose points are spent. It starts with nothing on the shelf.

    :raises Conflict: if the area offers a thing of this name.
    :raises Invalid: for a price or limit that cannot be.
    """
    actor.must("goods.edit", area.path)
    if not scheme.spendable or scheme.holder_kind != "household":
        raise Invalid("这个积分办法的积分不能兑换物品，请换一个。", field="scheme")
    _check(text, area.id, besides=None)
    item = Item(area_id=area.id, scheme_id=scheme.id, left=0, created_at=now)
    _apply(item, text)
    db.session.add(item)
    db.session.flush()
    _log(actor, "item:added", item, area, now)
    return item


def change_item(*, item: Item, text: ItemText, actor: Actor, now: datetime) -> Item:
    """Change a thing; vouchers that were issued keep their price. The old price stays in the audit log.

    :raises Conflict: if the area offers another thing of this name.
    """
    actor.must("goods.edit", item.area.path)
    _check(text, item.area_id, besides=item.id)
    before = Points(item.price)
    _apply(item, text)
    db.session.flush()
    _log(actor, "item:changed", item, item.area, now, price_before=str(before))
    return item


def _check(text: ItemText, area_id: int, *, besides: int | None) -> None:
    if not text.name:
        raise Invalid("请写物品名称。", field="name")
    if not Points(0) < text.price <= MOST_POINTS:
        raise Invalid(f"分值要大于 0，最多 {MOST_POINTS}。", field="price")
    if text.limit_month is not None and not 0 < text.limit_month <= 1000:
        raise Invalid("每户每月的上限请填 1 到 1000，不限就留空。", field="limit_month")
    if not 1 <= text.days_to_fetch <= 90:
        raise Invalid("领取期限请填 1 到 90 天。", field="days_to_fetch")
    taken = select(Item.id).where(Item.area_id == area_id, Item.name == text.name)
    if besides is not None:
        taken = taken.where(Item.id != besides)
    if db.session.scalar(taken) is not None:
        raise Conflict("已经有同名的物品了，请换个名称，例如加上规格。", field="name")


def _apply(item: Item, text: ItemText) -> None:
    item.name, item.unit, item.detail = text.name, text.unit or "件", text.detail
    item.icon, item.picture = text.icon, text.picture
    item.price = text.price.tenths
    item.limit_month, item.days_to_fetch = text.limit_month, text.days_to_fetch
    item.position, item.active = text.position, text.active


def _log(actor: Actor, action: str, item: Item, area: Area, now: datetime, **more: str) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="item",
        object_id=item.id,
        area_path=area.path,
        name=item.name,
        price=str(Points(item.price)),
        active=item.active,
        **more,
    )
