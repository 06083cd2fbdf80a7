"""Shops, with the keeper's name and, where known, the owner as a person (who may not score the shop)."""

from __future__ import annotations

from datetime import datetime

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.extensions import db
from webapp.places.models import Area, Person, Shop
from webapp.places.service.checks import book_area, free_number, line, lock_register, must_edit, phone_of, put


def add_shop(
    *,
    actor: Actor,
    now: datetime,
    area: Area,
    number: str,
    name: str,
    address: str = "",
    trade: str = "",
    phone: str = "",
    keeper: str = "",
    owner: Person | None = None,
    position: int = 0,
) -> Shop:
    """:raises Invalid: for an unfit area or value. :raises Conflict: if the community has the number already."""
    must_edit(actor, area)
    lock_register(area)
    community = book_area(area)
    shop = Shop(area_id=area.id, community_id=community.id, created_at=now, active=True)
    facts = _facts(name=name, address=address, trade=trade, phone=phone, keeper=keeper, position=position)
    put(shop, number=free_number(community, "shop", number), **facts)
    shop.owner_id = owner.id if owner else None
    db.session.add(shop)
    db.session.flush()
    _log(actor, "added", shop, area, now)
    return shop


def change_shop(
    *,
    actor: Actor,
    now: datetime,
    shop: Shop,
    number: str,
    name: str,
    address: str = "",
    trade: str = "",
    phone: str = "",
    keeper: str = "",
    owner: Person | None = None,
    position: int = 0,
) -> None:
    """Change everything but the area. Raises what ``add_shop`` raises."""
    must_edit(actor, shop.area)
    lock_register(shop.area)
    taken = free_number(shop.community, "shop", number, besides=shop)
    facts = _facts(name=name, address=address, trade=trade, phone=phone, keeper=keeper, position=position)
    changed = put(shop, number=taken, owner_id=owner.id if owner else None, **facts)
    db.session.flush()
    if changed:
        _log(actor, "changed", shop, shop.area, now, fields=changed)


def _facts(*, name: str, address: str, trade: str, phone: str, keeper: str, position: int) -> dict[str, object]:
    return {
        "name": line(name, label="店名", field="name", limit=60, needed=True),
        "address": line(address, label="地址", field="address", limit=120),
        "trade": line(trade, label="行业", field="trade", limit=40),
        "phone": phone_of(phone),
        "keeper": line(keeper, label="经营者", field="keeper", limit=40),
        "position": position,
    }


def move_shop(*, actor: Actor, now: datetime, shop: Shop, area: Area) -> None:
    """Put a shop into another area of its community. :raises Invalid: for an area of another community."""
    must_edit(actor, shop.area, area)
    lock_register(area)
    if book_area(area).id != shop.community_id:
        raise Invalid(
            "商铺只能在本社区的网格、片区之间迁移。搬到别的社区，请在这里停用，再到那里登记。", field="area_id"
        )
    if area.id == shop.area_id:
        return
    before, shop.area_id = shop.area.path, area.id
    db.session.flush()
    db.session.expire(shop, ["area"])
    _log(actor, "moved", shop, area, now, before=before)


def close_shop(*, actor: Actor, now: datetime, shop: Shop) -> None:
    """The shop has closed or moved away. Its book stays."""
    must_edit(actor, shop.area)
    _set_active(actor, shop, False, now)


def reopen_shop(*, actor: Actor, now: datetime, shop: Shop) -> None:
    """:raises Invalid: if its area is out of use."""
    must_edit(actor, shop.area)
    book_area(shop.area)
    _set_active(actor, shop, True, now)


def _set_active(actor: Actor, shop: Shop, active: bool, now: datetime) -> None:
    lock_register(shop.area)
    if put(shop, active=active):
        db.session.flush()
        _log(actor, "reopened" if active else "closed", shop, shop.area, now)


def _log(actor: Actor, verb: str, shop: Shop, area: Area, now: datetime, **detail: object) -> None:
    log(
        actor,
        f"shop:{verb}",
        now=now,
        object_kind="shop",
        object_id=shop.id,
        area_path=area.path,
        number=shop.number,
        **detail,
    )
