"""The only writers of the book. They flush, never commit; the caller's request is the transaction.

Each move of points is three statements: the account moves and answers where it stands, the entry is inserted with
its hash, and the account's head and the month's total follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, case, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import AlreadyUsed, Conflict, InsufficientPoints, NotFound, OnHold
from webapp.core.points import Points, show
from webapp.extensions import db
from webapp.ledger import chain
from webapp.ledger.book import AccountState, Cause, EntryKind, EntryLine, HoldLine
from webapp.ledger.models import Account, Entry, Hold, MonthTotal
from webapp.ledger.queries import account_state, as_entry, as_hold, find_account
from webapp.places.models import Holder, Household
from webapp.schemes.models import Scheme

NO_FLOOR = -(10**15)


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be written: ``amount`` with its sign, and everything the line will say for ever.

    ``category_id`` 0: none. ``guarded``: refuse what would take the available points below the scheme's floor.
    ``frees``: points that were held for this and are let go in the same statement. ``bucket``: which of the year's
    figures it changes (earned, deducted, spent) when that does not follow from kind and sign, as in a reversal.
    """

    amount: Points
    kind: EntryKind
    cause: Cause
    title: str
    happened_on: date
    category_id: int = 0
    note: str = ""
    reverses: int | None = None
    guarded: bool = True
    frees: Points = Points(0)
    bucket: str = ""


_account = Account.__table__.c
_same_year = _account.year == bindparam("p_year")
_same_month = _account.month == bindparam("p_month")

_MOVE = (
    update(Account)
    .where(_account.id == bindparam("p_id"))
    .where(_account.balance - _account.held + bindparam("p_frees") + bindparam("p_amount") >= bindparam("p_least"))
    .values(
        balance=_account.balance + bindparam("p_amount"),
        held=_account.held - bindparam("p_frees"),
        entries=_account.entries + 1,
        earned=case((_same_year, _account.earned), else_=0) + bindparam("p_earned"),
        deducted=case((_same_year, _account.deducted), else_=0) + bindparam("p_deducted"),
        spent=case((_same_year, _account.spent), else_=0) + bindparam("p_spent"),
        merit=case((_same_month, _account.merit), else_=0) + bindparam("p_merit"),
        year=bindparam("p_year"),
        month=bindparam("p_month"),
    )
    .returning(_account.balance, _account.entries, _account.head, _account.community_id, _account.scheme_id)
    .execution_options(synchronize_session=False)
)
_SET_HEAD = (
    update(Account)
    .where(_account.id == bindparam("p_id"))
    .values(head=bindparam("p_head"))
    .execution_options(synchronize_session=False)
)
_INSERT_ENTRY = insert(Entry.__table__)  # type: ignore[arg-type]  # a declarative table is a Table
_HOLD_POINTS = (
    update(Account)
    .where(_account.id == bindparam("p_id"))
    .where(_account.locks == 0)
    .where(_account.balance - _account.held >= bindparam("p_amount"))
    .values(held=_account.held + bindparam("p_amount"))
    .execution_options(synchronize_session=False)
)


def open_account(*, holder_id: int, scheme_id: int, now: datetime) -> AccountState:
    """The holder's account in the scheme; opened, with the scheme's base points, if there is none yet.

    :raises NotFound: if there is no such holder or scheme.
    :raises Conflict: if the scheme is not for this kind of holder.
    """
    found = find_account(holder_id, scheme_id)
    if found is not None:
        return found
    holder, scheme = db.session.get(Holder, holder_id), db.session.get(Scheme, scheme_id)
    if holder is None or scheme is None:
        raise NotFound("没有找到这个账户，请核对编号。")
    if holder.kind != scheme.holder_kind:
        raise Conflict(f"「{scheme.name}」不是给这类对象用的。")
    if not _insert_account(holder, scheme, now):
        return account_state_of(holder_id, scheme_id)
    state = account_state_of(holder_id, scheme_id)
    if scheme.base:
        base = Posting(
            amount=Points(scheme.base),
            kind="base",
            cause=Cause("base", state.id),
            title="基础分",
            happened_on=clock.local_date(now),
        )
        _write(state.id, base, SYSTEM, now, NO_FLOOR)
        return account_state_of(holder_id, scheme_id)
    return state


def account_state_of(holder_id: int, scheme_id: int) -> AccountState:
    """:raises NotFound: if the holder has no account in the scheme."""
    found = find_account(holder_id, scheme_id)
    if found is None:
        raise NotFound("还没有积分账户，记下第一笔积分后就会有。")
    return found


def _insert_account(holder: Holder, scheme: Scheme, now: datetime) -> bool:
    """Whether it was inserted; False if somebody else opened it at the same moment."""
    values = {
        "holder_id": holder.id,
        "scheme_id": scheme.id,
        "community_id": holder.community_id,
        "head": "",
        "opened_at": now,
    }
    make: Any = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
    statement = make(Account).values(values).on_conflict_do_nothing().returning(_account.id)
    account_id = db.session.execute(statement).scalar_one_or_none()
    if account_id is None:
        return False
    start = chain.genesis(account_id, holder.id, scheme.id, holder.community_id)
    db.session.execute(_SET_HEAD, {"p_id": account_id, "p_head": start})
    return True


