"""Months are chained: a publication that was taken away with all its lines, or sealed anew, is named."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import text

from tests.conftest import KEY, both_databases
from tests.factories import make_community
from tests.records.conftest import Street, make_street
from tests.reviews.conftest import as_intruder, found, publish
from tests.reviews.test_order import as_older_software_published
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.ledger.verify import verify
from webapp.reviews import sealing, service
from webapp.reviews.models import CommunityMonth

MONTHS = (202609, 202610, 202611)


def end_of(month: int) -> datetime:
    return datetime(month // 100, month % 100, 25, 15, tzinfo=clock.LOCAL)


@pytest.fixture
def street(app) -> Street:
    return make_street()


def publish_one(street: Street, month: int) -> CommunityMonth:
    street.make(street.household, "household", "1.1", 30, now=end_of(month))
    return publish(street, SYSTEM, month, end_of(month))


@pytest.fixture
def published(street) -> list[CommunityMonth]:
    return [publish_one(street, month) for month in MONTHS]


@pytest.fixture
def intruder(published) -> Any:
    yield as_intruder()
    db.session.rollback()


def take_away(connection: Any, month: int) -> None:
    """A month with all its lines and its rankings."""
    for table, column in (("publication_line", "month_id"), ("ranked_place", "ranking_id")):
        owner = "community_month" if column == "month_id" else "ranking"
        whole = f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM {owner} WHERE month = {month})"
        assert connection.execute(text(whole)).rowcount > 0
    for table in ("community_month", "ranking"):
        assert connection.execute(text(f"DELETE FROM {table} WHERE month = {month}")).rowcount == 1


@both_databases
def test_each_publication_names_the_one_before_it(published):
    says = [json.loads(row.content)["before"] for row in published]
    seals = [[row.month, sealing.of_seal(row.content, row.signature)] for row in published]
    assert says == [None, seals[0], seals[1]]
    verify(db.session.connection())


@both_databases
@pytest.mark.parametrize("month", MONTHS[:2])
def test_a_month_that_was_taken_away_with_all_its_lines_is_named(intruder, month):
    take_away(intruder, month)
    following = MONTHS.index(month) + 2
    assert f"community_month (id={following}): the publication of {month}, sealed before it, is missing" in found(
        intruder
    )


@both_databases
def test_the_last_month_is_missed_as_long_as_its_rankings_are_there(intruder):
    intruder.execute(text("DELETE FROM publication_line WHERE month_id = 3"))
    intruder.execute(text("DELETE FROM community_month WHERE id = 3"))
    assert "ranking (id=3): the publication of 202611 that it was frozen with is missing" in found(intruder)


@both_databases
def test_a_month_that_was_sealed_anew_with_the_key_is_named(intruder):
    sealed = json.loads(intruder.scalar(text("SELECT content FROM community_month WHERE id = 2")))
    content = sealing.content(
        **sealed | {"objections": [[202609, 1, 1, "other", "2026-10-01", "2026-10-02", 1, "dismissed"]]}
    )
    values = {"content": content, "signature": sealing.sign(KEY, content)[0]}
    intruder.execute(text("UPDATE community_month SET content = :content, signature = :signature WHERE id = 2"), values)
    assert "community_month (id=3): the publication of 202610, sealed before it, is another one now" in found(intruder)


@both_databases
def test_rankings_that_were_changed_are_named(intruder):
    intruder.execute(text("UPDATE ranked_place SET points = points + 5 WHERE ranking_id = 2 AND period = 'month'"))
    assert "community_month (id=2): its rankings are not those that were sealed" in found(intruder)


@both_databases
def test_the_first_chained_month_names_the_last_that_was_not_chained(street, monkeypatch):
    with monkeypatch.context() as older:
        as_older_software_published(older)
        old = [publish_one(street, month) for month in MONTHS[:2]]
    new = publish_one(street, MONTHS[2])
    assert json.loads(new.content)["before"] == [202610, sealing.of_seal(old[1].content, old[1].signature)]
    verify(db.session.connection())
    connection = as_intruder()
    take_away(connection, 202610)
    assert "the publication of 202610, sealed before it, is missing" in found(connection)
    db.session.rollback()


def test_a_clock_that_went_back_breaks_no_chain(street):
    """The second seal bears an earlier moment than the first; the third still follows the second."""
    publish_one(street, MONTHS[0])
    given = {"actor": SYSTEM, "community": street.tree.community, "month": MONTHS[1]}
    service.note_meeting(**given, attendees="书记", minutes="", now=end_of(MONTHS[1]))
    second = service.publish(**given, now=end_of(MONTHS[1]))
    while not service.go_on(month_id=second.id, key=KEY, now=end_of(202608)).done:
        pass
    third = publish_one(street, MONTHS[2])
    assert json.loads(third.content)["before"][0] == MONTHS[1]
    verify(db.session.connection())


def test_communities_have_chains_of_their_own(street, published):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    given = {"actor": SYSTEM, "community": neighbour.community, "month": 202611, "now": end_of(202611)}
    service.note_meeting(**given, attendees="书记", minutes="")
    row = service.publish(**given)
    while not service.go_on(month_id=row.id, key=KEY, now=end_of(202611)).done:
        pass
    assert json.loads(row.content)["before"] is None
    verify(db.session.connection())
