"""Many postings at once: the same lines as ``post`` writes one after the other, by a handful of statements.

A month of a county is 200,000 records. The rules are those of ``posting`` and ``writing``; tests/ledger/test_batch.py
holds the two against each other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, select, update

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, DomainError
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.models import Account, Entry
from webapp.ledger.replay import Figures, bucket_of
from webapp.ledger.service.accounts import open_account
from webapp.ledger.service.posting import POSTED, roll_up, too_little
from webapp.ledger.service.writing import ALREADY_POSTED, INSERT_ENTRY, Posting, add_to_months, entry_values
from webapp.places.models import Household
from webapp.prepared import Prepared, table_of
from webapp.schemes.models import Scheme

MOST_AT_ONCE = 1000

_a, _e = Account.__table__.c, Entry.__table__.c
_FIGURES = tuple(one.name for one in fields(Figures))
_STATES = select(_a.id, _a.holder_id, _a.community_id, _a.scheme_id, _a.held, _a.head, *(_a[name] for name in _FIGURES))
_LOCKED = (
    _STATES.where(_a.holder_id.in_(bindparam("holders", expanding=True)))
    .where(_a.scheme_id.in_(bindparam("schemes", expanding=True)))
    .order_by(_a.id)
    .with_for_update(key_share=True)
)
_ids = bindparam("ids", expanding=True, type_=Integer)
_TERMS = select(Scheme.id, Scheme.floor, Scheme.base, Scheme.rolls_up_to_id).where(Scheme.id.in_(_ids))
_COURTYARDS = select(Household.id, Household.courtyard_id).where(Household.id.in_(_ids))
_POSTED = (
    select(_e.cause_id, _a.holder_id, _a.scheme_id)
    .join(Account.__table__, _a.id == _e.account_id)
    .where(_e.cause_kind == bindparam("kind"), _e.cause_id.in_(_ids))
)
_SET_ACCOUNT = Prepared(
    update(table_of(Account))
    .where(_a.id == bindparam("p_id"))
    .values({name: bindparam(f"p_{name}") for name in (*_FIGURES, "held", "head")})
)


class Due(NamedTuple):
    """One posting, for the account of a holder in a scheme."""

    holder_id: int
    scheme_id: int
    posting: Posting


class _Terms(NamedTuple):
    id: int
    floor: int | None
    base: int
    rolls_up_to_id: int | None


@dataclass(slots=True)
class _State:
    """An account as it stands after what this batch has written so far."""

    id: int
    community_id: int
    scheme_id: int
    held: int
    head: str
    figures: Figures = field(default_factory=Figures)

    @property
    def balance(self) -> int:
        return self.figures.balance

    @property
    def entries(self) -> int:
        return self.figures.entries


def post_many(*, due: Sequence[Due], actor: Actor, now: datetime) -> list[DomainError | None]:
    """Each posting for itself, in this order; what ``post`` would say of it instead of an entry, or None.

    Rows are locked as single postings lock them — the accounts that roll up and their month totals, then the accounts
    above and theirs — so that the two never wait for each other crosswise.

    :raises ValueError: for more than ``MOST_AT_ONCE``, or a kind that has a verb of its own.
    """
    if len(due) > MOST_AT_ONCE or any(one.posting.kind not in POSTED for one in due):
        raise ValueError(f"at most {MOST_AT_ONCE} of the kinds that are posted")
    schemes = _terms({one.scheme_id for one in due})
    schemes |= _terms({one.rolls_up_to_id for one in schemes.values() if one.rolls_up_to_id})
    said: list[DomainError | None] = [None] * len(due)
    lower = {
        place: one
        for place, one in enumerate(due)
        if one.scheme_id in schemes and schemes[one.scheme_id].rolls_up_to_id
    }
    above = _rolled(lower, schemes)
    _write(lower, above, said, schemes, actor, now)
    upper = {place: above.get(place, one) for place, one in enumerate(due) if place not in lower or place in above}
    _write({place: one for place, one in upper.items() if said[place] is None}, {}, said, schemes, actor, now)
    return said


def _rolled(lower: dict[int, Due], schemes: dict[int, _Terms]) -> dict[int, Due]:
    """What the courtyards get of it, by the same places."""
    yards, rolled = _courtyards({one.holder_id for one in lower.values()}), {}
    for place, one in lower.items():
        upper_id, yard_id = schemes[one.scheme_id].rolls_up_to_id, yards.get(one.holder_id)
        if one.posting.kind == "record" and upper_id is not None and yard_id is not None:
            rolled[place] = Due(yard_id, upper_id, roll_up(one.posting))
    return rolled


def _terms(ids: Iterable[int]) -> dict[int, _Terms]:
    rows = db.session.connection().execute(_TERMS, {"ids": list(set(ids))}).all()
    return {row.id: _Terms._make(row) for row in rows}


def _courtyards(household_ids: set[int]) -> dict[int, int]:
    rows = db.session.connection().execute(_COURTYARDS, {"ids": list(household_ids)}).all()
    return {household: yard for household, yard in rows if yard is not None}


def _write(
    due: dict[int, Due],
    above: dict[int, Due],
    said: list[DomainError | None],
    schemes: dict[int, _Terms],
    actor: Actor,
    now: datetime,
) -> None:
    """``due`` by place in ``said``: what is refused is said there, everything else is written. ``above``: what will roll
    up, and refuses its place as well."""
    if not due:
        return
    states = _locked(due.values())
    used = _used([*due.values(), *above.values()])
    written: list[dict[str, Any]] = []
    months: dict[tuple[int, int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    changed: dict[int, _State] = {}
    for place, one in due.items():
        causes = {_cause(also) for also in (one, above.get(place)) if also is not None}
        try:
            state = _bears(states, one.holder_id, schemes.get(one.scheme_id), one.posting)
            state = state or _opened(states, one.holder_id, one.scheme_id, now)
            if causes & used:
                raise AlreadyUsed(ALREADY_POSTED)
        except DomainError as error:
            if one.posting.kind == "roll_up":
                raise  # its household's line is written already: everything or nothing
            said[place] = error
            continue
        used |= causes
        changed[state.id] = state
        written.append(_move(state, one.posting, months, actor, now))
    INSERT_ENTRY.each(written)
    _SET_ACCOUNT.each([_as_row(changed[account_id]) for account_id in sorted(changed)])
    add_to_months(months)


def _locked(due: Iterable[Due]) -> dict[tuple[int, int], _State]:
    """The accounts concerned that are open, locked in the order of their ids. (SQLite has one writer anyway.)"""
    due = list(due)
    holders, schemes = {one.holder_id for one in due}, {one.scheme_id for one in due}
    rows = db.session.connection().execute(_LOCKED, {"holders": list(holders), "schemes": list(schemes)}).all()
    return {(row.holder_id, row.scheme_id): _state(row) for row in rows}


def _state(row: Any) -> _State:
    return _State(row.id, row.community_id, row.scheme_id, row.held, row.head, Figures(*row[-len(_FIGURES) :]))


_Used = tuple[str, int, int, int]


def _cause(one: Due) -> _Used:
    return one.posting.cause.kind, one.posting.cause.id, one.holder_id, one.scheme_id


def _used(due: Iterable[Due]) -> set[_Used]:
    """Which causes have posted already, and to whom; asked once the accounts are locked."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for one in due:
        by_kind[one.posting.cause.kind].add(one.posting.cause.id)
    return {found for kind, ids in by_kind.items() for found in _posted(kind, ids)}


