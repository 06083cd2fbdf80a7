"""One entry: the account moves, the entry is chained to the one before, the month's total grows. Nobody else writes them.

The statements are prepared: the ORM's way costs five times as much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed
from webapp.core.points import ZERO, Points
from webapp.ledger import chain
from webapp.ledger.book import Cause, EntryKind, EntryLine
from webapp.ledger.models import Account, Entry
from webapp.ledger.queries import as_entry
from webapp.ledger.replay import bucket_of
from webapp.places.models import Household
from webapp.prepared import Prepared, table_of
from webapp.schemes.models import Scheme

NO_FLOOR = -(10**15)
LONGEST_TITLE, LONGEST_NOTE = 80, 300
ALREADY_POSTED = "这一笔已经记过账，不会重复记。"


@dataclass(frozen=True, slots=True)
class Posting:
    """What is to be written: ``amount`` with its sign, and everything the line will say for ever.

    ``category_id`` 0: none. ``guarded``: refuse what would take the available points below the scheme's floor.
    ``frees``: points that were held for this and are let go in the same statement. ``bucket``: which of the year's
    figures it changes (earned, deducted, spent) when that does not follow from kind and sign, as in a reversal;
    ``undoes``: the kind of the entry that a reversal takes back; ``older``: it takes back an entry of an earlier year.

    :raises ValueError: for a title or note that the book can't hold.
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
    frees: Points = ZERO
    bucket: str = ""
    older: bool = False
    undoes: str = ""

    def __post_init__(self) -> None:
        if not 0 < len(self.title) <= LONGEST_TITLE or len(self.note) > LONGEST_NOTE:
            raise ValueError("an entry's title has 1 to 80 characters, its note at most 300")


@dataclass(frozen=True, slots=True)
class _Figures:
    """How an entry changes the year's figures, in tenths, and the month it counts for."""

    earned: int
    deducted: int
    spent: int
    taken_back: int
    month: int


_account, _scheme, _household = Account.__table__.c, Scheme.__table__.c, Household.__table__.c
_same_year = _account.year == bindparam("p_year")
_same_month = _account.month == bindparam("p_month")


def _move(*which: ColumnElement[bool], and_tell: tuple[ColumnElement[Any], ...] = ()) -> Prepared:
    """The one statement that moves an account."""
    return Prepared(
        update(table_of(Account))
        .where(*which)
        .values(
            balance=_account.balance + bindparam("p_amount"),
            held=_account.held - bindparam("p_frees"),
            entries=_account.entries + 1,
            earned=case((_same_year, _account.earned), else_=0) + bindparam("p_earned"),
            deducted=case((_same_year, _account.deducted), else_=0) + bindparam("p_deducted"),
            spent=case((_same_year, _account.spent), else_=0) + bindparam("p_spent"),
            taken_back=case((_same_year, _account.taken_back), else_=0) + bindparam("p_taken_back"),
            merit=case((_same_month, _account.merit), else_=0) + bindparam("p_merit"),
            year=bindparam("p_year"),
            month=bindparam("p_month"),
            net=_account.net + bindparam("p_net"),
            rolled=_account.rolled + bindparam("p_rolled"),
        )
        .returning(
            _account.id,
            _account.balance,
            _account.entries,
            _account.head,
            _account.community_id,
            _account.scheme_id,
            *and_tell,
        )
    )


def _of_scheme(column: ColumnElement[Any]) -> Any:
    return select(column).where(_scheme.id == _account.scheme_id).scalar_subquery()


_floor = case((bindparam("p_guarded") == 1, func.coalesce(_of_scheme(_scheme.floor), NO_FLOOR)), else_=NO_FLOOR)
_home = select(_household.courtyard_id).where(_household.id == _account.holder_id).scalar_subquery()
_MOVE = _move(_account.id == bindparam("p_id"))
#: The scheme's floor is asked for in the statement that moves: between two, it could be changed.
_MOVE_OF_HOLDER = _move(
    _account.holder_id == bindparam("p_holder"),
    _account.scheme_id == bindparam("p_scheme"),
    _account.balance - _account.held + bindparam("p_frees") + bindparam("p_amount") >= _floor,
    and_tell=(_of_scheme(_scheme.rolls_up_to_id).label("upper_id"), _home.label("courtyard_id")),
)
INSERT_ENTRY = Prepared(insert(table_of(Entry)))
_SET_HEAD = Prepared(update(table_of(Account)).where(_account.id == bindparam("p_id")).values(head=bindparam("p_head")))
#: As text: ON CONFLICT is spelt differently by each dialect of SQLAlchemy, and alike by the databases.
_ADD_TO_MONTH = Prepared(
    text(
        "INSERT INTO month_total (community_id, month, scheme_id, category_id, earned, deducted, spent, entries)"
        " VALUES (:community_id, :month, :scheme_id, :category_id, :earned, :deducted, :spent, :entries)"
        " ON CONFLICT (community_id, month, scheme_id, category_id) DO UPDATE SET"
        " earned = month_total.earned + excluded.earned, deducted = month_total.deducted + excluded.deducted,"
        " spent = month_total.spent + excluded.spent, entries = month_total.entries + excluded.entries"
    )
)


