"""Which day is coming on which points lapse, and who loses how much: no entry is added up but for a day that is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.ledger.book import AccountState
from webapp.ledger.lapsing import LapseWarning, above_floor
from webapp.ledger.models import Account, Entry, Lapse
from webapp.ledger.queries.book import STATE_COLUMNS, as_state
from webapp.ledger.queries.desk import Owner, owner_of
from webapp.places.models import Area, Holder
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.schemes.lapsing import coming_day, notice_begins
from webapp.schemes.models import Scheme
from webapp.schemes.queries import schemes_in

_l, _s = Lapse.__table__.c, Scheme.__table__.c
#: Of the day that comes, if one does: a scheme has one at a time.
DUE_COLUMNS = (_l.year, _l.due_on, _s.floor)
COMING = _l.done_at.is_(None)
_COMING = Prepared(
    select(*DUE_COLUMNS)
    .join(Scheme.__table__, _s.id == _l.scheme_id)
    .where(_l.scheme_id == bindparam("scheme"), COMING)
)
#: An account by its id and what comes to it: a higher feature may join columns of its own, and reads a row's first ones
#: with ``account_and_warning``.
ACCOUNT_WITH_DUE = (
    select(*STATE_COLUMNS, *DUE_COLUMNS)
    .outerjoin(Lapse.__table__, COMING & (_l.scheme_id == Account.__table__.c.scheme_id))
    .outerjoin(Scheme.__table__, _s.id == _l.scheme_id)
    .where(Account.__table__.c.id == bindparam("account"))
)
_EARNED = ("base", "record", "roll_up")


class Due(NamedTuple):
    """A scheme's coming day: ``last_day`` is the last on which the points can be used. All None: there is none."""

    year: int | None
    last_day: date | None
    floor: int | None


def warned(account: AccountState, due: Due, today: date) -> LapseWarning | None:
    """What the holder must be told now. None until the notice begins, when the day is over, and for who has nothing to
    lose."""
    if due.year is None or due.last_day is None or not notice_begins(due.last_day) <= today <= due.last_day:
        return None
    points = lapsing_now(account, due.year, due.floor)
    return LapseWarning(points, due.last_day, (due.last_day - today).days) if points.tenths else None


def account_and_warning(row: Sequence[Any], today: date) -> tuple[AccountState, LapseWarning | None]:
    """The first columns of a row of ``ACCOUNT_WITH_DUE``: an account, and what its holder must be told now."""
    width = len(STATE_COLUMNS)
    account = as_state(row[:width])
    return account, warned(account, Due._make(row[width : width + len(DUE_COLUMNS)]), today)


def warning_of(account: AccountState, today: date) -> LapseWarning | None:
    """``warned`` of one account."""
    row = _COMING.first(scheme=account.scheme_id) if account.available.tenths else None
    return warned(account, Due._make(row), today) if row else None


def _fresh_since(year: int, account_id: Any) -> Select[Any]:
    """What was earned since the first of a year and stands, added up."""
    start, _ = clock.month_bounds(year * 100 + 1)
    old = aliased(Entry)
    earned = and_(Entry.kind.in_(_EARNED), Entry.amount >= 0)
    undone = and_(Entry.kind == "reversal", old.kind.in_(_EARNED), old.amount >= 0, old.posted_at >= start)
    return (
        select(func.coalesce(func.sum(Entry.amount), 0))
        .outerjoin(old, (old.account_id == Entry.account_id) & (old.seq == Entry.reverses))
        .where(Entry.account_id == account_id, Entry.posted_at >= start, or_(earned, undone))
    )


def lapsing_now(account: AccountState, year: int, floor: int | None) -> Points:
    """What lapses of an account on the day that belongs to ``year``: nothing of a locked one, whose holder can't use it.
    Entries are added up only when the account has moved on into a later year, as it may have when the day is the last of
    a year and over."""
    if account.locked:
        return ZERO
    if account.year <= year:
        points = account.earned_before(year)
    else:
        fresh = int(db.session.scalar(_fresh_since(year, account.id)) or 0)
        points = max(account.balance - account.held - Points(fresh), ZERO)
    return above_floor(account, points, floor)


