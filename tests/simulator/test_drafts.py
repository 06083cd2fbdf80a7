"""Drafts: who writes them, what the months of the book come to by them, and their adoption."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.conftest import both_databases
from tests.factories import make_user
from tests.ledger.test_at_once import CLIENTS, at_once
from tests.records.conftest import actor_of, settle
from tests.simulator.conftest import NOW, SPAN, make_village, newest
from webapp.audit.models import AuditLine
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes.models import Rule, RuleVersion
from webapp.schemes.service import change_rule, end_rule
from webapp.simulator import queries, service
from webapp.simulator.models import RuleDraft


def whole(points: int) -> Points:
    return Points.whole(points)


@both_databases
def test_the_months_of_the_book_are_judged_by_the_draft(village):
    """刘: +2 +2 becomes +3 +3; 王: −2 ends. What waits, was taken back, or lies outside the months does not count."""
    sweep, litter = village.rule(), village.rule("乱扔垃圾", "-2")
    village.record(sweep, village.liu, date(2026, 8, 1), 2)
    village.record(sweep, village.liu, date(2026, 10, 31), 2)
    village.record(litter, village.wang, date(2026, 9, 15), -2)
    for day, state in ((date(2026, 7, 31), "posted"), (date(2026, 11, 1), "posted"), (date(2026, 9, 1), "reversed")):
        village.record(sweep, village.liu, day, 2, state)
    village.record(sweep, village.wang, date(2026, 9, 1), 2, "waiting")
    village.say(sweep, lowest=whole(3), highest=whole(3))
    village.say(litter, ends=True)
    total = village.outcome().total
    assert (total.count, total.before.issued, total.after.issued) == (3, 40, 60)
    assert (total.before.taken, total.after.taken) == (-20, 0)
    assert {key: one.change for key, one in village.outcome().gainers} == {village.liu.id: 20, village.wang.id: 20}


@both_databases
def test_a_new_cap_of_the_year_counts_what_happened_earlier_in_it(village):
    sweep = village.rule()
    for month in (3, 9, 10):
        village.record(sweep, village.liu, date(2026, month, 5), 2)
    village.say(sweep, cap_year=2)
    total = village.outcome().total
    assert (total.count, total.beyond, total.after.issued) == (2, 1, 20)


@both_databases
def test_the_half_that_stayed_after_a_rectification_is_half_of_the_new_deduction(village):
    litter = village.rule("乱扔垃圾", "-2", rectify_days=7, rectify_percent=50)
    taken_back = village.record(litter, village.wang, date(2026, 9, 1), -2, "reversed")
    half = village.record(litter, village.wang, date(2026, 9, 1), -1)
    settle(taken_back, NOW, half=half)
    village.say(litter, lowest=whole(-4), highest=whole(-4))
    db.session.flush()
    assert village.outcome().total.after.taken == -20


def test_a_draft_without_changes_changes_nothing_in_the_book(village):
    village.record(village.rule(cap_day=1), village.liu, date(2026, 9, 1), 2)
    assert village.outcome().total.change == 0
    assert village.outcome().unchanged == 1


def test_other_communities_do_not_come_in(village):
    other = make_village("永安社区")
    other.record(other.rule(), other.liu, date(2026, 9, 1), 2)
    assert village.outcome().total.count == 0


def test_the_last_whole_months_end_before_this_one():
    assert queries.last_months(date(2026, 11, 25), 3) == SPAN
    assert queries.last_months(date(2027, 1, 1), 1) == (date(2026, 12, 1), date(2026, 12, 31))
    assert queries.last_months(date(2027, 2, 28), 3) == (date(2026, 11, 1), date(2027, 1, 31))


def test_a_rule_put_back_to_what_it_is_leaves_the_draft(village):
    sweep = village.rule()
    assert village.say(sweep, title="扫楼道") is not None
    assert village.say(sweep) is None
    assert queries.changes(village.draft) == []


def test_what_is_written_into_a_draft_stands_in_the_audit_log(village):
    sweep = village.rule()
    village.say(sweep, lowest=whole(3), highest=whole(4), cap_day=1)
    village.say(sweep, ends=True)
    service.leave_rule(draft=village.draft, rule_id=sweep.rule_id, actor=SYSTEM, now=NOW)
    statement = select(AuditLine.action, AuditLine.detail).where(AuditLine.object_kind == "rule_draft")
    lines = db.session.execute(statement.order_by(AuditLine.id)).all()
    assert [line.action.split(":")[1] for line in lines] == ["begun", "changed", "changed", "left"]
    assert '"points": "3～4"' in lines[1].detail
    assert '"ends": true' in lines[2].detail


def test_a_draft_says_nothing_that_a_rule_could_not(village):
    with pytest.raises(Invalid, match="分值不能是 0"):
        village.say(village.rule(), lowest=whole(0), highest=whole(0))
    with pytest.raises(Invalid, match="1 到 1000"):
        village.say(village.rule(), cap_day=0)


def test_only_who_may_change_the_rules_writes_a_draft(village):
    worker = make_user(post="grid_worker", area=village.tree.grid)
    actor, sweep = actor_of(worker, "grid_worker", village.tree.grid.path), village.rule()
    with pytest.raises(NotAllowed):
        village.say(sweep, cap_day=1, actor=actor)
    for act in (service.drop, lambda **given: village.adopt(actor=given["actor"])):
        with pytest.raises(NotAllowed):
            act(draft=village.draft, actor=actor, now=NOW)


def test_nothing_changes_until_it_is_adopted_and_then_from_its_day_on(village):
    photo = {"proof": "photo", "recorders": ("secretary",), "rectify_days": 5, "rectify_percent": 50}
    litter, sweep = village.rule("乱扔垃圾", "-2", **photo), village.rule()
    village.say(litter, lowest=whole(-3), highest=whole(-3), cap_day=1)
    village.say(sweep, ends=True)
    assert newest(litter.rule).version == 1
    assert newest(sweep.rule).valid_to is None
    village.adopt()
    made = newest(litter.rule)
    assert (made.version, made.lowest, made.cap_day, made.valid_from) == (2, whole(-3), 1, date(2026, 12, 1))
    assert (made.proof, made.recorders, made.rectify_days, made.rectify_percent) == ("photo", ("secretary",), 5, 50)
    assert newest(sweep.rule).valid_to == date(2026, 11, 30)
    assert (village.draft.state, village.draft.valid_from) == ("adopted", date(2026, 12, 1))
    actions = list(db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)))
    assert actions[-3:] == ["rule:changed", "rule:ended", "rule-draft:adopted"]


def test_a_draft_is_adopted_once_and_not_after_it_was_dropped(village):
    sweep = village.rule()
    village.say(sweep, cap_day=1)
    village.adopt()
    for act in (village.adopt, lambda: village.say(sweep, cap_day=2), lambda: _drop(village)):
        with pytest.raises(AlreadyUsed, match="已采用"):
            act()


def test_a_dropped_draft_changes_nothing_any_more(village):
    village.say(village.rule(), cap_day=1)
    _drop(village)
    with pytest.raises(AlreadyUsed, match="已放弃"):
        village.adopt()


def _drop(village) -> None:
    service.drop(draft=village.draft, actor=SYSTEM, now=NOW)


def _change(version: RuleVersion, valid_from: date) -> None:
    text = service.text_of(newest(version.rule), service.as_before(newest(version.rule)))
    change_rule(rule=version.rule, text=text, valid_from=valid_from, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    "meanwhile",
    [
        lambda version: _change(version, date(2026, 11, 25)),
        lambda version: _change(version, date(2026, 12, 24)),
        lambda version: end_rule(rule=version.rule, last_day=date(2026, 12, 24), actor=SYSTEM, now=NOW),
    ],
    ids=["changed", "a version waits for its day", "ended"],
)
def test_a_rule_that_was_changed_meanwhile_is_named_and_nothing_is_adopted(village, meanwhile):
    sweep, other = village.rule("扫楼道"), village.rule()
    village.say(sweep, cap_day=1)
    village.say(other, cap_day=1)
    meanwhile(sweep)
    with pytest.raises(Conflict, match=f"{sweep.rule.code}「扫楼道」。"):
        village.adopt()
    assert newest(other.rule).version == 1


def test_a_changed_rule_that_was_looked_at_again_can_be_adopted(village):
    sweep = village.rule()
    village.say(sweep, cap_day=1)
    _change(sweep, date(2026, 11, 25))
    village.say(sweep, cap_day=1)
    village.adopt()
    assert (newest(sweep.rule).version, newest(sweep.rule).cap_day) == (3, 1)


def test_a_rule_whose_next_version_waits_cannot_be_drafted(village):
    sweep = village.rule()
    _change(sweep, date(2026, 12, 24))
    with pytest.raises(Conflict, match="2026-12-24 起生效"):
        village.say(sweep, cap_day=1)


def test_who_adopts_must_have_seen_the_draft_as_it_is(village):
    sweep = village.rule()
    village.say(sweep, cap_day=1)
    seen = village.draft.revision
    village.say(sweep, cap_day=2)
    with pytest.raises(Conflict, match="刚刚有人改过"):
        village.adopt(revision=seen)


def test_a_draft_is_not_adopted_for_the_past_nor_empty_nor_without_who_decided(village):
    with pytest.raises(Invalid, match="一条细则也没有改"):
        village.adopt()
    sweep = village.rule()
    village.say(sweep, cap_day=1)
    with pytest.raises(Invalid, match="不能早于今天"):
        village.adopt(valid_from=date(2026, 11, 24))
    with pytest.raises(Invalid, match="谁、在哪里决定"):
        village.adopt(decision="")
    village.say(sweep, ends=True)
    with pytest.raises(Invalid, match="最早从明天起"):
        village.adopt(valid_from=date(2026, 11, 25))


@both_databases
def test_of_many_who_adopt_at_once_one_does(app, village):
    sweep = village.rule()
    village.say(sweep, cap_day=1)
    key, revision = village.draft.id, village.draft.revision
    db.session.commit()

    def adopt(number: int) -> None:
        service.adopt(
            draft=db.session.get_one(RuleDraft, key),
            revision=revision,
            valid_from=date(2026, 12, 1) + timedelta(days=number),
            decision="会议通过",
            actor=SYSTEM,
            now=datetime(2026, 11, 25, 4, tzinfo=UTC),
        )

    assert at_once(app, adopt) == {"done": 1, "AlreadyUsed": CLIENTS - 1}
    db.session.rollback()
    assert newest(db.session.get_one(Rule, sweep.rule_id)).version == 2
