"""Reads of the book. No page sums entries: balances, year and month figures stand in the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, Row, Select, bindparam, func, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import ROLL_UP, AccountState, Cause, EntryLine, HoldLine, Standing
from webapp.ledger.models import Account, Entry, Hold, MonthTotal
from webapp.places.models import Area, Holder, Household
from webapp.places.queries import within

_a = Account.__table__.c
_STATE_COLUMNS = (
    _a.id,
    _a.holder_id,
    _a.scheme_id,
    _a.community_id,
    _a.balance,
    _a.held,
    _a.locks,
    _a.year,
    _a.earned,
    _a.deducted,
    _a.spent,
    _a.month,
    _a.merit,
    _a.entries,
    _a.head,
)
_BY_HOLDER = select(*_STATE_COLUMNS).where(_a.holder_id == bindparam("holder"), _a.scheme_id == bindparam("scheme"))
_BY_ID = select(*_STATE_COLUMNS).where(_a.id == bindparam("account"))
_OF_HOLDER = select(*_STATE_COLUMNS).where(_a.holder_id == bindparam("holder")).order_by(_a.scheme_id)
_e = Entry.__table__.c
_LAST_ENTRIES = (
    select(Entry.__table__)
    .where(_e.account_id == bindparam("account"), _e.seq <= bindparam("upto"))
    .order_by(_e.seq.desc())
    .limit(bindparam("count"))
)
_ONE_ENTRY = select(Entry.__table__).where(_e.account_id == bindparam("account"), _e.seq == bindparam("seq"))
_BY_CAUSE = select(Entry.__table__).where(
    _e.cause_kind == bindparam("kind"), _e.cause_id == bindparam("cause"), _e.account_id == bindparam("account")
)
_ROLLED_UP = select(Entry.__table__).where(
    _e.cause_kind == bindparam("kind"), _e.cause_id == bindparam("cause"), _e.kind == "roll_up"
)
_REVERSED_BY = select(Entry.__table__).where(
    _e.account_id == bindparam("account"), _e.reverses == bindparam("seq"), _e.reverses.is_not(None)
)
_BETWEEN = (
    select(Entry.__table__)
    .where(
        _e.account_id == bindparam("account"),
        _e.posted_at >= bindparam("start", type_=_e.posted_at.type),
        _e.posted_at < bindparam("end", type_=_e.posted_at.type),
    )
    .order_by(_e.seq.desc())
)
_h = Hold.__table__.c
_ACTIVE_HOLDS = (
    select(Hold.__table__).where(_h.account_id == bindparam("account"), _h.state == "active").order_by(_h.id)
)
_HOLD_BY_CAUSE = select(Hold.__table__).where(_h.cause_kind == bindparam("kind"), _h.cause_id == bindparam("cause"))
LAST = 2**31 - 1


def _run(statement: Select[Any], **values: object) -> CursorResult[Any]:
    """On the connection: these are columns, not objects, and this is the shorter way."""
    return db.session.connection().execute(statement, values)


def _state(row: Row[Any]) -> AccountState:
    (ident, holder, scheme, community, balance, held, locks, year, earned, deducted, spent, month, merit, n, head) = row
    return AccountState(
        id=ident,
        holder_id=holder,
        scheme_id=scheme,
        community_id=community,
        balance=Points(balance),
        held=Points(held),
        locks=locks,
        year=year,
        earned=Points(earned),
        deducted=Points(deducted),
        spent=Points(spent),
        month=month,
        merit=Points(merit),
        entries=n,
        head=head,
    )


def as_entry(row: Mapping[Any, Any]) -> EntryLine:
    return EntryLine(
        account_id=row["account_id"],
        seq=row["seq"],
        amount=Points(row["amount"]),
        balance_after=Points(row["balance_after"]),
        kind=row["kind"],
        cause=Cause(row["cause_kind"], row["cause_id"]),
        category_id=row["category_id"],
        title=row["title"],
        note=row["note"],
        actor_id=row["actor_id"],
        actor_label=row["actor_label"],
        happened_on=row["happened_on"],
        posted_at=row["posted_at"],
        reverses=row["reverses"],
        hash=row["hash"],
    )


def as_hold(row: Mapping[Any, Any]) -> HoldLine:
    return HoldLine(
        id=row["id"],
        account_id=row["account_id"],
        kind=row["kind"],
        amount=Points(row["amount"]),
        cause=Cause(row["cause_kind"], row["cause_id"]),
        reason=row["reason"],
        state=row["state"],
        created_at=row["created_at"],
        ended_at=row["ended_at"],
    )


def find_account(holder_id: int, scheme_id: int) -> AccountState | None:
    row = _run(_BY_HOLDER, holder=holder_id, scheme=scheme_id).one_or_none()
    return _state(row) if row else None


def account_state(account_id: int) -> AccountState:
    """:raises NotFound: if there is no such account."""
    row = _run(_BY_ID, account=account_id).one_or_none()
    if row is None:
        raise NotFound("没有找到这个积分账户。")
    return _state(row)


def accounts_of(holder_id: int) -> list[AccountState]:
    """All accounts of a holder, one per scheme."""
    return [_state(row) for row in _run(_OF_HOLDER, holder=holder_id)]


def last_entries(account_id: int, count: int, *, upto: int = LAST) -> list[EntryLine]:
    """The newest ``count`` lines, newest first, from number ``upto`` down."""
    rows = _run(_LAST_ENTRIES, account=account_id, upto=upto, count=count)
    return [as_entry(row) for row in rows.mappings()]


def entry(account_id: int, seq: int) -> EntryLine:
    """:raises NotFound: if there is no such line."""
    row = _run(_ONE_ENTRY, account=account_id, seq=seq).mappings().one_or_none()
    if row is None:
        raise NotFound("没有找到这一笔积分。")
    return as_entry(row)


def entry_of_cause(cause: Cause, account_id: int) -> EntryLine | None:
    params = {"kind": cause.kind, "cause": cause.id, "account": account_id}
    row = db.session.execute(_BY_CAUSE, params).mappings().one_or_none()
    return as_entry(row) if row else None


def reversal_of(account_id: int, seq: int) -> EntryLine | None:
    """The line that took this line back, if one did."""
    statement = select(Entry.__table__).where(_e.account_id == account_id, _e.reverses == seq)
    row = db.session.execute(statement).mappings().one_or_none()
    return as_entry(row) if row else None


def rolled_up(line: EntryLine) -> EntryLine | None:
    """The courtyard's entry that came of a household's."""
    row = _run(_ROLLED_UP, kind=ROLL_UP + line.cause.kind, cause=line.cause.id).mappings().one_or_none()
    return as_entry(row) if row else None


def reversed_by(line: EntryLine) -> EntryLine | None:
    """The later entry that took this one back."""
    row = _run(_REVERSED_BY, account=line.account_id, seq=line.seq).mappings().one_or_none()
    return as_entry(row) if row else None


def entries_between(account_id: int, start: datetime, end: datetime) -> list[EntryLine]:
    """An account's lines posted from ``start`` until before ``end`` (UTC), newest first."""
    return [as_entry(row) for row in _run(_BETWEEN, account=account_id, start=start, end=end).mappings()]


