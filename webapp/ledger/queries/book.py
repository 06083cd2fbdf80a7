"""Accounts, entries and holds: prepared statements, columns instead of objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import ROLL_UP, AccountState, Cause, EntryLine, HoldLine, RecentLine
from webapp.ledger.models import Account, Entry, Hold
from webapp.prepared import Prepared

_a = Account.__table__.c
STATE_COLUMNS = (
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
    _a.taken_back,
    _a.month,
    _a.merit,
    _a.entries,
    _a.head,
)
_BY_HOLDER = Prepared(
    select(*STATE_COLUMNS).where(_a.holder_id == bindparam("holder"), _a.scheme_id == bindparam("scheme"))
)
_BY_ID = Prepared(select(*STATE_COLUMNS).where(_a.id == bindparam("account")))
_OF_HOLDER = Prepared(select(*STATE_COLUMNS).where(_a.holder_id == bindparam("holder")).order_by(_a.scheme_id))
_e = Entry.__table__.c
_LAST_ENTRIES = Prepared(
    select(Entry.__table__)
    .where(_e.account_id == bindparam("account"), _e.seq <= bindparam("upto"))
    .order_by(_e.seq.desc())
    .limit(bindparam("count"))
)
_RECENT = Prepared(
    select(
        _e.seq,
        _e.amount,
        _e.kind,
        _e.cause_kind,
        _e.cause_id,
        _e.title,
        _e.note,
        _e.actor_label,
        _e.happened_on,
    )
    .where(_e.account_id == bindparam("account"))
    .order_by(_e.seq.desc())
    .limit(bindparam("count"))
)
_ONE_ENTRY = Prepared(select(Entry.__table__).where(_e.account_id == bindparam("account"), _e.seq == bindparam("seq")))
_BY_CAUSE = Prepared(
    select(Entry.__table__).where(
        _e.cause_kind == bindparam("kind"), _e.cause_id == bindparam("cause"), _e.account_id == bindparam("account")
    )
)
_ROLLED_UP = Prepared(
    select(Entry.__table__).where(
        _e.cause_kind == bindparam("kind"), _e.cause_id == bindparam("cause"), _e.kind == "roll_up"
    )
)
_ROLLED_FROM = Prepared(
    select(Entry.__table__).where(
        _e.cause_kind == bindparam("kind"),
        _e.cause_id == bindparam("cause"),
        _e.account_id != bindparam("account"),
        _e.kind.in_(("record", "reversal")),
    )
)
_REVERSED_BY = Prepared(
    select(Entry.__table__).where(
        _e.account_id == bindparam("account"), _e.reverses == bindparam("seq"), _e.reverses.is_not(None)
    )
)
_BETWEEN = Prepared(
    select(Entry.__table__)
    .where(
        _e.account_id == bindparam("account"),
        _e.posted_at >= bindparam("start", type_=_e.posted_at.type),
        _e.posted_at < bindparam("end", type_=_e.posted_at.type),
    )
    .order_by(_e.seq.desc())
)
_h = Hold.__table__.c
_ACTIVE_HOLDS = Prepared(
    select(Hold.__table__).where(_h.account_id == bindparam("account"), _h.state == "active").order_by(_h.id)
)
_HOLD_BY_CAUSE = Prepared(
    select(Hold.__table__).where(_h.cause_kind == bindparam("kind"), _h.cause_id == bindparam("cause"))
)
LAST = 2**31 - 1


def as_state(row: Sequence[Any]) -> AccountState:
    ident, holder, scheme, community, balance, held, locks, year, *figures = row
    earned, deducted, spent, taken_back, month, merit, entries, head = figures
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
        taken_back=Points(taken_back),
        month=month,
        merit=Points(merit),
        entries=entries,
        head=head,
    )


def as_entry(row: Mapping[str, Any]) -> EntryLine:
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


def as_hold(row: Mapping[str, Any]) -> HoldLine:
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
    row = _BY_HOLDER.first(holder=holder_id, scheme=scheme_id)
    return as_state(row) if row else None


def account_state(account_id: int) -> AccountState:
    """:raises NotFound: if there is no such account."""
    row = _BY_ID.first(account=account_id)
    if row is None:
        raise NotFound("没有找到这个积分账户。")
    return as_state(row)


def accounts_of(holder_id: int) -> list[AccountState]:
    """All accounts of a holder, one per scheme."""
    return [as_state(row) for row in _OF_HOLDER.all(holder=holder_id)]


def last_entries(account_id: int, count: int, *, upto: int = LAST) -> list[EntryLine]:
    """The newest ``count`` lines, newest first, from number ``upto`` down."""
    rows = _LAST_ENTRIES.all(account=account_id, upto=upto, count=count)
    return [as_entry(row._asdict()) for row in rows]


def recent_lines(account_id: int, count: int) -> list[RecentLine]:
    """The newest ``count`` lines, newest first: only what a list of them shows, for the page that is asked for most."""
    return [RecentLine(*row) for row in _RECENT.all(account=account_id, count=count)]


def entry(account_id: int, seq: int) -> EntryLine:
    """:raises NotFound: if there is no such line."""
    row = _ONE_ENTRY.first(account=account_id, seq=seq)
    if row is None:
        raise NotFound("没有找到这一笔积分。")
    return as_entry(row._asdict())


def entry_of_cause(cause: Cause, account_id: int) -> EntryLine | None:
    row = _BY_CAUSE.first(kind=cause.kind, cause=cause.id, account=account_id)
    return as_entry(row._asdict()) if row else None


def reversal_of(account_id: int, seq: int) -> EntryLine | None:
    """The line that took this line back, if one did."""
    row = _REVERSED_BY.first(account=account_id, seq=seq)
    return as_entry(row._asdict()) if row else None


def rolled_up(line: EntryLine) -> EntryLine | None:
    """The courtyard's entry that came of a household's."""
    row = _ROLLED_UP.first(kind=ROLL_UP + line.cause.kind, cause=line.cause.id)
    return as_entry(row._asdict()) if row else None


def rolled_from(line: EntryLine) -> EntryLine | None:
    """The household's entry that a courtyard's came of."""
    kind = line.cause.kind.removeprefix(ROLL_UP)
    if kind == line.cause.kind:
        return None
    row = _ROLLED_FROM.first(kind=kind, cause=line.cause.id, account=line.account_id)
    return as_entry(row._asdict()) if row else None


def reversed_by(line: EntryLine) -> EntryLine | None:
    """The later entry that took this one back."""
    return reversal_of(line.account_id, line.seq)


def entries_between(account_id: int, start: datetime, end: datetime) -> list[EntryLine]:
    """An account's lines posted from ``start`` until before ``end`` (UTC), newest first."""
    return [as_entry(row._asdict()) for row in _BETWEEN.all(account=account_id, start=start, end=end)]


