"""A record is judged by the rule of its day, and brings the proof that the rule wants."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.factories import (
    make_community,
    make_scheme,
)
from tests.records.conftest import version_of
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import (
    Conflict,
    Invalid,
    NotFound,
)
from webapp.core.points import Points
from webapp.extensions import db
from webapp.records import queries
from webapp.schemes.service import RuleText, change_rule, end_rule

# The rule -------------------------------------------------------------------------------------------------------------


def changed(street, code: str, valid_from: date) -> None:
    version = version_of(street.schemes["shop"], code)
    text = RuleText(title="门前整洁", lowest=Points(10), highest=Points(10))
    change_rule(rule=version.rule, text=text, valid_from=valid_from, actor=SYSTEM, now=clock.now())


def test_a_version_that_was_replaced_does_not_judge_any_more(street):
    old = version_of(street.schemes["shop"], "1.1")
    changed(street, "1.1", clock.today())
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", rule_version_id=old.id, points=20)


def test_a_version_that_begins_tomorrow_does_not_judge_yet(street):
    old = version_of(street.schemes["shop"], "1.1")
    changed(street, "1.1", clock.today() + timedelta(days=1))
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", points=10)
    assert street.make(street.shop, "shop", "1.1", rule_version_id=old.id, points=20).points == 20


def test_an_ended_rule_judges_until_the_end_of_its_last_day(street):
    version = version_of(street.schemes["shop"], "1.1")
    end_rule(rule=version.rule, last_day=clock.today(), actor=SYSTEM, now=clock.now())
    street.make(street.shop, "shop", "1.1")
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", now=clock.now() + timedelta(days=1))


def test_a_rule_of_a_scheme_for_shops_cannot_be_used_on_a_household(street):
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.household, "shop", "1.1")


def test_a_rule_of_another_communitys_scheme_cannot_be_used(street):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    street.schemes["foreign"] = make_scheme(area=neighbour.community, code="shop")
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.shop, "foreign", "1.1")


def test_a_scheme_that_was_stopped_takes_no_records(street):
    street.schemes["shop"].active = False
    db.session.flush()
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.shop, "shop", "1.1")


def test_a_shop_that_was_closed_cannot_be_scored(street):
    street.shop.active = False
    db.session.flush()
    with pytest.raises(Conflict, match="已经停用"):
        street.make(street.shop, "shop", "1.1")


def test_a_rule_that_does_not_exist_is_not_found(street):
    with pytest.raises(NotFound):
        street.make(street.shop, "shop", "1.1", rule_version_id=999_999)


@pytest.mark.parametrize("points", [-60, -15, 0, 20, 50])
def test_points_outside_the_range_of_the_rule_are_refused(street, points):
    with pytest.raises(Invalid, match="−5 到 −2 分之间") as refused:
        street.make(street.shop, "shop", "1.8", points)
    assert refused.value.field == "points"


def test_a_fixed_score_cannot_be_changed(street):
    with pytest.raises(Invalid, match="只能记 2 分"):
        street.make(street.shop, "shop", "1.1", 30)


def test_a_half_point_within_the_range_is_kept_to_the_tenth(street):
    street.make(street.shop, "shop", "8.2", 35)
    assert str(street.balance(street.shop, "shop")) == "3.5"


# Proof ----------------------------------------------------------------------------------------------------------------


def test_a_rule_that_wants_a_photo_is_refused_without_one(street):
    with pytest.raises(Invalid, match="要附照片") as refused:
        street.make(street.shop, "shop", "1.2", photos=[])
    assert refused.value.field == "photos"


@pytest.mark.parametrize("note", ["", "  ", "\u200b"])
def test_a_rule_that_wants_a_note_is_refused_without_words(street, note):
    with pytest.raises(Invalid, match="要写说明"):
        street.make(street.shop, "shop", "2.1", note=note)


def test_three_photos_are_kept_and_a_fourth_is_refused(street):
    names = [f"{n}" * 64 for n in "1234"]
    record = street.make(street.shop, "shop", "1.2", photos=names[:3])
    assert queries.photos_of(record.id) == tuple(names[:3])
    with pytest.raises(Invalid, match="照片最多 3 张"):
        street.make(street.shop, "shop", "1.7", photos=names)


def test_a_note_of_301_characters_is_refused_and_one_of_300_is_kept(street):
    assert len(street.make(street.shop, "shop", "1.1", note="好" * 300).note) == 300
    with pytest.raises(Invalid, match="最多 300 个字"):
        street.make(street.shop, "shop", "1.3", note="好" * 301)


def test_a_source_that_is_none_is_refused(street):
    with pytest.raises(Invalid, match="来源不对"):
        street.make(street.shop, "shop", "1.1", source="gift")


def test_nothing_can_have_happened_in_the_future(street):
    with pytest.raises(Invalid, match="不能晚于现在"):
        street.make(street.shop, "shop", "1.1", happened_at=clock.now() + timedelta(minutes=1))
