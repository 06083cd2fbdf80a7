"""The stock book: every change of what is left is a line that stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Invalid, NotFound, OutOfStock
from webapp.extensions import db
from webapp.redemption.models import Item, StockMovement

MOST = 100_000


def move(
    item: Item,
    kind: str,
    change: int,
    *,
    actor: Actor,
    now: datetime,
    note: str = "",
    voucher_id: int | None = None,
) -> None:
    """Write the line of a change that has already been made to ``item.left``."""
    db.session.add(
        StockMovement(
            item_id=item.id,
            kind=kind,
            change=change,
            left_after=item.left,
            voucher_id=voucher_id,
            note=note,
            actor_id=actor.user_id or 0,
            actor_label=actor.label,
            at=now,
        )
    )
    db.session.flush()


def receive(*, item: Item, quantity: int, note: str, actor: Actor, now: datetime) -> Item:
    """入库: more of it on the shelf.

    :raises Invalid: for a quantity that is not positive.
    """
    return _change(item, "received", _size(quantity), note, actor, now)


def write_off(*, item: Item, quantity: int, note: str, actor: Actor, now: datetime) -> Item:
    """报损: broken, expired or lost; needs its reason.

    :raises OutOfStock: if fewer are left (the rest is promised to vouchers).
    """
    if not note:
        raise Invalid("请写明报损的原因。", field="note")
    return _change(item, "written_off", -_size(quantity), note, actor, now)


def count(*, item: Item, found: int, note: str, actor: Actor, now: datetime) -> Item:
    """盘点: what was really found and is not promised to vouchers; the difference is written down with its reason.

    :raises Invalid: without a reason when the count differs.
    """
    if not 0 <= found <= MOST:
        raise Invalid(f"请填 0 到 {MOST} 之间的数量。", field="quantity")
    current = locked(item.id)
    change = found - current.left
    if change and not note:
        raise Invalid(f"账上还有 {current.left} {current.unit}，和盘点数不一样，请写明原因。", field="note")
    return _change(current, "counted", change, note, actor, now)


def locked(item_id: int) -> Item:
    """The item as it stands now, kept from others until the end of the transaction.

    :raises NotFound: if there is none.
    """
    item = db.session.get(Item, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFound("没有这件物品，可能已经删除。")
    return item


def _size(quantity: int) -> int:
    if not 0 < quantity <= MOST:
        raise Invalid(f"请填 1 到 {MOST} 之间的数量。", field="quantity")
    return quantity


def _change(item: Item, kind: str, change: int, note: str, actor: Actor, now: datetime) -> Item:
    actor.must("goods.edit", item.area.path)
    moved = (
        update(Item)
        .where(Item.id == item.id, Item.left + change >= 0)
        .values(left=Item.left + change)
        .returning(Item)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    after = db.session.scalars(moved).one_or_none()
    if after is None:
        raise OutOfStock(f"账上只剩 {item.left} {item.unit}，不能再减这么多。", field="quantity")
    move(after, kind, change, actor=actor, now=now, note=note)
    log(
        actor,
        f"stock:{kind}",
        now=now,
        object_kind="item",
        object_id=item.id,
        area_path=item.area.path,
        change=change,
        left=after.left,
        note=note,
    )
    return after
