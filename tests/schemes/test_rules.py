"""Rules are versioned: a change never touches what has been judged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.conftest import both_databases
from tests.factories import make_community
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict, Invalid, NotAllowed
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes import queries, service
from webapp.schemes.service import RuleText


@pytest.fixture
def category(app):
    scheme = service.load_preset("staff", area=make_community().community, actor=SYSTEM, now=clock.now())
    return queries.categories(scheme.id)[0]


def add(category, **more):
    text = RuleText(title="扫楼道", lowest=Points(20), highest=Points(20))
    given = {"code": "9.1", "text": text, "position": 9, "valid_from": clock.today(), **more}
    return service.add_rule(category=category, actor=SYSTEM, now=clock.now(), **given).rule


def change(rule, lowest=30, days=0):
    text = RuleText(title="扫楼道", lowest=Points(lowest), highest=Points(lowest))
    return service.change_rule(
        rule=rule, text=text, valid_from=clock.today() + timedelta(days=days), actor=SYSTEM, now=clock.now()
    )


def in_force(rule, days=0):
    rules = queries.current_rules(rule.scheme_id, clock.today() + timedelta(days=days))
    return [found.lowest.tenths for found in rules if found.rule_id == rule.id]


def test_a_change_from_today_judges_today_and_keeps_the_old_version(category):
    rule = add(category)
    change(rule)

    assert in_force(rule) == [30]
    assert [view.version for view in queries.versions_of(rule.id)] == [2, 1]


def test_a_change_for_later_leaves_today_as_it_is(category):
    rule = add(category)
    change(rule, days=5)

    assert in_force(rule) == [20]
    assert in_force(rule, days=4) == [20]
    assert in_force(rule, days=5) == [30]


def test_only_one_version_waits_for_its_day(category):
    rule = add(category)
    change(rule, days=5)

    with pytest.raises(Conflict, match="已有一个"):
        change(rule, days=3)


def test_a_change_cannot_reach_into_the_past(category):
    with pytest.raises(Invalid, match="不能早于今天"):
        change(add(category), days=-1)


def test_an_ended_rule_judges_until_its_last_day(category):
    rule = add(category)
    service.end_rule(rule=rule, last_day=clock.today(), actor=SYSTEM, now=clock.now())

    assert in_force(rule) == [20]
    assert in_force(rule, days=1) == []


@pytest.mark.parametrize(
    ("lowest", "highest", "words"),
    [(30, 20, "不能高于"), (-10, 10, "要么加分要么扣分"), (0, 0, "不能是 0"), (0, 99990, "最多")],
)
def test_points_that_cannot_be_are_refused(category, lowest, highest, words):
    with pytest.raises(Invalid, match=words):
        add(category, text=RuleText(title="扫楼道", lowest=Points(lowest), highest=Points(highest)))


def test_a_code_is_used_once_in_a_scheme(category):
    add(category)
    with pytest.raises(Conflict, match="已经有细则在用"):
        add(category)


def test_nobody_changes_the_rules_of_another_area(category):
    from webapp.core.actor import Actor

    stranger = Actor(kind="staff", label="邻居", grants={"schemes.edit": ("/999/",)})
    with pytest.raises(NotAllowed):
        service.change_category(category=category, name="别的", position=0, actor=stranger, now=clock.now())


# Rules are remembered under a stamp that the database itself changes -------------------------------------------------


@both_databases
def test_a_rule_renumbered_past_the_application_is_seen_at_once(category):
    rule = add(category)
    db.session.flush()
    assert in_force(rule)

    db.session.execute(text("UPDATE rule SET code = '9.8' WHERE id = :id"), {"id": rule.id})

    found = queries.current_rules(rule.scheme_id, clock.today())
    assert [view.code for view in found if view.rule_id == rule.id] == ["9.8"]


@both_databases
def test_a_rule_that_is_ended_after_a_look_is_seen_to_have_ended(category):
    rule = add(category)
    db.session.flush()
    assert in_force(rule, days=1)

    service.end_rule(rule=rule, last_day=clock.today(), actor=SYSTEM, now=clock.now())
    db.session.flush()

    assert in_force(rule, days=1) == []


@both_databases
def test_a_category_renamed_past_the_application_is_seen_at_once(category):
    rule = add(category)
    db.session.flush()
    assert in_force(rule)

    db.session.execute(text("UPDATE category SET name = '新名' WHERE id = :id"), {"id": category.id})

    found = queries.current_rules(rule.scheme_id, clock.today())
    assert {view.category for view in found if view.rule_id == rule.id} == {"新名"}


def test_a_change_that_is_taken_back_is_forgotten(category):
    rule = add(category)
    db.session.commit()
    savepoint = db.session.begin_nested()
    change(rule, lowest=50)
    assert in_force(rule) == [50]

    savepoint.rollback()

    assert in_force(rule) == [20]


def test_rules_that_nobody_changed_are_read_once(category, queries_sent):
    rule = add(category)
    db.session.commit()
    in_force(rule)
    queries_sent.clear()

    in_force(rule)

    assert [sql for sql in queries_sent if "rule_version" in sql] == []
    assert len(queries_sent) == 1
