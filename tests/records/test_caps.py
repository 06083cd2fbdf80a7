"""As often as the rule allows, and not once more."""

from __future__ import annotations

import threading

import pytest

from tests.conftest import both_databases
from tests.factories import (
    make_person,
    make_scheme,
    make_shop,
)
from tests.records.conftest import make_street, version_of
from webapp.core import clock
from webapp.core.errors import (
    LimitReached,
)
from webapp.core.points import Points
from webapp.extensions import db
from webapp.records import service


def test_a_rule_of_once_a_day_counts_once_a_day(street, at):
    street.make(street.shop, "shop", "1.1", now=at(20, 8))
    with pytest.raises(LimitReached, match="今天已记 1 次，到上限了"):
        street.make(street.shop, "shop", "1.1", now=at(20, 23))
    street.make(street.shop, "shop", "1.1", now=at(21, 0))


def test_another_shop_has_caps_of_its_own(street, at):
    street.make(street.shop, "shop", "1.1", now=at(20))
    street.make(make_shop(area=street.tree.micro_grid), "shop", "1.1", now=at(20))


def test_a_rule_of_four_times_a_month_stops_at_the_fifth_and_starts_anew_next_month(street, at):
    for day in (1, 8, 15, 22):
        street.make(street.shop, "shop", "1.4", now=at(day))
    with pytest.raises(LimitReached, match="本月已记 4 次，到上限了"):
        street.make(street.shop, "shop", "1.4", now=at(29))
    street.make(street.shop, "shop", "1.4", now=at(1, month=12))


def test_a_rule_of_four_times_a_year_stops_at_the_fifth(street, at):
    for month in (9, 10, 11, 12):
        street.make(street.shop, "shop", "2.5", now=at(2, month=month))
    with pytest.raises(LimitReached, match="今年已记 4 次，到上限了"):
        street.make(street.shop, "shop", "2.5", now=at(30, month=12))


def test_a_record_that_was_taken_back_does_not_use_up_the_cap(street):
    record = street.make(street.shop, "shop", "1.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    assert street.make(street.shop, "shop", "1.1").state == "posted"


def test_what_waits_counts_towards_the_cap(street):
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    member = make_person(household=street.household, party_member=True)
    street.make(member, "party-member", "1.1")
    with pytest.raises(LimitReached):
        street.make(member, "party-member", "1.1")


@both_databases
def test_two_inspectors_at_the_same_moment_cannot_exceed_a_cap(app):
    street = make_street()
    db.session.commit()
    shop_id, version_id = street.shop.id, version_of(street.schemes["shop"], "1.1").id
    db.session.remove()
    gate, done = threading.Barrier(4), []

    def record(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                service.make(
                    actor=street.inspector,
                    holder_id=shop_id,
                    rule_version_id=version_id,
                    points=Points(20),
                    source="inspection",
                    client_key=f"at-once-{number}",
                    now=clock.now(),
                )
                db.session.commit()
                done.append("recorded")
            except LimitReached:
                db.session.rollback()
                done.append("refused")

    threads = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == ["recorded", "refused", "refused", "refused"]
