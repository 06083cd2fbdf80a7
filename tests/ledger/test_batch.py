"""Many postings at once leave the very same book as one after the other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.conftest import both_databases
from tests.factories import make_household
from tests.ledger.conftest import NOON
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Conflict, DomainError, InsufficientPoints, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service
from webapp.ledger.book import Cause
from webapp.ledger.models import Account, Entry, MonthTotal
from webapp.ledger.service import Due, Posting
from webapp.ledger.service.batch import MOST_AT_ONCE
from webapp.ledger.verify import verify


def posting(tenths, cause, **more):
    given = {"kind": "record", "title": "门前干净", "happened_on": clock.local_date(NOON), **more}
    return Posting(amount=Points(tenths), cause=Cause("record", cause), **given)


def book():
    """Every row of the book, to the last column."""
    order = {Account: Account.id, Entry: (Entry.account_id, Entry.seq), MonthTotal: MonthTotal.__table__.primary_key}
    rows = {}
    for table in order:
        found = db.session.connection().execute(select(table.__table__)).all()
        rows[table.__name__] = sorted(tuple(row) for row in found)
    return rows


def one_by_one(due):
    said: list[str] = []
    for holder_id, scheme_id, one in due:
        try:
            with db.session.begin_nested():
                service.post(holder_id=holder_id, scheme_id=scheme_id, posting=one, actor=SYSTEM, now=NOON)
            said.append("")
        except DomainError as error:
            said.append(error.message)
    return said


def at_once(due):
    refusals = service.post_many(due=due, actor=SYSTEM, now=NOON)
    return [error.message if error else "" for error in refusals]


LINES = st.lists(
    st.tuples(
        st.integers(0, 3),  # whose
        st.integers(-40, 60).filter(bool),
        st.integers(1, 8),  # the cause: some come twice
        st.booleans(),  # guarded
        st.integers(0, 2),  # category
    ),
    max_size=14,
)


@both_databases
def test_a_batch_writes_what_single_postings_write_to_the_last_hash(town):
    other = make_household(courtyard=town.courtyard)
    holders = [(town.household, town.scheme), (other, town.scheme), (town.courtyard, town.upper)]
    holders.append((town.shop, town.shop_scheme))
    for holder, scheme in holders:
        service.open_account(holder_id=holder.id, scheme_id=scheme.id, now=NOON)
    town.post(30)
    town.hold(20)
    db.session.commit()

    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(lines=LINES)
    def same(lines):
        due = [
            Due(holders[who][0].id, holders[who][1].id, posting(tenths, cause, guarded=guarded, category_id=category))
            for who, tenths, cause, guarded, category in lines
        ]
        outcome = []
        for way in (one_by_one, at_once):
            point = db.session.begin_nested()
            outcome.append((way(due), book()))
            point.rollback()
        assert outcome[0] == outcome[1]

    same()


@both_databases
def test_accounts_are_opened_on_the_way_with_their_base_points_and_the_book_stays_whole(town):
    town.scheme.base = 50
    db.session.flush()
    due = [
        Due(town.household.id, town.scheme.id, posting(20, 1)),
        Due(town.shop.id, town.shop_scheme.id, posting(-5, 2)),
    ]

    assert at_once(due) == ["", ""]

    assert [line.amount.tenths for line in town.lines()] == [20, 50]
    assert [line.amount.tenths for line in town.lines(town.courtyard)] == [20]
    assert verify(db.session.connection()).entries == 4


def test_a_deduction_that_an_unopened_account_cannot_bear_opens_none(town):
    before = book()

    assert at_once([Due(town.household.id, town.scheme.id, posting(-1, 1))]) == ["积分不够：最多还能减 0 分。"]

    assert book() == before


def test_each_refusal_stands_in_its_place_and_stops_no_other(town):
    town.post(10)
    homeless = Due(999_999, town.scheme.id, posting(5, 4))
    foreign = Due(town.shop.id, town.scheme.id, posting(5, 5))
    mine = [Due(town.household.id, town.scheme.id, posting(*one)) for one in ((5, 1), (-99, 2), (5, 1), (7, 3))]

    said = service.post_many(due=[*mine, homeless, foreign], actor=SYSTEM, now=NOON)

    kinds = [type(None), InsufficientPoints, AlreadyUsed, type(None), NotFound, Conflict]
    assert [type(one) for one in said] == kinds
    assert town.account().balance == Points(22)


def test_a_batch_too_large_or_of_another_kind_is_a_fault_of_the_caller(town):
    one = Due(town.household.id, town.scheme.id, posting(5, 1))
    with pytest.raises(ValueError, match="at most"):
        service.post_many(due=[one] * (MOST_AT_ONCE + 1), actor=SYSTEM, now=NOON)
    with pytest.raises(ValueError, match="at most"):
        service.post_many(due=[one._replace(posting=replace(one.posting, kind="spend"))], actor=SYSTEM, now=NOON)


def test_a_scheme_without_a_floor_bears_everything(town):
    town.shop_scheme.floor = None
    db.session.flush()

    assert at_once([Due(town.shop.id, town.shop_scheme.id, posting(-500, 1))]) == [""]
