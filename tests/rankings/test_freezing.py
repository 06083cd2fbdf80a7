"""Places are frozen at the publication, and nothing changes them afterwards."""

from __future__ import annotations

import pytest

from tests.conftest import both_databases
from tests.factories import make_household
from tests.rankings.conftest import at
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.rankings import queries, service


@both_databases
def test_what_was_earned_and_deducted_since_the_last_publication_is_ranked_and_what_is_spent_is_not(town):
    town.give(town.liu, 5)
    town.give(town.chen, 8)
    town.give(town.wang, 3)
    town.give(town.wang, -1)
    town.freeze(202611)
    found = town.frozen(town.homes, 202611)
    assert [(one.place, one.name, one.spot, one.points) for one in found] == [
        (1, "陈*新家", "文林路12号院", 80),
        (2, "刘*梅家", "文林路3号院", 50),
        (3, "王*二家", "文林路3号院", 20),
    ]


def test_equal_points_share_a_place_the_next_is_skipped_and_they_stand_by_name(town):
    town.give(make_household(courtyard=town.small, name="安心"), 9)
    for home in (town.wang, town.liu, town.chen):
        town.give(home, 5)
    town.give(make_household(courtyard=town.small, name="周末"), 1)
    town.freeze(202611)
    found = town.frozen(town.homes, 202611)
    assert [(one.position, one.place, one.name[0]) for one in found] == [
        (1, 1, "安"),
        (2, 2, "陈"),
        (3, 2, "刘"),
        (4, 2, "王"),
        (5, 5, "周"),
    ]


def test_a_courtyard_shows_what_rolled_up_from_households_and_what_is_its_own(town):
    town.give(town.liu, 5)
    town.give(town.big, 3)
    town.freeze(202611)
    (yard,) = town.frozen(town.yards, 202611)
    assert (yard.points, yard.rolled, yard.own) == (80, 50, 30)


@both_databases
def test_the_next_month_begins_where_the_last_one_was_frozen_whatever_the_calendar_says(town):
    town.give(town.liu, 5, now=at(20))
    town.freeze(202611, now=at(25))
    town.give(town.liu, 7, now=at(28))
    town.give(town.liu, 2, now=at(3, 12))
    town.freeze(202612, now=at(25, 12))
    town.give(town.liu, 1, now=at(30, 12))
    town.freeze(202701, now=at(25, 1, 2027))
    assert [town.points(town.homes, month)["刘*梅家"] for month in (202611, 202612, 202701)] == [50, 90, 10]


def test_quarter_and_year_are_sums_of_frozen_months(town):
    for month, points in ((202609, 1), (202610, 2), (202611, 4)):
        town.give(town.liu, points)
        town.freeze(month)
    assert town.points(town.homes, 202611) == {"刘*梅家": 40}
    assert town.points(town.homes, 202611, "quarter") == {"刘*梅家": 60}
    assert town.points(town.homes, 202611, "year") == {"刘*梅家": 70}
    assert town.points(town.homes, 202609, "quarter") == {"刘*梅家": 10}


def test_a_correction_counts_in_the_month_in_which_it_is_posted(town):
    line = town.give(town.liu, 5)
    town.freeze(202611)
    town.take_back(line, now=at(27))
    assert town.points(town.homes, 202611) == {"刘*梅家": 50}
    town.freeze(202612, now=at(25, 12))
    assert town.points(town.homes, 202612) == {"刘*梅家": -50}
    assert town.points(town.homes, 202612, "quarter") == {"刘*梅家": 0}


@both_databases
def test_freezing_goes_on_after_a_crash_and_twice_is_once(town):
    town.give(town.liu, 5)
    given = {"community_id": town.id, "month": 202611, "minus_names": False, "now": at()}
    assert service.freeze(**given) is None
    db.session.commit()
    assert service.freeze(**given) is None
    db.session.rollback()
    digest = town.freeze(202611)
    town.give(town.liu, 5)
    assert town.freeze(202611) == digest
    assert town.points(town.homes, 202611) == {"刘*梅家": 50}
    assert len(digest) == 64


def test_before_it_is_whole_nobody_sees_it(town):
    town.give(town.liu, 5)
    service.freeze(community_id=town.id, month=202611, minus_names=False, now=at())
    assert queries.newest(town.id) is None
    with pytest.raises(NotFound, match="还没有公示过排行"):
        queries.of_month(town.id, 202611)


@both_databases
def test_the_database_itself_refuses_to_change_what_is_frozen(town):
    town.give(town.liu, 5)
    town.freeze(202611)
    for statement in (
        "UPDATE ranked_place SET points = 9",
        "DELETE FROM ranked_place",
        "DELETE FROM ranking",
        "UPDATE ranking SET minus_names = NOT minus_names",
    ):
        with pytest.raises(Exception, match="append-only|has ended"), db.session.begin_nested():
            db.session.execute(db.text(statement))


def test_a_changed_name_or_a_household_that_left_changes_nothing_that_is_frozen(town):
    town.give(town.liu, 5)
    town.give(town.wang, 4)
    town.freeze(202611)
    town.liu.name, town.wang.active = "改了", False
    town.give(town.chen, 1)
    town.freeze(202612)
    assert [one.name for one in town.frozen(town.homes, 202611)] == ["刘*梅家", "王*二家"]
    assert [one.name for one in town.frozen(town.homes, 202612)] == ["陈*新家", "改*家"]


def test_a_household_that_comes_back_does_not_get_the_months_before_again(town):
    town.give(town.wang, 4)
    town.wang.active = False
    town.freeze(202611)
    town.wang.active = True
    town.give(town.wang, 1)
    town.freeze(202612)
    assert town.points(town.homes, 202612) == {"王*二家": 10}
