"""The eight schemes load as they are and say what they should."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from tests.conftest import both_databases
from tests.factories import make_community
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes import presets, queries, service
from webapp.schemes.models import Category, Rule, Scheme


def load(code: str) -> Scheme:
    return service.load_preset(code, area=make_community().community, actor=SYSTEM, now=clock.now())


@both_databases
@pytest.mark.parametrize("code", presets.CODES)
def test_every_preset_loads_with_rules_that_judge_today(app, code):
    scheme = load(code)

    rules = queries.current_rules(scheme.id, clock.today())
    assert rules
    assert all(rule.recorders for rule in rules)
    assert len({rule.code for rule in rules}) == len(rules)


def test_the_shop_scheme_has_eight_categories_and_thirty_seven_rules(app):
    scheme = load("shop")

    assert db.session.scalar(select(func.count()).where(Category.scheme_id == scheme.id)) == 8
    assert db.session.scalar(select(func.count()).where(Rule.scheme_id == scheme.id)) == 37
    names = {category.name for category in queries.categories(scheme.id)}
    assert {"弘扬美德", "管理评价", "门前五包"} <= names
    assert scheme.floor is None
    assert not scheme.spendable


def test_the_household_scheme_rolls_up_to_its_courtyards(app):
    scheme = load("household")

    assert scheme.rolls_up_to is not None
    assert scheme.rolls_up_to.holder_kind == "courtyard"
    assert [category.name for category in queries.categories(scheme.id)] == [
        "人居环境",
        "小区建设",
        "爱心公益",
        "社会综治",
        "其他",
    ]


def test_halves_are_kept_as_tenths(app):
    scheme = load("neighbour")

    sharing = next(rule for rule in queries.current_rules(scheme.id, clock.today()) if rule.code == "1.4")
    assert sharing.lowest == Points(5)
    assert sharing.score == "+0.5"


def test_the_same_preset_loads_once_in_an_area(app):
    area = make_community().community
    service.load_preset("shop", area=area, actor=SYSTEM, now=clock.now())

    with pytest.raises(Conflict, match="已经有这个积分办法"):
        service.load_preset("shop", area=area, actor=SYSTEM, now=clock.now())
