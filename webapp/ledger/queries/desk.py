"""What the desk lists: accounts by their holders, one account's lines, and the months' totals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, select
from sqlalchemy.orm import joinedload

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.core.text import mask_name, normalise
from webapp.extensions import db
from webapp.ledger.book import AccountState, Cause
from webapp.ledger.models import Account, Hold, MonthTotal
from webapp.ledger.queries.book import account_state
from webapp.places.models import Area, Holder
from webapp.places.queries import matching, within
from webapp.schemes.models import Category, Scheme

#: Holders whose name is a person's, shown masked.
PEOPLE = ("household", "person")
AT_ONCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What the list of accounts was narrowed to. ``area`` is a path; ``state`` is empty, ``locked``, ``held``, ``below``."""

    text: str = ""
    area: str = ""
    scheme_id: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose account it is. ``name`` is masked if it is a person's."""

    id: int
    kind: str
    number: str
    name: str
    area: Area


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """A row of the list."""

    id: int
    owner: Owner
    scheme: str
    balance: Points
    held: Points
    locked: bool
    year: int
    earned: Points
    deducted: Points
    spent: Points
    entries: int

    @property
    def available(self) -> Points:
        return max(self.balance - self.held, Points(0))


def owner_of(holder: Holder) -> Owner:
    name = mask_name(holder.name) if holder.kind in PEOPLE else holder.name
    return Owner(holder.id, holder.kind, holder.number, name, holder.area)


def accounts_statement(scope: Sequence[str], wanted: AccountFilter) -> Select[Any]:
    """Accounts of holders in the scope, as rows for ``as_listed``, in the order of scheme and number."""
    statement = (
        select(Account, Holder, Scheme.name)
        .join(Holder, Holder.id == Account.holder_id)
        .join(Scheme, Scheme.id == Account.scheme_id)
        .join(Area, Area.id == Holder.area_id)
        .where(within(scope))
        .options(joinedload(Holder.area).joinedload(Area.parent))
        .order_by(Account.scheme_id, Holder.number, Account.id)
    )
    if wanted.area:
        statement = statement.where(within((wanted.area,)))
    if normalise(wanted.text):
        statement = statement.where(matching(Holder, wanted.text))
    if wanted.scheme_id is not None:
        statement = statement.where(Account.scheme_id == wanted.scheme_id)
    states = {"locked": Account.locks > 0, "held": Account.held > 0, "below": Account.balance < 0}
    return statement.where(states[wanted.state]) if wanted.state in states else statement


def as_listed(row: Row[Any]) -> ListedAccount:
    account, holder, scheme = row
    return ListedAccount(
        id=account.id,
        owner=owner_of(holder),
        scheme=scheme,
        balance=Points(account.balance),
        held=Points(account.held),
        locked=account.locks > 0,
        year=account.year,
        earned=Points(account.earned),
        deducted=Points(account.deducted),
        spent=Points(account.spent),
        entries=account.entries,
    )


def schemes_listed(scope: Sequence[str]) -> list[tuple[int, str]]:
    """(id, name) of the schemes in which holders of the scope have accounts; those of several areas say which."""
    used = (
        select(Account.scheme_id)
        .join(Holder.__table__, Holder.__table__.c.id == Account.holder_id)
        .join(Area, Area.id == Holder.__table__.c.area_id)
        .where(within(scope))
    )
    statement = select(Scheme.id, Scheme.name, Area.name).join(Area, Area.id == Scheme.area_id)
    rows = db.session.execute(statement.where(Scheme.id.in_(used)).order_by(Scheme.id)).all()
    several = len({row[2] for row in rows}) > 1
    return [(row[0], f"{row[1]}（{row[2]}）" if several else row[1]) for row in rows]


def account_in_scope(account_id: int, scope: Sequence[str]) -> tuple[AccountState, Owner, Scheme]:
    """:raises NotFound: if there is none, or its holder lies outside the scope."""
    row = db.session.execute(
        select(Holder, Scheme)
        .select_from(Account)
        .join(Holder, Holder.id == Account.holder_id)
        .join(Scheme, Scheme.id == Account.scheme_id)
        .join(Area, Area.id == Holder.area_id)
        .where(Account.id == account_id, within(scope))
        .options(joinedload(Holder.area).joinedload(Area.parent))
    ).one_or_none()
    if row is None:
        raise NotFound("没有这个积分账户，或它不在您负责的范围内。请从列表里重新查找。")
    return account_state(account_id), owner_of(row[0]), row[1]


def months_of(account_id: int, now: datetime) -> list[int]:
    """The months (202611) from an account's opening until now, newest first."""
    opened = db.session.scalar(select(Account.opened_at).where(Account.id == account_id))
    last, months = clock.month_of(now), []
    month = last
    first = min(clock.month_of(opened), last) if opened else last
    while month >= first:
        months.append(month)
        month = clock.previous_month(month)
    return months


