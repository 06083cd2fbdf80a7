"""Spending points on goods: held when redeemed, spent when handed over, released when cancelled or expired.

Every verb is one transaction with stock and points together. Rows are locked in one order everywhere (voucher, item,
account), so that two kiosks on PostgreSQL wait for each other instead of blocking each other for good.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import (
    AlreadyUsed,
    Conflict,
    Gone,
    Invalid,
    LimitReached,
    NotFound,
    OutOfStock,
)
from webapp.core.points import Points
from webapp.core.text import normalise_code, random_code
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import hold_of_cause
from webapp.places.models import Area, Household
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service.stock import move

CODE_LENGTH = 13  # characters of five bits: 65 bits, more than can be guessed
NUMBER_LENGTH = 6
MOST_AT_ONCE = 20
BATCH = 200  # vouchers that expire in one transaction


def voucher_code(key: str, voucher: Voucher) -> str:
    """The secret code of a voucher, made again from the installation's key."""
    return signing.keyed_code(key, "voucher", f"{voucher.number}:{voucher.nonce}", CODE_LENGTH)


def redeem(
    *,
    actor: Actor,
    household_id: int,
    item_id: int,
    quantity: int,
    expected: Points,
    key: str,
    now: datetime,
    station_id: int | None = None,
) -> Voucher:
    """Hold the points, take the thing off the shelf and issue a voucher.

    ``expected`` is the total that the resident was shown; ``key`` the installation's secret.

    :raises OutOfStock: if fewer are left.
    :raises Conflict: if the price has changed since it was shown.
    :raises LimitReached: if the household has had its share of this month.
    :raises InsufficientPoints: if fewer points are available.
    :raises OnHold: if the account is locked.
    """
    if not 1 <= quantity <= MOST_AT_ONCE:
        raise Invalid(f"一次可以兑换 1 到 {MOST_AT_ONCE} 件。", field="quantity")
    household = db.session.get(Household, household_id)
    if household is None:
        raise NotFound("没有找到这一户，请核对户号。")
    item = _take(item_id, quantity, household)
    points = Points(item.price) * quantity
    if points != expected:
        raise Conflict(f"「{item.name}」的分值刚刚改成 {Points(item.price)} 分，请看清后再兑换。")
    account = ledger.open_account(holder_id=household_id, scheme_id=item.scheme_id, now=now)
    voucher = _issue(household, account.id, item, quantity, points, key, now, station_id)
    ledger.hold(
        account_id=account.id,
        amount=points,
        cause=Cause("voucher", voucher.id),
        reason=f"兑换 {voucher.title}",
        now=now,
    )
    _check_limit(voucher, item)
    move(item, "redeemed", -quantity, actor=actor, now=now, voucher_id=voucher.id)
    _log(actor, "voucher:issued", voucher, now, number=voucher.number)
    return voucher


def _log(actor: Actor, action: str, voucher: Voucher, now: datetime, **detail: str) -> None:
    path = db.session.get_one(Area, voucher.community_id).path
    log(actor, action, now=now, object_kind="voucher", object_id=voucher.id, area_path=path, **detail)


