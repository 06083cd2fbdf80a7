"""What pages read about the records of one holder."""

from __future__ import annotations

from datetime import timedelta

from tests.factories import make_person, make_scheme
from webapp.core import clock
from webapp.records import queries, service


def test_what_counts_is_told_for_all_rules_at_once_by_day_month_and_year(street, at):
    street.make(street.shop, "shop", "1.1", now=at(3))
    street.make(street.shop, "shop", "1.1", now=at(20))
    street.make(street.shop, "shop", "1.1", now=at(2, month=10))
    street.make(street.shop, "shop", "1.3", now=at(20))
    counted = queries.uses(street.shop.id, clock.local_date(at(20)))
    assert sorted((one.day, one.month, one.year) for one in counted.values()) == [(1, 1, 1), (1, 2, 3)]
    assert queries.count_this_month(street.shop.id, clock.local_date(at(20))) == 3


def test_the_last_records_come_newest_first_without_those_taken_back(street, at):
    old = street.make(street.shop, "shop", "1.1", now=at(3))
    gone = street.make(street.shop, "shop", "1.3", now=at(4))
    new = street.make(street.shop, "shop", "1.5", now=at(5))
    service.undo(actor=street.inspector, record_id=gone.id, now=at(4) + timedelta(minutes=1))
    assert [line.id for line in queries.recent(street.shop.id, 5)] == [new.id, old.id]


def test_what_waits_adds_up_but_is_not_in_the_book(street):
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    member = make_person(household=street.household, party_member=True)
    assert str(queries.waiting_sum(member.id)) == "0"
    street.make(member, "party-member", "1.1")
    street.make(member, "party-member", "1.4")
    assert str(queries.waiting_sum(member.id)) == "3"
    assert [line.title for line in queries.waiting_lines(member.id)] == ["无故缺席会议", "参加主题党日"]


def test_photos_are_known_of_many_records_at_once(street):
    with_one, without = street.make(street.shop, "shop", "1.2"), street.make(street.shop, "shop", "1.1")
    assert queries.with_photos([with_one.id, without.id]) == {with_one.id}