def category_names(scheme_id: int) -> dict[int, str]:
    """A scheme's categories by id; what has none is 0."""
    rows = db.session.execute(select(Category.id, Category.name).where(Category.scheme_id == scheme_id))
    return {0: "", **{row[0]: row[1] for row in rows}}


# Months ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CategoryTotal:
    """What one category came to. ``name`` is empty for what has no category: roll-ups, base points, what was spent."""

    name: str
    earned: Points
    deducted: Points
    spent: Points
    entries: int


@dataclass(frozen=True, slots=True)
class SchemeTotal:
    """A scheme's month in one community: its categories, and their sum."""

    scheme: str
    categories: tuple[CategoryTotal, ...]

    @property
    def total(self) -> CategoryTotal:
        rows = self.categories
        return CategoryTotal(
            "合计",
            Points(sum(row.earned.tenths for row in rows)),
            Points(sum(row.deducted.tenths for row in rows)),
            Points(sum(row.spent.tenths for row in rows)),
            sum(row.entries for row in rows),
        )


def month_totals(community_id: int, month: int) -> Sequence[Row[Any]]:
    """(scheme_id, category_id, earned, deducted, spent, entries) of a month, in tenths."""
    total = MonthTotal
    statement = (
        select(total.scheme_id, total.category_id, total.earned, total.deducted, total.spent, total.entries)
        .where(total.community_id == community_id, total.month == month)
        .order_by(total.scheme_id, total.category_id)
    )
    return db.session.execute(statement).all()


def scheme_totals(community_id: int, month: int) -> list[SchemeTotal]:
    """A community's month by scheme and category, in the schemes' own order; never reads the entries."""
    found: dict[int, list[CategoryTotal]] = {}
    categories, schemes = _names(community_id, month)
    for scheme_id, category_id, earned, deducted, spent, entries in month_totals(community_id, month):
        name = categories.get(category_id, (0, ""))[1]
        total = CategoryTotal(name, Points(earned), Points(deducted), Points(spent), entries)
        found.setdefault(scheme_id, []).append(total)
    order = {name: position for position, name in categories.values()}
    return [
        SchemeTotal(schemes[scheme_id], tuple(sorted(rows, key=lambda row: order.get(row.name, 1_000_000))))
        for scheme_id, rows in found.items()
    ]


def _names(community_id: int, month: int) -> tuple[dict[int, tuple[int, str]], dict[int, str]]:
    """Position and name of categories, names of schemes, that a month has totals of."""
    here = (MonthTotal.community_id == community_id) & (MonthTotal.month == month)
    schemes = select(Scheme.id, Scheme.name).where(Scheme.id.in_(select(MonthTotal.scheme_id).where(here)))
    categories = select(Category.id, Category.position, Category.name).where(
        Category.id.in_(select(MonthTotal.category_id).where(here))
    )
    rows = db.session.execute(categories).all()
    return {row[0]: (row[1], row[2]) for row in rows}, {row[0]: row[1] for row in db.session.execute(schemes)}


def months_with_totals(community_id: int) -> list[int]:
    """The months (202611) in which something was posted in a community, newest first."""
    statement = select(MonthTotal.month).where(MonthTotal.community_id == community_id).distinct()
    return sorted(db.session.scalars(statement), reverse=True)


def with_account(moved: ColumnElement[bool]) -> tuple[str, str] | None:
    """One of the holders a condition picks that has an account: (kind, number). Its chain begins with its community."""
    statement = select(Holder.kind, Holder.number).join(Account, Account.holder_id == Holder.id).where(moved).limit(1)
    found = db.session.execute(statement).first()
    return (found.kind, found.number) if found else None


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


class Veto(NamedTuple):
    """Whose account was locked, and by what."""

    holder_id: int
    cause: Cause


def vetoes_between(community_id: int, start: datetime, end: datetime) -> list[Veto]:
    """Locks (一票否决) of a community's accounts that hold now, or did so between two moments; not one that was let go at
    once, since that was a slip of the finger."""
    statement = (
        select(Account.holder_id, Hold.cause_kind, Hold.cause_id, Hold.created_at, Hold.ended_at)
        .join(Hold, Hold.account_id == Account.id)
        .where(
            Account.community_id == community_id,
            Hold.kind == "lock",
            (Hold.state == "active") | ((Hold.created_at < end) & (Hold.ended_at >= start)),
        )
    )
    rows = db.session.execute(statement)
    return [
        Veto(holder_id, Cause(kind, ident))
        for holder_id, kind, ident, begun, ended in rows
        if ended is None or ended - begun > AT_ONCE
    ]