def _take(item_id: int, quantity: int, household: Household) -> Item:
    """Lower what is left in one statement, so that the last one goes to exactly one household."""
    taken = (
        update(Item)
        .where(Item.id == item_id, Item.active, Item.left >= quantity)
        .values(left=Item.left - quantity)
        .returning(Item)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    item = db.session.scalars(taken).one_or_none()
    if item is None:
        known = db.session.get(Item, item_id)
        if known is None or not known.active:
            raise NotFound("这件物品已经下架，请看看别的。")
        raise OutOfStock(f"「{known.name}」只剩 {known.left} {known.unit}了，请换一种或少换一些。")
    area, home = db.session.get_one(Area, item.area_id), db.session.get_one(Area, household.area_id)
    if not home.path.startswith(area.path):
        raise NotFound("这件物品不在您的社区兑换，请看看别的。")
    return item


def _issue(
    household: Household,
    account_id: int,
    item: Item,
    quantity: int,
    points: Points,
    key: str,
    now: datetime,
    station_id: int | None,
) -> Voucher:
    voucher = Voucher(
        number=random_code(NUMBER_LENGTH),
        nonce=secrets.token_hex(8),
        household_id=household.id,
        community_id=household.community_id,
        account_id=account_id,
        item_id=item.id,
        title=item.name if quantity == 1 else f"{item.name} × {quantity}",
        quantity=quantity,
        points=points.tenths,
        month=clock.month_of(now),
        state="issued",
        station_id=station_id,
        issued_at=now,
        expires_at=_end_of_day(now + timedelta(days=item.days_to_fetch)),
    )
    voucher.code_print = signing.fingerprint(voucher_code(key, voucher))
    db.session.add(voucher)
    db.session.flush()
    return voucher


def _end_of_day(moment: datetime) -> datetime:
    """A voucher is good until the evening of its last day, whatever the hour it was issued at."""
    return clock.day_bounds(clock.local_date(moment))[1]


def _check_limit(voucher: Voucher, item: Item) -> None:
    """Counted after the hold has locked the account, so that two kiosks can't both be the last one allowed."""
    if item.limit_month is None:
        return
    had = db.session.scalar(
        select(func.coalesce(func.sum(Voucher.quantity), 0)).where(
            Voucher.household_id == voucher.household_id,
            Voucher.month == voucher.month,
            Voucher.item_id == item.id,
            Voucher.state.in_(("issued", "handed_over")),
        )
    )
    if int(had or 0) > item.limit_month:
        raise LimitReached(f"「{item.name}」每户每月最多换 {item.limit_month} {item.unit}，本月已经换够了。")


def find_voucher(code: str) -> Voucher:
    """The voucher with this scanned or typed code, whatever its state.

    :raises NotFound: if there is none.
    """
    print_ = signing.fingerprint(normalise_code(code))
    voucher = db.session.scalars(select(Voucher).where(Voucher.code_print == print_)).one_or_none()
    if voucher is None:
        raise NotFound("没有这张积分券，请核对券码。", field="code")
    return voucher


def hand_over(*, actor: Actor, voucher_id: int, now: datetime) -> Voucher:
    """The thing is given out: the voucher is used and the held points are spent, in one step.

    :raises NotAllowed: if the voucher is of another community.
    :raises AlreadyUsed: if it was handed over, cancelled or expired before.
    :raises Gone: if its last day is over.
    """
    known = _voucher(voucher_id)
    actor.must("vouchers.hand_over", db.session.get_one(Area, known.community_id).path)
    if known.state == "issued" and known.expires_at <= now:
        raise Gone("这张积分券已过期，积分会自动退回，可以重新兑换。")
    voucher = _end(voucher_id, "handed_over", actor.label, "", now)
    hold = hold_of_cause(Cause("voucher", voucher.id))
    if hold is None:
        raise Conflict("这张积分券没有占用积分，请联系管理员核对。")
    ledger.spend(
        hold_id=hold.id,
        cause=Cause("voucher", voucher.id),
        title=f"兑换 {voucher.title}"[:80],
        note=f"券 {voucher.number}",
        actor=actor,
        now=now,
    )
    _log(actor, "voucher:handed-over", voucher, now, number=voucher.number)
    return voucher


def cancel(*, actor: Actor, voucher_id: int, reason: str, now: datetime) -> Voucher:
    """Before it is fetched: the points are free again and the thing is back on the shelf.

    :raises AlreadyUsed: if it was handed over, cancelled or expired before.
    """
    voucher = _give_back(voucher_id, "cancelled", actor, reason, now)
    _log(actor, "voucher:cancelled", voucher, now, reason=reason)
    return voucher


def expire_due(now: datetime) -> int:
    """Every voucher whose last day is over gives its points and things back. Returns how many did."""
    due = select(Voucher.id).where(Voucher.state == "issued", Voucher.expires_at <= now)
    ids = db.session.scalars(due.order_by(Voucher.id).limit(BATCH)).all()
    return sum(_expire(voucher_id, now) for voucher_id in ids)


def expire_of_household(*, household_id: int, now: datetime) -> int:
    """The same for one household, when it comes to look: it never sees points held by a dead voucher."""
    due = select(Voucher.id).where(
        Voucher.household_id == household_id, Voucher.state == "issued", Voucher.expires_at <= now
    )
    return sum(_expire(voucher_id, now) for voucher_id in db.session.scalars(due.order_by(Voucher.id)).all())


def _expire(voucher_id: int, now: datetime) -> bool:
    try:
        _give_back(voucher_id, "expired", SYSTEM, "到期未领，自动退回", now)
    except AlreadyUsed:  # it was fetched or cancelled at the same moment
        return False
    return True


def _give_back(voucher_id: int, state: str, actor: Actor, reason: str, now: datetime) -> Voucher:
    voucher = _end(voucher_id, state, actor.label, reason, now)
    returned = (
        update(Item)
        .where(Item.id == voucher.item_id)
        .values(left=Item.left + voucher.quantity)
        .returning(Item)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    item = db.session.scalars(returned).one()
    move(item, "returned", voucher.quantity, actor=actor, now=now, note=reason, voucher_id=voucher.id)
    hold = hold_of_cause(Cause("voucher", voucher.id))
    if hold is not None:
        ledger.release(hold_id=hold.id, now=now)
    return voucher


def _voucher(voucher_id: int) -> Voucher:
    voucher = db.session.get(Voucher, voucher_id)
    if voucher is None:
        raise NotFound("没有这张积分券，请核对券码。")
    return voucher


def _end(voucher_id: int, state: str, label: str, note: str, now: datetime) -> Voucher:
    """Move an issued voucher to its end, once; whoever comes second is refused."""
    values: dict[str, Any] = {"state": state, "ended_at": now, "ended_by": label, "end_note": note}
    ended = (
        update(Voucher)
        .where(Voucher.id == voucher_id, Voucher.state == "issued")
        .values(**values)
        .returning(Voucher)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    voucher = db.session.scalars(ended).one_or_none()
    if voucher is not None:
        return voucher
    known = _voucher(voucher_id)
    db.session.refresh(known)
    words = {"handed_over": "已经领取过了", "cancelled": "已经取消了", "expired": "已经过期，积分已退回"}
    raise AlreadyUsed(f"这张积分券{words.get(known.state, '正在处理')}，不能再用。")
