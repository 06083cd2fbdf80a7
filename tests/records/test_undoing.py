"""Ten minutes to take back what was recorded, visibly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_person, make_scheme, make_user
from tests.records.conftest import actor_of
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Gone, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.ledger.queries import find_account, last_entries
from webapp.records import service


@both_databases
def test_taking_back_is_a_second_line_in_the_book_and_the_courtyards_too(street):
    record = street.make(street.household, "household", "2.1")
    undone = service.undo(actor=street.inspector, record_id=record.id, now=clock.now())

    assert (undone.state, undone.end_note) == ("reversed", "记录人撤回")
    account = find_account(street.household.id, street.schemes["household"].id)
    assert [line.title for line in last_entries(account.id, 2)] == ["冲正：参加居民会议", "参加居民会议"]
    assert street.balance(street.household, "household") == Points(0)
    assert street.balance(street.courtyard, "courtyard") == Points(0)


def test_it_can_be_taken_back_for_ten_minutes_and_not_a_second_longer(street):
    now = clock.now()
    early, late = street.make(street.shop, "shop", "1.1", now=now), street.make(street.shop, "shop", "1.3", now=now)
    service.undo(actor=street.inspector, record_id=early.id, now=now + timedelta(minutes=10))
    with pytest.raises(Gone, match="超过 10 分钟"):
        service.undo(actor=street.inspector, record_id=late.id, now=now + timedelta(minutes=10, seconds=1))


def test_only_the_author_takes_back(street):
    record = street.make(street.shop, "shop", "1.1")
    secretary = actor_of(
        make_user(post="secretary", area=street.tree.community), "secretary", street.tree.community.path
    )
    for somebody in (secretary, SYSTEM):
        with pytest.raises(NotAllowed, match="只有记录的本人"):
            service.undo(actor=somebody, record_id=record.id, now=clock.now())


def test_nothing_is_taken_back_twice(street):
    record = street.make(street.shop, "shop", "1.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    with pytest.raises(AlreadyUsed, match="已经撤回"):
        service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    assert street.balance(street.shop, "shop") == Points(0)


def test_what_waits_is_withdrawn_and_leaves_no_line(street):
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    member = make_person(household=street.household, party_member=True)
    record = street.make(member, "party-member", "1.1")
    assert service.undo(actor=street.inspector, record_id=record.id, now=clock.now()).state == "withdrawn"
    assert find_account(member.id, street.schemes["party-member"].id) is None


@both_databases
def test_a_veto_that_is_taken_back_unlocks_the_account(street):
    record = street.make(street.shop, "shop", "3.5")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    assert not find_account(street.shop.id, street.schemes["shop"].id).locked


def test_points_that_were_given_in_error_can_be_taken_back_even_below_zero(street):
    record = street.make(street.household, "household", "2.1")
    street.make(street.household, "household", "4.5")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    assert street.balance(street.household, "household") == Points(-50)


def test_a_record_that_does_not_exist_is_not_found(street):
    with pytest.raises(NotFound):
        service.undo(actor=street.inspector, record_id=999_999, now=clock.now())
