"""Objections on one line: only its points are held, and the book says the rest."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from tests.conftest import both_databases
from tests.factories import give_points, make_community, make_household, make_user
from tests.faults.together import at_once
from tests.records.conftest import actor_of, settle, version_of
from tests.reviews.conftest import ANSWER, BAD, GOOD, LATER, PUBLISHED, SHOP, TOO_LATE, account, clean
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotFound
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account, hold_of_cause
from webapp.ledger.verify import WrongRowError, verify_all
from webapp.records.models import Record
from webapp.records.service import reverse
from webapp.reviews import queries, service
from webapp.reviews.models import Objection, ObjectionStep
from webapp.users.service.residents import actor_of as resident_of


@both_databases
def test_an_objection_holds_the_points_of_its_line_and_nothing_else(month):
    give_points(month.household, month.street.schemes["household"], 10)
    before = account(month)
    made = month.lodge()
    after = account(month)
    assert (made.number, made.state, made.channel) == (1, "open", "phone")
    assert after.held == Points(30)
    assert after.balance == before.balance
    assert not after.locked
    clean()


def test_of_a_line_that_is_partly_spent_only_what_is_left_is_held(month):
    scheme = month.street.schemes["household"]
    left = account(month).available
    taken = left - Points(5)
    ledger.hold(account_id=account(month).id, amount=taken, cause=Cause("gift", 1), reason="兑换", now=PUBLISHED)
    made = month.lodge()
    assert made.held == 5
    assert find_account(month.household.id, scheme.id).available == ZERO


def test_of_a_deduction_nothing_is_held(month):
    made = month.lodge(BAD, month.household, kind="not_me")
    assert made.held == 0
    assert account(month).held == ZERO
    clean()


@both_databases
def test_upheld_the_record_is_reversed_for_the_household_and_its_courtyard(month):
    made = month.lodge()
    yard = account(month, month.street.courtyard, "courtyard").balance
    service.uphold(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    assert month.record(GOOD).state == "reversed"
    assert account(month).held == ZERO
    assert account(month, month.street.courtyard, "courtyard").balance == yard - Points(30)
    assert (made.state, made.answer) == ("upheld", ANSWER)
    steps = db.session.scalars(db.select(ObjectionStep.kind).order_by(ObjectionStep.seq)).all()
    assert steps == ["opened", "acknowledged", "upheld"]
    clean()


def test_an_upheld_deduction_is_given_back(month):
    before = account(month).balance
    made = month.lodge(BAD, month.household)
    service.uphold(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    assert account(month).balance == before - Points(month.record(BAD).points)
    clean()


@both_databases
def test_with_another_score_the_same_matter_is_written_down_anew(month):
    before = account(month).balance
    made = month.lodge(kind="points")
    rule = version_of(month.street.schemes["household"], "1.1")
    given = {"actor": month.lead, "objection_id": made.id, "answer": ANSWER, "now": LATER}
    service.uphold(**given, rule_version_id=rule.id, points=Points(20))
    anew = db.session.get_one(Record, made.new_record_id)
    old = month.record(GOOD)
    assert (anew.state, anew.happened_on, anew.brought_by) == ("posted", old.happened_on, "11 月第 1 号异议")
    assert account(month).balance == before - Points(30) + Points(20)
    clean()


def test_the_same_score_once_more_is_no_correction(month):
    made = month.lodge(kind="points")
    rule = version_of(month.street.schemes["household"], "1.1")
    given = {"actor": month.lead, "objection_id": made.id, "answer": ANSWER, "now": LATER}
    with pytest.raises(Conflict, match="和原来一样"):
        service.uphold(**given, rule_version_id=rule.id, points=Points(30))


def test_dismissed_while_another_holds_the_points_they_stay_held(month):
    """Two object to one line; the first holds its points, and the second is answered before it."""
    give_points(month.household, month.street.schemes["household"], 10)
    first = month.lodge()
    second = month.lodge(household=make_household(courtyard=month.street.courtyard, name="周大姐"))
    assert (first.held, second.held) == (30, 0)

    service.dismiss(actor=month.lead, objection_id=second.id, answer=ANSWER, now=LATER)

    assert (first.state, first.held, account(month).held) == ("open", 30, Points(30))
    clean()


def test_dismissed_the_line_stays_and_its_points_are_free_again(month):
    made = month.lodge()
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    assert month.record(GOOD).state == "posted"
    assert account(month).held == ZERO
    assert made.state == "dismissed"
    clean()


def test_two_who_object_to_one_line_hold_its_points_once_and_the_second_goes_on_holding_them(month):
    give_points(month.household, month.street.schemes["household"], 10)
    other = make_household(courtyard=month.street.courtyard, name="孙尚香")
    first, second = month.lodge(), month.lodge(household=other)
    assert (first.held, second.held) == (30, 0)
    service.dismiss(actor=month.lead, objection_id=first.id, answer=ANSWER, now=LATER)
    assert (account(month).held, second.held) == (Points(30), 30)
    clean()


def test_whoever_else_objects_to_an_upheld_line_has_the_same_answer(month):
    other = make_household(courtyard=month.street.courtyard, name="孙尚香")
    first, second = month.lodge(), month.lodge(household=other)
    service.uphold(actor=month.lead, objection_id=first.id, answer=ANSWER, now=LATER)
    assert (second.state, second.answer) == ("upheld", ANSWER)
    clean()


# When and what --------------------------------------------------------------------------------------------------------


def test_the_last_second_of_the_window_counts_and_the_next_one_does_not(month):
    month.lodge(now=TOO_LATE - timedelta(seconds=1))
    with pytest.raises(Gone, match="异议期到 2026-12-02 为止"):
        month.lodge(BAD, now=TOO_LATE)


def test_a_household_objects_to_a_line_once(month):
    month.lodge()
    with pytest.raises(AlreadyUsed, match="11 月第 1 号.*请等答复"):
        month.lodge()
    assert month.lodge(BAD).number == 2


@pytest.mark.parametrize("number", [0, 4, 99])
def test_a_line_that_is_not_published_is_not_found(month, number):
    with pytest.raises(NotFound, match="没有这一条公示"):
        month.lodge(number)


def test_a_household_of_another_community_finds_no_line(month):
    next_door = make_community(street=month.street.tree.street, name="永安社区")
    with pytest.raises(NotFound):
        month.lodge(household=make_household(area=next_door.micro_grid))


def test_without_a_reason_nothing_is_taken(month):
    with pytest.raises(Invalid, match="先选一个原因"):
        month.lodge(kind="")
    with pytest.raises(Invalid, match="写一句话"):
        month.lodge(kind="other", reason=" ")
    with pytest.raises(Invalid, match="最多 200"):
        month.lodge(reason="长" * 201)


def test_a_line_that_was_taken_back_is_not_objected_to(month):
    reverse(actor=month.lead, record_id=month.record(GOOD).id, reason="记错", now=LATER)
    with pytest.raises(Gone, match="已经冲正"):
        month.lodge()


def test_staff_object_on_behalf_and_say_who_brought_it(month):
    clerk = make_user(post="clerk", area=month.street.tree.community)
    actor = actor_of(clerk, "clerk", month.street.tree.community.path)
    with pytest.raises(Invalid, match="谁来提的"):
        month.lodge(SHOP, actor=actor)
    made = month.lodge(SHOP, actor=actor, brought_by="店主 王建国")
    assert (made.channel, made.household_id, made.brought_by) == ("desk", None, "店主 王建国")
    assert account(month, month.street.shop, "shop").held == Points(month.record(SHOP).points)
    clean()


def test_staff_of_another_community_find_no_line(month):
    next_door = make_community(street=month.street.tree.street, name="永安社区")
    clerk = make_user(post="clerk", area=next_door.community)
    with pytest.raises(NotFound):
        month.lodge(actor=actor_of(clerk, "clerk", next_door.community.path), brought_by="本人")


@both_databases
def test_the_database_keeps_what_was_said(month):
    made = month.lodge()
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    for statement in (
        "UPDATE objection SET reason = 'x'",
        "UPDATE objection SET state = 'upheld'",
        "UPDATE objection_step SET note = 'x'",
        "DELETE FROM objection",
    ):
        with pytest.raises(Exception, match=r"append-only|has ended"), db.session.begin_nested():
            db.session.execute(db.text(statement))


def test_verify_finds_a_hold_that_was_let_go_too_early(month):
    made = month.lodge()
    ledger.release(hold_id=hold_of_cause(Cause("objection", made.id)).id, now=LATER)
    db.session.commit()
    with pytest.raises(WrongRowError, match="its points are not held"):
        verify_all(db.engine)


def test_age_and_deadline_are_counted_in_days(month):
    made = month.lodge()
    today = (PUBLISHED + timedelta(days=5)).date()
    (one,) = queries.as_listed(db.session.execute(queries.objections_statement(["/"])).all(), month.lead, today)
    assert (one.days, one.due_on.isoformat(), one.late, one.blocked) == (5, "2026-11-28", True, "")
    assert queries.objections_waiting(["/"], today) == (1, 1)
    assert db.session.get_one(Objection, made.id) is made


@both_databases
def test_of_two_tills_that_lodge_for_one_household_at_once_one_is_taken(app, month):
    from_phone = resident_of(month.neighbour.id, month.neighbour.name, "127.0.0.1")
    given = {"actor": from_phone, "month_id": month.row.id, "line": GOOD, "kind": "points", "reason": ""}
    db.session.commit()
    lodge = partial(service.lodge, **given, now=PUBLISHED + timedelta(hours=1))
    assert at_once(app, [lodge, lodge]) == {"done": 1, "AlreadyUsed": 1}
    clean()


def test_upheld_the_half_that_a_rectification_left_goes_too(month):
    old = month.record(BAD)
    reverse(actor=month.lead, record_id=old.id, reason="整改合格，返还一半", now=PUBLISHED)
    half = month.street.make(month.household, "household", "1.6", now=PUBLISHED)
    settle(old, PUBLISHED, half=half)
    made = month.lodge(BAD, month.household)
    service.uphold(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    assert (old.state, half.state) == ("reversed", "reversed")
    clean()