def post(
    *, holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime, rolls_up: bool = True
) -> EntryLine:
    """Write one entry, and in the same transaction the roll-up to the courtyard if the scheme has one.

    Rule: the same cause can never post twice; a guarded deduction never goes below the scheme's floor
    (domain.md, section 4).

    :raises AlreadyUsed: if this cause has posted to this account before.
    :raises InsufficientPoints: if a guarded amount would go below the floor.
    """
    scheme = db.session.get_one(Scheme, scheme_id)
    account = open_account(holder_id=holder_id, scheme_id=scheme_id, now=now)
    least = scheme.floor if posting.guarded and posting.amount.tenths < 0 and scheme.floor is not None else NO_FLOOR
    line = _write(account.id, posting, actor, now, least)
    if rolls_up and scheme.rolls_up_to_id is not None:
        _roll_up(holder_id, scheme.rolls_up_to_id, posting, actor, now)
    return line


def _roll_up(holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime) -> EntryLine | None:
    """The courtyard gets what its household earned or lost; what is spent stays the household's own affair."""
    courtyard_id = db.session.scalar(select(Household.courtyard_id).where(Household.id == holder_id))
    if courtyard_id is None or posting.kind not in ("record", "reversal"):
        return None
    account = open_account(holder_id=courtyard_id, scheme_id=scheme_id, now=now)
    rolled = Posting(
        amount=posting.amount,
        kind="roll_up",
        cause=Cause(f"up:{posting.cause.kind}", posting.cause.id),
        title=posting.title,
        note="住户积分汇总到院落",
        happened_on=posting.happened_on,
        bucket=posting.bucket,
    )
    return _write(account.id, rolled, actor, now, NO_FLOOR)


def reverse(*, entry: EntryLine, cause: Cause, reason: str, actor: Actor, now: datetime) -> EntryLine:
    """冲正: a new entry that takes an entry back; the old one stays as it was. Its roll-up is taken back as well.

    A reversal is never refused for lack of points: it restores the truth, even below zero.

    :raises AlreadyUsed: if the entry was reversed before.
    """
    account = account_state(entry.account_id)
    posting = Posting(
        amount=-entry.amount,
        kind="reversal",
        cause=cause,
        title=f"冲正：{entry.title}"[:80],
        note=reason,
        category_id=entry.category_id,
        happened_on=clock.local_date(now),
        reverses=entry.seq,
        guarded=False,
        bucket=_bucket(entry.kind, entry.amount.tenths, ""),
    )
    return post(holder_id=account.holder_id, scheme_id=account.scheme_id, posting=posting, actor=actor, now=now)


def _bucket(kind: str, tenths: int, given: str) -> str:
    """Which of the year's figures an entry belongs to."""
    if given:
        return given
    if kind in ("spend", "lapse"):
        return "spent"
    return "earned" if tenths >= 0 else "deducted"


def _write(account_id: int, posting: Posting, actor: Actor, now: datetime, least: int) -> EntryLine:
    month, amount = clock.month_of(now), posting.amount.tenths
    bucket = _bucket(posting.kind, amount, posting.bucket)
    sizes = {"earned": 0, "deducted": 0, "spent": 0} | {bucket: amount if bucket == "earned" else -amount}
    moved = _move(account_id, posting, least, month, sizes)
    values = _entry_values(account_id, posting, actor, now, moved)
    try:
        db.session.execute(_INSERT_ENTRY, values)
    except IntegrityError as error:
        raise AlreadyUsed("这一笔已经记过账，不会重复记。") from error
    db.session.execute(_SET_HEAD, {"p_id": account_id, "p_head": values["hash"]})
    _add_to_month(moved, posting.category_id, month, sizes)
    return as_entry(values)


def _move(account_id: int, posting: Posting, least: int, month: int, sizes: dict[str, int]) -> RowMapping:
    """:raises InsufficientPoints: if the account would stand below ``least`` tenths."""
    moved = (
        db.session.execute(
            _MOVE,
            {
                "p_id": account_id,
                "p_amount": posting.amount.tenths,
                "p_frees": posting.frees.tenths,
                "p_least": least,
                "p_earned": sizes["earned"],
                "p_deducted": sizes["deducted"],
                "p_spent": sizes["spent"],
                "p_merit": sizes["earned"] - sizes["deducted"],
                "p_year": month // 100,
                "p_month": month,
            },
        )
        .mappings()
        .one_or_none()
    )
    if moved is None:
        state = account_state(account_id)
        left = show(max(state.balance.tenths - state.held.tenths - max(least, 0), 0))
        raise InsufficientPoints(f"积分不够：最多还能减 {left} 分。")
    return moved