def _posted(kind: str, ids: set[int]) -> Iterator[_Used]:
    for row in db.session.connection().execute(_POSTED, {"kind": kind, "ids": list(ids)}).all():
        yield kind, row.cause_id, row.holder_id, row.scheme_id


def _bears(
    states: dict[tuple[int, int], _State], holder_id: int, terms: _Terms | None, posting: Posting
) -> _State | None:
    """The account if it is open. :raises InsufficientPoints: for a guarded deduction that it can't bear, open or not."""
    state = states.get((holder_id, terms.id)) if terms else None
    amount, floor = posting.amount.tenths, terms.floor if terms else None
    if terms is None or floor is None or not posting.guarded or amount >= 0:
        return state
    available = state.balance - state.held if state else terms.base
    if available + posting.frees.tenths + amount < floor:
        raise too_little(Points(available), floor)
    return state


def _opened(states: dict[tuple[int, int], _State], holder_id: int, scheme_id: int, now: datetime) -> _State:
    """:raises NotFound, Conflict: as ``open_account`` does."""
    open_account(holder_id=holder_id, scheme_id=scheme_id, now=now)
    statement = _STATES.where(_a.holder_id == holder_id, _a.scheme_id == scheme_id)
    state = _state(db.session.connection().execute(statement.with_for_update(key_share=True)).one())
    states[holder_id, scheme_id] = state
    return state


def _move(
    state: _State, posting: Posting, months: dict[tuple[int, int, int, int], list[int]], actor: Actor, now: datetime
) -> dict[str, Any]:
    """The entry's row; the account and the month's total move with it."""
    amount, month = posting.amount.tenths, clock.month_of(now)
    bucket = posting.bucket or bucket_of(posting.kind, amount)
    state.figures.add(amount, bucket, month, posting.undoes or posting.kind, older=posting.older)
    state.held -= posting.frees.tenths
    values = entry_values(state, posting, actor, now)
    state.head = values["hash"]
    total = months[state.community_id, month, state.scheme_id, posting.category_id]
    place = ("earned", "deducted", "spent").index(bucket)
    total[place] += amount if bucket == "earned" else -amount
    total[3] += 1
    return values


def _as_row(state: _State) -> dict[str, Any]:
    figures = {f"p_{name}": getattr(state.figures, name) for name in _FIGURES}
    return {"p_id": state.id, "p_held": state.held, "p_head": state.head, **figures}