def write(account_id: int, posting: Posting, actor: Actor, now: datetime) -> EntryLine:
    """One entry of an account that is known to exist; it is never refused for lack of points.

    :raises AlreadyUsed: if its cause has posted to this account before, or its entry was reversed before.
    """
    figures = _figures(posting, now)
    (moved,) = _MOVE.all(p_id=account_id, **_change(posting, figures))
    return _enter(moved, posting, figures, actor, now)


class Written(NamedTuple):
    """An entry, and where its points roll up to: the upper scheme and the household's courtyard, None without one."""

    line: EntryLine
    upper_id: int | None
    courtyard_id: int | None


def write_if_open(holder_id: int, scheme_id: int, posting: Posting, actor: Actor, now: datetime) -> Written | None:
    """The same by holder and scheme, in one look; None if nothing moved: there is no account yet, or a guarded
    deduction would take it below the scheme's floor."""
    figures, guarded = _figures(posting, now), posting.guarded and posting.amount.tenths < 0
    moved = _MOVE_OF_HOLDER.first(
        p_holder=holder_id, p_scheme=scheme_id, p_guarded=int(guarded), **_change(posting, figures)
    )
    if moved is None:
        return None
    return Written(_enter(moved, posting, figures, actor, now), moved.upper_id, moved.courtyard_id)


def set_head(account_id: int, head: str) -> None:
    _SET_HEAD.count(p_id=account_id, p_head=head)


def _figures(posting: Posting, now: datetime) -> _Figures:
    amount, bucket = posting.amount.tenths, posting.bucket or bucket_of(posting.kind, posting.amount.tenths)
    return _Figures(
        earned=amount if bucket == "earned" else 0,
        deducted=-amount if bucket == "deducted" else 0,
        spent=-amount if bucket == "spent" else 0,
        taken_back=-amount if posting.older and bucket == "earned" else 0,
        month=clock.month_of(now),
    )


def _change(posting: Posting, figures: _Figures) -> dict[str, int]:
    merit, of = figures.earned - figures.deducted, posting.undoes or posting.kind
    return {
        "p_amount": posting.amount.tenths,
        "p_frees": posting.frees.tenths,
        "p_earned": figures.earned,
        "p_deducted": figures.deducted,
        "p_spent": figures.spent,
        "p_taken_back": figures.taken_back,
        "p_merit": merit,
        "p_net": merit if of != "base" else 0,
        "p_rolled": merit if of == "roll_up" else 0,
        "p_year": figures.month // 100,
        "p_month": figures.month,
    }


def _enter(moved: Any, posting: Posting, figures: _Figures, actor: Actor, now: datetime) -> EntryLine:
    values = entry_values(moved, posting, actor, now)
    try:
        INSERT_ENTRY.count(**values)
    except IntegrityError as error:
        raise _refused(error) from error
    set_head(moved.id, values["hash"])
    _ADD_TO_MONTH.count(
        community_id=moved.community_id,
        month=figures.month,
        scheme_id=moved.scheme_id,
        category_id=posting.category_id,
        earned=figures.earned,
        deducted=figures.deducted,
        spent=figures.spent,
        entries=1,
    )
    return as_entry(values)


def add_to_months(totals: Mapping[tuple[int, int, int, int], Sequence[int]]) -> None:
    """``totals``: (community, month, scheme, category) -> earned, deducted, spent in tenths, and entries."""
    names = ("community_id", "month", "scheme_id", "category_id", "earned", "deducted", "spent", "entries")
    _ADD_TO_MONTH.each([dict(zip(names, (*key, *totals[key]), strict=True)) for key in sorted(totals)])


def entry_values(moved: Any, posting: Posting, actor: Actor, now: datetime) -> dict[str, Any]:
    """The row of an entry, chained. ``moved``: the account's id, and after the entry its ``entries`` and ``balance``;
    its ``head`` is still the one before."""
    values: dict[str, Any] = {
        "account_id": moved.id,
        "seq": moved.entries,
        "amount": posting.amount.tenths,
        "balance_after": moved.balance,
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
    values["hash"] = chain.entry_hash(moved.head, [hashed[name] for name in chain.ENTRY_FIELDS])
    return values


def _refused(error: IntegrityError) -> Exception:
    """A broken uniqueness in plain words; anything else is a fault of the software and stays what it is."""
    if breaks(error, "uq_entry_cause", "entry.cause_kind"):
        return AlreadyUsed(ALREADY_POSTED)
    if breaks(error, "uq_entry_reverses", "entry.reverses"):
        return AlreadyUsed("这一笔已经冲正过了，不会重复冲正。")
    return error


def breaks(error: IntegrityError, constraint: str, column: str) -> bool:
    """Whether a unique constraint was broken: PostgreSQL names the constraint, SQLite its columns."""
    words = str(error.orig)
    return constraint in words or (words.startswith("UNIQUE constraint failed") and column in words)