def _entry_values(account_id: int, posting: Posting, actor: Actor, now: datetime, moved: RowMapping) -> dict[str, Any]:
    values: dict[str, Any] = {
        "account_id": account_id,
        "seq": moved["entries"],
        "amount": posting.amount.tenths,
        "balance_after": moved["balance"],
        "kind": posting.kind,
        "cause_kind": posting.cause.kind,
        "cause_id": posting.cause.id,
        "category_id": posting.category_id,
        "title": posting.title,
        "note": posting.note,
        "actor_id": actor.user_id or 0,
        "actor_label": actor.label,
        "happened_on": posting.happened_on,
        "posted_at": now,
        "reverses": posting.reverses,
    }
    hashed = values | {"happened_on": posting.happened_on.isoformat(), "posted_at": chain.moment_text(now)}
    values["hash"] = chain.entry_hash(moved["head"], [hashed[name] for name in chain.ENTRY_FIELDS])
    return values


def _month_upsert(dialect: str) -> Any:
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(MonthTotal)
    total = MonthTotal.__table__.c
    return statement.on_conflict_do_update(
        index_elements=["community_id", "month", "scheme_id", "category_id"],
        set_={name: total[name] + statement.excluded[name] for name in ("earned", "deducted", "spent", "entries")},
    )


_MONTH_UPSERT = {dialect: _month_upsert(dialect) for dialect in ("sqlite", "postgresql")}


def _add_to_month(moved: RowMapping, category_id: int, month: int, sizes: dict[str, int]) -> None:
    place = {"community_id": moved["community_id"], "scheme_id": moved["scheme_id"]}
    db.session.execute(
        _MONTH_UPSERT[db.engine.dialect.name],
        {**place, "month": month, "category_id": category_id, "entries": 1, **sizes},
    )


def hold(*, account_id: int, amount: Points, cause: Cause, reason: str, now: datetime) -> HoldLine:
    """Set points aside: they stay in the balance but can't be spent twice.

    :raises OnHold: if the account is locked.
    :raises InsufficientPoints: if fewer points are available.
    """
    moved = db.session.execute(_HOLD_POINTS, {"p_id": account_id, "p_amount": amount.tenths})
    if getattr(moved, "rowcount", 0) != 1:
        state = account_state(account_id)
        if state.locked:
            raise OnHold("这个账户暂时不能花积分，请到服务台问明原因。")
        raise InsufficientPoints(f"积分不够：可以用的还有 {state.available} 分，需要 {amount} 分。")
    return _insert_hold(account_id, "redemption", amount, cause, reason, now)


def lock(*, account_id: int, cause: Cause, reason: str, now: datetime) -> HoldLine:
    """Stop an account from spending (一票否决, 异议) until ``release``; points may still be earned and deducted."""
    statement = update(Account).where(_account.id == account_id).values(locks=_account.locks + 1)
    db.session.execute(statement.execution_options(synchronize_session=False))
    return _insert_hold(account_id, "lock", Points(0), cause, reason, now)


def _insert_hold(account_id: int, kind: str, amount: Points, cause: Cause, reason: str, now: datetime) -> HoldLine:
    row = Hold(
        account_id=account_id,
        kind=kind,
        amount=amount.tenths,
        cause_kind=cause.kind,
        cause_id=cause.id,
        reason=reason,
        state="active",
        created_at=now,
        hash=chain.hold_hash(account_id, kind, amount.tenths, cause.kind, cause.id, reason, now),
    )
    db.session.add(row)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise AlreadyUsed("这一笔已经占用过积分，不会重复占用。") from error
    return as_hold(row)


def release(*, hold_id: int, now: datetime) -> HoldLine:
    """Let held points or a lock go.

    :raises AlreadyUsed: if it was spent or released before.
    """
    line = _end_hold(hold_id, "released", now)
    change: dict[str, Any] = (
        {"locks": _account.locks - 1} if line.kind == "lock" else {"held": _account.held - line.amount.tenths}
    )
    statement = update(Account).where(_account.id == line.account_id).values(**change)
    db.session.execute(statement.execution_options(synchronize_session=False))
    return line


def spend(*, hold_id: int, cause: Cause, title: str, note: str, actor: Actor, now: datetime) -> EntryLine:
    """Turn held points into spent ones: one entry, and the hold ends in the same transaction.

    :raises AlreadyUsed: if the hold was spent or released before.
    """
    line = _end_hold(hold_id, "spent", now)
    posting = Posting(
        amount=-line.amount,
        kind="spend",
        cause=cause,
        title=title,
        note=note,
        happened_on=clock.local_date(now),
        frees=line.amount,
        guarded=False,
    )
    return _write(line.account_id, posting, actor, now, NO_FLOOR)


def _end_hold(hold_id: int, state: str, now: datetime) -> HoldLine:
    ended = (
        update(Hold)
        .where(Hold.id == hold_id, Hold.state == "active")
        .values(state=state, ended_at=now)
        .returning(Hold)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    row = db.session.scalars(ended).one_or_none()
    if row is None:
        raise AlreadyUsed("这一笔占用的积分已经处理过了。")
    return as_hold(row)
