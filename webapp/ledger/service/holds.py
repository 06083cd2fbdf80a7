"""Points set aside for something (a voucher, an objection) and accounts stopped from spending (a lock)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Update, bindparam, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, InsufficientPoints, NotFound, OnHold
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.ledger import chain
from webapp.ledger.book import Cause, EntryLine, HoldLine
from webapp.ledger.models import Account, Hold
from webapp.ledger.queries import account_state, as_hold
from webapp.ledger.service.writing import Posting, breaks, write
from webapp.prepared import table_of

LONGEST_REASON = 200
_account, _hold = Account.__table__.c, Hold.__table__.c


def _change_account(**values: Any) -> Update:
    return update(table_of(Account)).where(_account.id == bindparam("p_id")).values(**values)


_SET_ASIDE = _change_account(held=_account.held + bindparam("p_amount"), holds=_account.holds + 1).where(
    _account.locks == 0, _account.balance - _account.held >= bindparam("p_amount")
)
#: The same for an objection: a lock does not matter, nothing is spent by it.
_KEEP_BACK = _change_account(held=_account.held + bindparam("p_amount"), holds=_account.holds + 1)
_LEFT = select(_account.balance - _account.held).where(_account.id == bindparam("p_id")).with_for_update()
_LOCK = _change_account(locks=_account.locks + 1, holds=_account.holds + 1)
_LET_GO = _change_account(held=_account.held - bindparam("p_amount"))
_UNLOCK = _change_account(locks=_account.locks - 1)
_INSERT = insert(table_of(Hold))
_ACTIVE = select(Hold.__table__).where(_hold.id == bindparam("hold"), _hold.state == "active").with_for_update()
_END = (
    update(table_of(Hold))
    .where(_hold.id == bindparam("p_id"), _hold.state == "active")
    .values(state=bindparam("p_state"), ended_at=bindparam("p_ended_at"), end_hash=bindparam("p_end_hash"))
)
#: The key is taken before the row is written, because the row's hash is over it.
_NEXT_ID = {
    "postgresql": text("SELECT nextval(pg_get_serial_sequence('hold', 'id'))"),
    "sqlite": text("SELECT coalesce(max(id), 0) + 1 FROM hold"),
}


def hold(*, account_id: int, amount: Points, cause: Cause, reason: str, now: datetime) -> HoldLine:
    """Set points aside: they stay in the balance but can't be spent twice.

    :raises OnHold: if the account is locked.
    :raises InsufficientPoints: if fewer points are available.
    :raises AlreadyUsed: if this cause has set points aside before.
    """
    if amount <= ZERO:
        raise ValueError("a hold sets points aside")
    if _changed(_SET_ASIDE, account_id, p_amount=amount.tenths):
        return _insert(account_id, "redemption", amount, cause, reason, now)
    state = account_state(account_id)
    if state.locked:
        raise OnHold("这个账户暂时不能花积分，请到服务台问明原因。")
    raise InsufficientPoints(f"积分不够：可以用的还有 {state.available} 分，需要 {amount} 分。")


def keep_back(*, account_id: int, most: Points, cause: Cause, reason: str, now: datetime) -> HoldLine | None:
    """Set aside as many points of a line that is objected to as are still there, ``most`` at most; a locked account's
    too. None if nothing is left: what is spent is spent, and a balance never goes below zero by this.

    :raises AlreadyUsed: if this cause has set points aside before.
    """
    left = db.session.connection().execute(_LEFT, {"p_id": account_id}).scalar_one()
    amount = Points(min(most.tenths, left))
    if amount <= ZERO:
        return None
    _changed(_KEEP_BACK, account_id, p_amount=amount.tenths)
    return _insert(account_id, "objection", amount, cause, reason, now)


def lock(*, account_id: int, cause: Cause, reason: str, now: datetime) -> HoldLine:
    """Stop an account from spending (一票否决) until ``release``; points may still be earned and deducted.

    :raises AlreadyUsed: if this cause has locked before.
    :raises NotFound: if there is no such account.
    """
    if not _changed(_LOCK, account_id):
        raise NotFound("没有找到这个积分账户。")
    return _insert(account_id, "lock", ZERO, cause, reason, now)


def release(*, hold_id: int, now: datetime) -> HoldLine:
    """Let held points or a lock go.

    :raises AlreadyUsed: if it was spent or released before.
    """
    line = _end(hold_id, "released", now)
    if line.kind == "lock":
        _changed(_UNLOCK, line.account_id)
    else:
        _changed(_LET_GO, line.account_id, p_amount=line.amount.tenths)
    return line


def spend(*, hold_id: int, cause: Cause, title: str, note: str, actor: Actor, now: datetime) -> EntryLine:
    """Turn held points into spent ones: one entry, and the hold ends in the same transaction.

    :raises AlreadyUsed: if the hold was spent or released before.
    """
    line = _end(hold_id, "spent", now)
    if line.kind == "lock":
        raise ValueError("a lock holds no points to spend")
    posting = Posting(
        amount=-line.amount,
        kind="spend",
        cause=cause,
        title=title,
        note=note,
        happened_on=clock.local_date(now),
        frees=line.amount,
    )
    return write(line.account_id, posting, actor, now)


def _changed(statement: Update, account_id: int, **values: int) -> bool:
    return db.session.connection().execute(statement, {"p_id": account_id, **values}).rowcount == 1


def _insert(account_id: int, kind: str, amount: Points, cause: Cause, reason: str, now: datetime) -> HoldLine:
    connection = db.session.connection()
    values: dict[str, Any] = {
        "id": int(connection.execute(_NEXT_ID[connection.dialect.name]).scalar_one()),
        "account_id": account_id,
        "kind": kind,
        "amount": amount.tenths,
        "cause_kind": cause.kind,
        "cause_id": cause.id,
        "reason": reason[:LONGEST_REASON],
        "created_at": now,
        "state": "active",
        "ended_at": None,
        "end_hash": None,
    }
    hashed = values | {"created_at": chain.moment_text(now)}
    values["hash"] = chain.hold_hash([hashed[name] for name in chain.HOLD_FIELDS])
    try:
        connection.execute(_INSERT, values)
    except IntegrityError as error:
        if breaks(error, "uq_hold_cause", "hold.cause_kind"):
            raise AlreadyUsed("这一笔已经占用过积分，不会重复占用。") from error
        raise
    return as_hold(values)


def _end(hold_id: int, state: str, now: datetime) -> HoldLine:
    """Whoever ends a hold first has ended it."""
    connection = db.session.connection()
    row = connection.execute(_ACTIVE, {"hold": hold_id}).mappings().one_or_none()
    if row is None:
        raise AlreadyUsed("这一笔占用的积分已经处理过了。")
    ended = chain.end_hash(row["hash"], state, chain.moment_text(now))
    connection.execute(_END, {"p_id": hold_id, "p_state": state, "p_ended_at": now, "p_end_hash": ended})
    return as_hold({**row, "state": state, "ended_at": now})
