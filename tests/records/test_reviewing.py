"""The way of a claim into the book: first review, confirmation, posting; or back to its author."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import (
    make_appointment,
    make_community,
    make_household,
    make_person,
    make_scheme,
    make_user,
)
from tests.records.conftest import Street, actor_of
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import AlreadyUsed, Invalid, LimitReached, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.queries import entry_of_cause, find_account
from webapp.places.models import Household, Kinship
from webapp.records import queries, service
from webapp.records.models import Record
from webapp.users.permissions import grants_of

NOW = clock.now


def at_home(household: Household) -> Actor:
    """What the gate makes of a household on its own phone."""
    return Actor(kind="resident", label="李*梅家", household_id=household.id)


def claim(street: Street, by: Actor, household: Household | None = None, code: str = "2.1", **more: object) -> Record:
    whom = household or street.household
    return street.make(whom, "household", code, actor=by, source="claim", **more)


@pytest.fixture
def resident(street) -> Actor:
    return at_home(street.household)


@pytest.fixture
def head(street) -> Actor:
    """A neighbour in the same courtyard, who heads it."""
    home = make_household(courtyard=street.courtyard)
    person = make_person(household=home, name="曹大锋")
    make_appointment(person=person, post="courtyard_head", area=street.tree.micro_grid, courtyard=street.courtyard)
    return at_home(home)


@pytest.fixture
def secretary(street) -> Actor:
    user = make_user(post="secretary", area=street.tree.community)
    return actor_of(user, "secretary", street.tree.community.path)


def words(outcome: service.Outcome) -> str:
    return "".join(text for _, text in outcome.refused)


# From the claim to the book -------------------------------------------------------------------------------------------


@both_databases
def test_a_resident_claims_the_head_passes_the_secretary_confirms_and_the_publication_posts(
    street, resident, head, secretary
):
    record = claim(street, resident)
    assert (record.state, record.recorder_household_id) == ("waiting", street.household.id)
    assert service.pass_first(actor=head, record_ids=[record.id], now=NOW()).done == 1
    assert record.state == "passed"
    assert service.confirm(actor=secretary, record_ids=[record.id], now=NOW()).done == 1
    assert record.state == "confirmed"
    assert street.balance(street.household, "household") == Points(0)
    assert service.post_confirmed(actor=secretary, record_ids=[record.id], now=NOW()).done == 1
    assert record.state == "posted"
    assert street.balance(street.household, "household") == Points(50)
    assert [step.kind for step in queries.steps_of(record.id)] == ["passed", "confirmed", "posted"]


@both_databases
def test_confirming_twice_posts_once(street, secretary):
    scheme = make_scheme(area=street.tree.community, code="volunteer")
    street.schemes["volunteer"] = scheme
    scheme.inspections_post = "confirmed"
    db.session.flush()
    person = make_person(household=street.household, volunteer=True)
    record = street.make(person, "volunteer", "1.2")
    assert record.state == "passed"
    assert service.confirm(actor=secretary, record_ids=[record.id, record.id], now=NOW()).done == 1
    again = service.confirm(actor=secretary, record_ids=[record.id], now=NOW())
    assert (again.done, "已经处理过" in words(again)) == (0, True)
    account = find_account(person.id, scheme.id)
    assert entry_of_cause(Cause("record", record.id), account.id) is not None
    assert account.balance == Points(record.points + scheme.base)


def test_what_waits_counts_towards_the_caps(street, resident):
    claim(street, resident)
    claim(street, resident)
    with pytest.raises(LimitReached, match="本月已记 2 次"):
        claim(street, resident)


# Who may claim --------------------------------------------------------------------------------------------------------


def test_a_resident_claims_for_nobody_else(street, resident):
    other = make_household(courtyard=street.courtyard)
    with pytest.raises(NotFound):
        claim(street, resident, other)


def test_a_head_claims_for_the_households_of_the_own_courtyard_only(street, head):
    assert claim(street, head).state == "waiting"
    with pytest.raises(NotFound):
        claim(street, head, make_household(courtyard=None, area=street.tree.micro_grid))


def test_a_grid_worker_claims_for_people_without_a_phone_and_says_who_brought_the_paper(street):
    record = claim(street, street.inspector, brought_by="邻居王大妈")
    assert (record.state, record.brought_by) == ("waiting", "邻居王大妈")


def test_a_household_can_only_claim_never_inspect(street, resident):
    with pytest.raises(NotFound):
        street.make(street.household, "household", "1.1", actor=resident)


def test_what_takes_points_can_not_be_claimed(street, resident):
    with pytest.raises(Invalid, match="不能申报"):
        claim(street, resident, code="1.6", photos=["ab" * 32])


def test_a_claim_for_a_coming_day_is_refused(street, resident):
    with pytest.raises(Invalid, match="不能晚于现在"):
        claim(street, resident, happened_at=NOW() + timedelta(days=1))


# Who reviews first ----------------------------------------------------------------------------------------------------


def test_nobody_reviews_their_own_claim(street, head):
    record = claim(street, head)
    assert "自己记的" in words(service.pass_first(actor=head, record_ids=[record.id], now=NOW()))


def test_a_head_does_not_review_the_own_household(street, head):
    own = db.session.get_one(Household, head.household_id)
    record = claim(street, street.inspector, own)
    assert "回避" in words(service.pass_first(actor=head, record_ids=[record.id], now=NOW()))


def test_a_declared_relative_is_not_reviewed(street, resident):
    record = claim(street, resident)
    db.session.add(
        Kinship(
            person_id=street.inspector.person_id, household_id=street.household.id, relation="姐", declared_at=NOW()
        )
    )
    db.session.flush()
    outcome = service.pass_first(actor=street.inspector, record_ids=[record.id], now=NOW())
    assert "亲属" in words(outcome)
    assert record.state == "waiting"


def test_who_reviews_first_is_the_schemes_to_say(street, resident, head):
    street.schemes["household"].first_reviewers = "grid_worker"
    db.session.flush()
    record = claim(street, resident)
    assert "不由您初审" in words(service.pass_first(actor=head, record_ids=[record.id], now=NOW()))
    assert service.pass_first(actor=street.inspector, record_ids=[record.id], now=NOW()).done == 1


def test_nobody_from_next_door_reviews(street, resident):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    user = make_user(post="grid_worker", area=neighbour.community)
    stranger = actor_of(user, "grid_worker", neighbour.community.path)
    record = claim(street, resident)
    assert service.pass_first(actor=stranger, record_ids=[record.id], now=NOW()).done == 0
    with pytest.raises(NotFound):
        service.give_back(actor=stranger, record_id=record.id, reason="不对", now=NOW())


def test_one_refused_record_does_not_stop_the_others(street, resident, head):
    mine = claim(street, head, db.session.get_one(Household, head.household_id))
    other = claim(street, resident)
    outcome = service.pass_first(actor=head, record_ids=[mine.id, other.id, 999_999], now=NOW())
    assert (outcome.done, [record_id for record_id, _ in outcome.refused]) == (1, [mine.id, 999_999])
    assert (mine.state, other.state) == ("waiting", "passed")


# Who confirms ---------------------------------------------------------------------------------------------------------


def test_what_was_not_reviewed_first_is_not_confirmed(street, resident, secretary):
    record = claim(street, resident)
    assert "还没有初审" in words(service.confirm(actor=secretary, record_ids=[record.id], now=NOW()))


def test_nobody_confirms_what_they_passed(street, resident):
    path = street.tree.community.path
    user = make_user(post="secretary", area=street.tree.community)
    both = Actor(
        kind="staff",
        label="王* 书记",
        user_id=user.id,
        person_id=user.person_id,
        grants=grants_of([("secretary", path), ("grid_worker", path)]),
    )
    record = claim(street, resident)
    service.pass_first(actor=both, record_ids=[record.id], now=NOW())
    assert "初审是您做的" in words(service.confirm(actor=both, record_ids=[record.id], now=NOW()))


def test_a_grid_worker_does_not_confirm(street, resident, head):
    record = claim(street, resident)
    service.pass_first(actor=head, record_ids=[record.id], now=NOW())
    assert service.confirm(actor=street.inspector, record_ids=[record.id], now=NOW()).done == 0


@both_databases
def test_a_deduction_that_the_account_can_not_bear_stays_confirmed_and_is_named(street, secretary):
    street.schemes["household"].inspections_post = "publication"
    db.session.flush()
    record = street.make(street.household, "household", "1.6")
    service.confirm(actor=secretary, record_ids=[record.id], now=NOW())
    outcome = service.post_confirmed(actor=SYSTEM, record_ids=[record.id], now=NOW())
    assert (outcome.done, "积分不够" in words(outcome)) == (0, True)
    db.session.refresh(record)
    assert record.state == "confirmed"
    assert [step.kind for step in queries.steps_of(record.id)] == ["confirmed"]


# Back to its author ---------------------------------------------------------------------------------------------------


def test_a_returned_claim_is_mended_and_sent_again(street, resident, head):
    first = claim(street, resident)
    service.give_back(actor=head, record_id=first.id, reason="请写明是哪次会议", now=NOW())
    assert (first.state, first.end_note) == ("returned", "请写明是哪次会议")
    again = claim(street, resident, note="11 月居民大会", mends_id=first.id)
    assert (again.state, again.mends_id) == ("waiting", first.id)
    with pytest.raises(AlreadyUsed, match="已经重新申报"):
        claim(street, resident, note="又一次", mends_id=first.id)


def test_only_its_author_sends_a_returned_claim_again(street, resident, head):
    first = claim(street, resident)
    service.give_back(actor=head, record_id=first.id, reason="重复", now=NOW())
    with pytest.raises(NotFound):
        claim(street, street.inspector, mends_id=first.id)


def test_giving_back_needs_a_reason(street, resident, head):
    record = claim(street, resident)
    with pytest.raises(Invalid, match="写明退回的原因"):
        service.give_back(actor=head, record_id=record.id, reason=" ", now=NOW())


def test_what_is_confirmed_is_not_given_back(street, resident, head, secretary):
    record = claim(street, resident)
    service.pass_first(actor=head, record_ids=[record.id], now=NOW())
    service.confirm(actor=secretary, record_ids=[record.id], now=NOW())
    with pytest.raises(AlreadyUsed):
        service.give_back(actor=secretary, record_id=record.id, reason="算错了", now=NOW())


def test_the_author_takes_a_claim_back_until_it_is_reviewed(street, resident, head):
    first, second = claim(street, resident), claim(street, resident)
    service.withdraw(actor=resident, record_id=first.id, now=NOW())
    assert first.state == "withdrawn"
    service.pass_first(actor=head, record_ids=[second.id], now=NOW())
    with pytest.raises(AlreadyUsed, match="已经审核过"):
        service.withdraw(actor=resident, record_id=second.id, now=NOW())
    with pytest.raises(NotFound):
        service.withdraw(actor=head, record_id=second.id, now=NOW())


def test_the_steps_can_not_be_changed(street, resident, head):
    record = claim(street, resident)
    service.pass_first(actor=head, record_ids=[record.id], now=NOW())
    for statement in ("UPDATE record_step SET label = 'x'", "DELETE FROM record_step"):
        with pytest.raises(Exception, match="append-only"), db.session.begin_nested():
            db.session.execute(db.text(statement))


def test_more_than_five_hundred_at_once_are_refused(street, secretary):
    with pytest.raises(Invalid, match="最多 500 条"):
        service.confirm(actor=secretary, record_ids=list(range(1, 502)), now=NOW())
