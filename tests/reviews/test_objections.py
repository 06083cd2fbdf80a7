"""Objections on one line: only its points are held, somebody without a hand in it answers, the book says the rest."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial

import pytest

from tests.conftest import both_databases
from tests.factories import give_points, make_community, make_household, make_person, make_user
from tests.faults.test_race import at_once
from tests.records.conftest import actor_of, version_of
from tests.reviews.conftest import BAD, GOOD, PUBLISHED, SHOP, TOO_LATE, Month, publish
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotAllowed, NotFound
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account, hold_of_cause
from webapp.ledger.verify import WrongRowError, verify_all
from webapp.places.models import Kinship
from webapp.records.models import Record, Rectification
from webapp.records.service import reverse
from webapp.reviews import queries, service
from webapp.reviews.models import Objection, ObjectionStep
from webapp.users.service.residents import actor_of as resident_of

LATER = PUBLISHED + timedelta(days=2)
ANSWER = "查了照片和值班记录，那天没有打扫"


def account(month: Month, holder=None, scheme: str = "household"):
    return find_account((holder or month.household).id, month.street.schemes[scheme].id)


def clean() -> None:
    """``ledger verify`` finds nothing."""
    db.session.commit()
    verify_all(db.engine)


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


# Who decides ----------------------------------------------------------------------------------------------------------


def test_who_recorded_the_line_does_not_look_into_it(month):
    made = month.lodge()
    recorder = month.street.inspector
    actor = actor_of(make_user(post="grid_lead", area=month.street.tree.community), "grid_lead", "/")
    mine = type(actor)(**{**_fields(actor), "user_id": recorder.user_id, "person_id": recorder.person_id})
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(NotAllowed, match="自己记的"):
            verb(actor=mine, objection_id=made.id, answer=ANSWER, now=LATER)


def _fields(actor):
    return {name: getattr(actor, name) for name in ("kind", "label", "name", "where", "grants")}


def test_who_confirmed_the_line_does_not_look_into_it(month):
    record = month.street.make(
        month.household, "household", "2.1", source="claim", note="居民大会", now=PUBLISHED - timedelta(days=3)
    )
    record.state = "passed"
    db.session.flush()
    community = month.street.tree.community
    secretary = actor_of(month.secretary, "secretary", community.path)
    given = {"actor": secretary, "community": community, "month": 202612, "now": PUBLISHED + timedelta(days=30)}
    service.confirm(**given, record_ids=[record.id])
    row = publish(month.street, secretary, 202612, PUBLISHED + timedelta(days=30))
    made = month.lodge(1, month_id=row.id, now=PUBLISHED + timedelta(days=31))
    with pytest.raises(NotAllowed, match="您审核过的"):
        service.acknowledge(actor=secretary, objection_id=made.id, now=PUBLISHED + timedelta(days=31))


def test_the_own_household_and_declared_relatives_are_recused(month):
    made = month.lodge()
    lead = db.session.get_one(type(make_person(household=month.neighbour)), month.lead.person_id)
    lead.household_id = month.neighbour.id  # whoever objects is the lead's own household
    db.session.flush()
    with pytest.raises(NotAllowed, match="提出异议的住户：这是您自己家"):
        service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    lead.household_id = None
    db.session.add(Kinship(person_id=lead.id, household_id=month.household.id, relation="姐姐", declared_at=LATER))
    db.session.flush()
    with pytest.raises(NotAllowed, match="亲属"):
        service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)


def test_it_is_decided_once(month):
    made = month.lodge()
    service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    with pytest.raises(AlreadyUsed, match="已经受理"):
        service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(AlreadyUsed, match="已经答复过了，结果是不成立"):
            verb(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)


@pytest.mark.parametrize("answer", ["", "  ", "不行", "长" * 201])
def test_an_answer_says_what_was_found(month, answer):
    made = month.lodge()
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(Invalid, match="写明调查的结果"):
            verb(actor=month.lead, objection_id=made.id, answer=answer, now=LATER)


def test_a_grid_lead_of_another_grid_does_not_find_it(month):
    made = month.lodge()
    grid = month.street.tree.grids[1]
    other = actor_of(make_user(post="grid_lead", area=grid), "grid_lead", grid.path)
    with pytest.raises(NotFound):
        service.acknowledge(actor=other, objection_id=made.id, now=LATER)


# The end of the month -------------------------------------------------------------------------------------------------


def test_a_month_closes_when_the_window_is_over_and_everything_is_answered(month):
    made = month.lodge()
    assert service.close_due(TOO_LATE - timedelta(seconds=1)) == 0
    assert service.close_due(TOO_LATE) == 0
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=TOO_LATE)
    assert service.close_due(TOO_LATE) == 1
    assert month.row.state == "closed"
    assert service.close_due(TOO_LATE) == 0


def test_the_secretary_closes_it_by_hand_and_is_told_what_is_missing(month):
    actor = actor_of(month.secretary, "secretary", month.street.tree.community.path)
    month.lodge()
    with pytest.raises(Conflict, match="异议期到 2026-12-02"):
        service.close(actor=actor, month_id=month.row.id, now=LATER)
    with pytest.raises(Conflict, match="还有 1 条异议没有答复"):
        service.close(actor=actor, month_id=month.row.id, now=TOO_LATE)


@both_databases
def test_of_a_closed_month_nothing_is_recorded_or_objected_to_any_more(month):
    service.close_due(TOO_LATE)
    with pytest.raises(Gone, match="已经关账"):
        month.lodge(now=TOO_LATE)
    given = {"now": TOO_LATE, "happened_at": PUBLISHED}
    with pytest.raises(Conflict, match="2026 年 11 月 25 日及以前的账已经关了"):
        month.street.make(month.household, "household", "1.1", 30, **given)
    month.street.make(month.household, "household", "1.1", 30, now=TOO_LATE)


def test_the_next_seal_covers_what_was_answered(month):
    made = month.lodge()
    month.lodge(BAD)
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    secretary = actor_of(month.secretary, "secretary", month.street.tree.community.path)
    row = publish(month.street, secretary, 202612, PUBLISHED + timedelta(days=30))
    sealed = json.loads(row.content)["objections"]
    assert sealed == [[202611, 1, GOOD, "not_happened", "2026-11-25", "2026-11-27", 2, "dismissed"]]
    assert made.sealed_in_id == row.id
    assert json.loads(month.row.content)["objections"] == []


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
def test_of_two_who_decide_at_once_one_decides(app, month):
    made = month.lodge()
    second = actor_of(
        make_user(post="group_head", area=month.street.tree.community), "group_head", month.street.tree.community.path
    )
    ident, first = made.id, month.lead
    db.session.commit()
    outcome = at_once(
        app,
        [
            lambda: service.uphold(actor=first, objection_id=ident, answer=ANSWER, now=LATER),
            lambda: service.dismiss(actor=second, objection_id=ident, answer=ANSWER, now=LATER),
        ],
    )
    assert outcome == {"done": 1, "AlreadyUsed": 1}
    db.session.expire_all()
    clean()


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
    db.session.add(
        Rectification(
            record_id=old.id,
            client_key="half",
            state="confirmed",
            label="巡查员",
            at=PUBLISHED,
            decided_at=PUBLISHED,
            new_record_id=half.id,
        )
    )
    db.session.flush()
    made = month.lodge(BAD, month.household)
    service.uphold(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    assert (old.state, half.state) == ("reversed", "reversed")
    clean()