def entries_statement(account_id: int, *, month: int | None = None) -> Select[Any]:
    """Lines of one account, newest first, for paging or export; ``month`` (202611) narrows them."""
    statement = select(Entry).where(Entry.account_id == account_id).order_by(Entry.seq.desc())
    if month is None:
        return statement
    start, end = clock.month_bounds(month)
    return statement.where(Entry.posted_at >= start, Entry.posted_at < end)


def count_entries(account_id: int, month: int) -> int:
    """How many lines were posted in ``month`` (202611)."""
    lines = entries_statement(account_id, month=month).with_only_columns(_e.seq).order_by(None).subquery()
    return int(db.session.scalar(select(func.count()).select_from(lines)) or 0)


def active_holds(account_id: int) -> list[HoldLine]:
    return [as_hold(row._asdict()) for row in _ACTIVE_HOLDS.all(account=account_id)]


def hold_of_cause(cause: Cause) -> HoldLine | None:
    row = _HOLD_BY_CAUSE.first(kind=cause.kind, cause=cause.id)
    return as_hold(row._asdict()) if row else None


def hashes_of_causes(kind: str, cause_ids: Sequence[int]) -> dict[int, str]:
    """The hash of the entry that each of some causes made in its own holder's account."""
    statement = select(Entry.cause_id, Entry.hash).where(Entry.cause_kind == kind, Entry.cause_id.in_(cause_ids))
    return {cause_id: kept for cause_id, kept in db.session.execute(statement)}


def heads_of(community_id: int) -> list[tuple[int, int, str]]:
    """(account, number of entries, head) of all accounts of a community, by the account's number."""
    statement = select(Account.id, Account.entries, Account.head).where(Account.community_id == community_id)
    return [(ident, entries, head) for ident, entries, head in db.session.execute(statement.order_by(Account.id))]