def entries_statement(account_id: int, *, month: int | None = None) -> Select[Any]:
    """Lines of one account, newest first, for paging or export; ``month`` (202611) narrows them."""
    statement = select(Entry).where(Entry.account_id == account_id).order_by(Entry.seq.desc())
    if month is None:
        return statement
    start, end = clock.month_bounds(month)
    return statement.where(Entry.posted_at >= start, Entry.posted_at < end)


def active_holds(account_id: int) -> list[HoldLine]:
    return [as_hold(row) for row in _run(_ACTIVE_HOLDS, account=account_id).mappings()]


def hold_of_cause(cause: Cause) -> HoldLine | None:
    row = _run(_HOLD_BY_CAUSE, kind=cause.kind, cause=cause.id).mappings().one_or_none()
    return as_hold(row) if row else None


def ranking(scheme_id: int, *, area_path: str, year: int, month: int | None = None, limit: int = 50) -> list[Standing]:
    """Holders below an area by what they earned less what was deducted, in ``year`` or in ``month`` (202611).

    What is spent does not count. Ties share a place and are listed by number.
    """
    points: ColumnElement[int] = Account.earned - Account.deducted if month is None else _a.merit
    period = Account.year == year if month is None else Account.month == month
    place = func.rank().over(order_by=points.desc())
    statement = (
        select(place, Holder.id, Holder.number, Holder.name, points)
        .join(Holder, Holder.id == Account.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .where(Account.scheme_id == scheme_id, period, Holder.active, within((area_path,)))
        .order_by(points.desc(), Holder.number)
        .limit(limit)
    )
    return [Standing(row[0], row[1], row[2], row[3], Points(row[4])) for row in db.session.execute(statement)]


def place_of(account: AccountState, *, year: int) -> int | None:
    """The account's place by the year's points among its scheme's accounts in its community; None without points."""
    if account.year != year:
        return None
    ahead = (
        select(func.count())
        .select_from(Account)
        .join(Holder, Holder.id == Account.holder_id)
        .where(
            Account.scheme_id == account.scheme_id,
            Account.community_id == account.community_id,
            Account.year == year,
            Holder.active,
            Account.earned - Account.deducted > (account.earned - account.deducted).tenths,
        )
    )
    return int(db.session.scalar(ahead) or 0) + 1


_mine = Account.__table__.alias()
_home, _holder = Household.__table__.c, Holder.__table__.c
_PLACE_IN_COURTYARD = (
    select(func.count())
    .select_from(_mine)
    .join(Household.__table__, _home.courtyard_id == bindparam("courtyard"))
    .join(Holder.__table__, (_holder.id == _home.id) & _holder.active)
    .join(Account.__table__, (_a.holder_id == _home.id) & (_a.scheme_id == _mine.c.scheme_id))
    .where(
        _mine.c.id == bindparam("account"),
        _a.year == bindparam("year"),
        _a.earned - _a.deducted > _mine.c.earned - _mine.c.deducted,
    )
)


def place_in_courtyard(account: AccountState, courtyard_id: int, *, year: int) -> int | None:
    """A household's place by the year's points among the households of its courtyard; None without points this year."""
    if account.year != year:
        return None
    return int(_run(_PLACE_IN_COURTYARD, account=account.id, courtyard=courtyard_id, year=year).scalar() or 0) + 1


def month_totals(community_id: int, month: int) -> Sequence[Row[Any]]:
    """(scheme_id, category_id, earned, deducted, spent, entries) of a month, in tenths."""
    total = MonthTotal
    statement = (
        select(total.scheme_id, total.category_id, total.earned, total.deducted, total.spent, total.entries)
        .where(total.community_id == community_id, total.month == month)
        .order_by(total.scheme_id, total.category_id)
    )
    return db.session.execute(statement).all()


def locked_accounts(scope: Sequence[str]) -> int:
    """How many accounts of holders within areas may not spend now (一票否决, 异议)."""
    statement = (
        select(func.count())
        .select_from(Account)
        .join(Holder.__table__, Holder.__table__.c.id == Account.holder_id)
        .join(Area, Area.id == Holder.__table__.c.area_id)
        .where(Account.locks > 0, within(scope))
    )
    return int(db.session.scalar(statement) or 0)
