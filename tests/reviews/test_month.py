"""The month of a community: confirmed on one screen, published once, sealed, open to everybody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime

import pytest

from tests.conftest import KEY, both_databases
from tests.factories import make_community, make_household, make_user
from tests.records.conftest import Street, actor_of, make_street
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed
from webapp.core.points import Points
from webapp.extensions import db
from webapp.records.models import Record
from webapp.records.service import pass_first
from webapp.reviews import queries, sealing, service
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.reviews.service import publishing

MONTH = 202611


@pytest.fixture
def street(app) -> Street:
    return make_street()


@pytest.fixture
def secretary(street) -> Actor:
    user = make_user(post="secretary", area=street.tree.community)
    return actor_of(user, "secretary", street.tree.community.path)


@pytest.fixture
def claim(street, at) -> Callable[..., Record]:
    """A claim by the grid worker, passed by another one."""
    other = make_user(post="grid_worker", area=street.tree.community)
    passer = actor_of(other, "grid_worker", street.tree.community.path)

    def make(day: int = 18, **more: object) -> Record:
        when = at(day)
        whom = more.pop("household", street.household)
        record = street.make(whom, "household", "2.1", actor=street.inspector, source="claim", now=when, **more)
        assert pass_first(actor=passer, record_ids=[record.id], now=when).done == 1
        return record

    return make


@pytest.fixture
def at() -> Callable[..., datetime]:
    return lambda day, hour=9, month=11: datetime(2026, month, day, hour, tzinfo=clock.LOCAL)


def confirm(street: Street, secretary: Actor, records: list[Record], now: datetime) -> None:
    outcome = service.confirm(
        actor=secretary, community=street.tree.community, month=MONTH, record_ids=[one.id for one in records], now=now
    )
    assert outcome == (len(records), ())


def publish(street: Street, secretary: Actor, now: datetime) -> CommunityMonth:
    given = {"actor": secretary, "community": street.tree.community, "month": MONTH, "now": now}
    service.note_meeting(**given, attendees="王书记、李网格员", minutes="")
    row = service.publish(**given)
    steps = 0
    while not service.go_on(month_id=row.id, key=KEY, now=now).done:
        steps += 1
        assert steps < 50
    return row


def lines(row: CommunityMonth) -> list[PublicationLine]:
    return queries.all_lines(row)


@both_databases
def test_what_is_confirmed_comes_into_the_book_and_the_list_at_the_publication(street, secretary, claim, at):
    records = [claim(17), claim(18)]
    inspected = street.make(street.shop, "shop", "1.1", now=at(20))
    confirm(street, secretary, records, at(25))
    assert street.balance(street.household, "household") == Points(0)
    row = publish(street, secretary, at(25, 15))
    assert street.balance(street.household, "household") == Points(100)
    assert {one.state for one in records} == {"posted"}
    assert [line.record_id for line in lines(row)] == [records[0].id, records[1].id, inspected.id]
    assert (row.state, row.objections_until.isoformat(), row.lines) == ("on_notice", "2026-12-02", 3)


@both_databases
def test_a_publishing_that_was_interrupted_goes_on_where_it_stopped_and_posts_nothing_twice(
    street, secretary, claim, at, monkeypatch
):
    monkeypatch.setattr(publishing, "POSTED_AT_ONCE", 1)
    monkeypatch.setattr(publishing, "LISTED_AT_ONCE", 1)
    records = [claim(17), claim(18, household=make_household(courtyard=street.courtyard))]
    confirm(street, secretary, records, at(25))
    given = {"actor": secretary, "community": street.tree.community, "month": MONTH, "now": at(25, 15)}
    service.note_meeting(**given, attendees="王书记", minutes="")
    row = service.publish(**given)
    service.go_on(month_id=row.id, key=KEY, now=at(25, 15))
    db.session.commit()
    service.go_on(month_id=row.id, key=KEY, now=at(25, 15))
    db.session.rollback()  # the second step dies after it has posted
    assert [one.state for one in records] == ["posted", "confirmed"]
    while not service.go_on(month_id=row.id, key=KEY, now=at(25, 16)).done:
        db.session.commit()
    assert [one.state for one in records] == ["posted", "posted"]
    assert [line.number for line in lines(row)] == [1, 2]
    assert street.balance(street.household, "household") == Points(50)


def test_what_was_not_confirmed_goes_into_the_next_month(street, secretary, claim, at):
    late = claim(18)
    publish(street, secretary, at(25, 15))
    assert late.state == "passed"
    waits = queries.counts(street.tree.community.id, 202612, at(25, month=12).date())
    assert waits.passed == 1


def test_what_happened_after_the_last_day_belongs_to_the_next_month(street, secretary, at):
    street.make(street.shop, "shop", "1.1", now=at(26))
    row = publish(street, secretary, at(27))
    assert lines(row) == []


def test_a_month_is_not_published_before_it_ends(street, secretary, at):
    with pytest.raises(Conflict, match="11 月 25 日才到月末"):
        service.publish(actor=secretary, community=street.tree.community, month=MONTH, now=at(24))


def test_who_attended_must_be_noted_first(street, secretary, at):
    with pytest.raises(Invalid, match="谁参加"):
        service.publish(actor=secretary, community=street.tree.community, month=MONTH, now=at(25))


def test_a_month_is_published_once_and_nothing_is_confirmed_afterwards(street, secretary, claim, at):
    record = claim(18)
    publish(street, secretary, at(25))
    with pytest.raises(AlreadyUsed, match="已经公示"):
        service.publish(actor=secretary, community=street.tree.community, month=MONTH, now=at(26))
    with pytest.raises(AlreadyUsed, match="转到下个月"):
        confirm(street, secretary, [record], at(26))


def test_nobody_publishes_another_communitys_month(street, secretary, at):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    with pytest.raises(NotAllowed):
        service.publish(actor=secretary, community=neighbour.community, month=MONTH, now=at(25))


def test_names_are_masked_and_stay_as_they_were_published(street, secretary, at):
    street.household.name = "欧阳娜娜"
    db.session.flush()
    street.make(street.household, "household", "1.1", 30, now=at(20))
    row = publish(street, secretary, at(25))
    street.household.name = "王五"
    db.session.flush()
    assert [line.name for line in lines(row)] == ["欧阳*娜家"]


# The seal -------------------------------------------------------------------------------------------------------------


def test_the_seal_fits_what_was_published_and_nothing_else(street, secretary, at):
    street.make(street.shop, "shop", "1.1", now=at(20))
    row = publish(street, secretary, at(25))
    assert sealing.fits(row.content, row.signature, row.public_key)
    assert not sealing.fits(row.content.replace('"lines":1', '"lines":2'), row.signature, row.public_key)
    assert not sealing.fits(row.content, row.signature, sealing.sign("another key", "x")[1])
    assert not sealing.fits(row.content, "no signature", row.public_key)


def test_lines_are_chained_so_that_a_changed_one_is_found(street, secretary, at):
    for day in (18, 19):
        street.make(street.household, "household", "1.1", 30, now=at(day))
    row = publish(street, secretary, at(25))
    last = sealing.start(row.community_id, row.month)
    for line in lines(row):
        said = {name: getattr(line, name) for name in sealing.FIELDS} | {"happened_on": line.happened_on.isoformat()}
        last = sealing.line_hash(last, [said[name] for name in sealing.FIELDS])
        assert last == line.hash
    assert f'"last_line":"{last}"' in row.content


@both_databases
def test_the_database_itself_refuses_to_change_a_published_line(street, secretary, at):
    street.make(street.shop, "shop", "1.1", now=at(20))
    publish(street, secretary, at(25))
    for statement in ("UPDATE publication_line SET points = 9", "DELETE FROM publication_line"):
        with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
            db.session.execute(db.text(statement))


# Days -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "month", "wanted"), [(25, 11, 202611), (26, 11, 202612), (31, 12, 202701), (1, 1, 202601)]
)
def test_after_the_last_day_begins_the_next_month(app, at, day, month, wanted):
    assert queries.month_on(at(day, month=month).date(), queries.Terms()) == wanted


def test_the_first_month_takes_up_nothing_from_before_it(street, secretary, at):
    street.make(street.shop, "shop", "1.1", now=at(20, month=10))
    street.make(street.shop, "shop", "1.1", now=at(26, month=10))
    row = publish(street, secretary, at(25))
    assert [line.happened_on.isoformat() for line in lines(row)] == ["2026-10-26"]


def test_a_clock_that_jumps_over_the_months_end_publishes_the_same_month(street, secretary, claim, at):
    record = claim(18)
    confirm(street, secretary, [record], at(25))
    row = publish(street, replace(secretary, label="王* 书记"), at(9, month=12))
    assert (row.month, [line.record_id for line in lines(row)]) == (MONTH, [record.id])


def test_what_waits_is_found_by_the_index_of_what_is_on_its_way(street):
    statement = queries.waiting_statement(street.tree.community.id, MONTH, date(2026, 11, 25))
    compiled = statement.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = " ".join(str(row) for row in db.session.execute(db.text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "ix_record_review (community_id=? AND state=? AND happened_on>? AND happened_on<?)" in plan