# The desk's lists -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LapseDay:
    """A scheme's day at the desk: one that comes (``done_at`` None), or one that is over."""

    scheme: Scheme
    year: int
    last_day: date
    begun_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def over(self) -> bool:
        """Whether what lapsed stands in the book, or is being written there."""
        return self.begun_at is not None


def lapse_days(scope: tuple[str, ...], today: date) -> list[LapseDay]:
    """The coming day of each scheme that has one, soonest first, then those that are over, newest first."""
    schemes = {one.id: one for one in schemes_in(scope)}
    kept = db.session.scalars(select(Lapse).where(Lapse.scheme_id.in_(schemes)).order_by(Lapse.due_on.desc())).all()
    rows = [LapseDay(schemes[row.scheme_id], row.year, row.due_on, row.begun_at, row.done_at) for row in kept]
    known = {row.scheme.id for row in rows if not row.over}
    planned = [_planned(one, today) for one in schemes.values() if one.lapse_month and one.active]
    coming = [row for row in rows if not row.over] + [one for one in planned if one.scheme.id not in known]
    return sorted(coming, key=lambda one: one.last_day) + [row for row in rows if row.over]


def _planned(scheme: Scheme, today: date) -> LapseDay:
    day = coming_day(scheme.lapse_month or 1, scheme.lapse_day or 1, today)
    return LapseDay(scheme, day.year, day)


def lapse_day(scheme_id: int, year: int, scope: tuple[str, ...], today: date) -> LapseDay:
    """:raises NotFound: if the scheme has no such day, or the actor does not see it."""
    found = next((one for one in lapse_days(scope, today) if (one.scheme.id, one.year) == (scheme_id, year)), None)
    if found is None:
        raise NotFound("没有这一次到期清零，请从列表里重新选择。")
    return found


def _will_lapse(year: int, floor: int | None) -> ColumnElement[Any]:
    """``lapsing_now`` in SQL; below zero where there is nothing to lose."""
    later = _fresh_since(year, Account.id).correlate(Account).scalar_subquery()
    fresh = case((Account.year == year, Account.earned + Account.taken_back), (Account.year > year, later), else_=0)
    old = Account.balance - Account.held - fresh
    above = Account.balance - Account.held - max(floor or 0, 0)
    return case((Account.locks > 0, 0), (old < above, old), else_=above)


def anybody_loses(scheme_id: int, year: int) -> bool:
    """Whether anybody would lose points of a scheme on its day of a year."""
    floor = db.session.scalar(select(Scheme.floor).where(Scheme.id == scheme_id))
    asked = select(Account.id).where(Account.scheme_id == scheme_id, _will_lapse(year, floor) > 0).limit(1)
    return db.session.scalar(asked) is not None


def losing(day: LapseDay, scope: Sequence[str]) -> Select[Any]:
    """(holder, points in tenths, account's id) of who loses, or lost, something on a day; the most first."""
    statement = (
        select(Holder, Account.id)
        .join(Account, Account.holder_id == Holder.id)
        .join(Area, Area.id == Holder.area_id)
        .where(Account.scheme_id == day.scheme.id, within(scope))
        .options(joinedload(Holder.area).joinedload(Area.parent))
    )
    if day.over:
        points: ColumnElement[Any] = -Entry.amount
        statement = statement.join(Entry, _lapsed(day.year))
    else:
        points = _will_lapse(day.year, day.scheme.floor)
        statement = statement.where(points > 0)
    return statement.add_columns(points.label("points")).order_by(points.desc(), Holder.number, Account.id)


def _lapsed(year: int) -> ColumnElement[bool]:
    return and_(
        Entry.cause_kind == "lapse", Entry.cause_id == year, Entry.account_id == Account.id, Entry.kind == "lapse"
    )


@dataclass(frozen=True, slots=True)
class Loser:
    """A row of the list."""

    owner: Owner
    account_id: int
    points: Points


def as_loser(row: Row[Any]) -> Loser:
    holder, account_id, points = row
    return Loser(owner_of(holder), account_id, Points(points))


def total_of(statement: Select[Any]) -> tuple[int, Points]:
    """How many lose something, and how much in all."""
    rows = statement.with_only_columns(statement.selected_columns.points, maintain_column_froms=True)
    rows = rows.options().order_by(None)
    inner = rows.subquery()
    count, total = db.session.execute(select(func.count(), func.coalesce(func.sum(inner.c.points), 0))).one()
    return count, Points(int(total))
