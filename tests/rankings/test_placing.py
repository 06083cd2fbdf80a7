"""Leagues and places, without a database."""

from __future__ import annotations

import pytest

from webapp.rankings.placing import Figure, Sizes, again, improved, league_order, order_of, placed, trade_leagues


def figure(
    name: str, points: int, *, league: str = "全部住户", previous: int | None = None, active: bool = True
) -> Figure:
    return Figure(
        holder_id=len(name) * 1000 + ord(name[0]),
        league=league,
        name=name,
        spot="",
        order=order_of("", name),
        path="/1/",
        active=active,
        points=points,
        rolled=0,
        previous=previous,
        net=0,
        net_rolled=0,
    )


@pytest.mark.parametrize(
    ("households", "league"), [(0, "小院"), (3, "小院"), (4, "中院"), (8, "中院"), (9, "大院"), (40, "大院")]
)
def test_courtyards_are_compared_with_those_of_their_size(households, league):
    assert Sizes(3, 9).league(households).startswith(league)


def test_leagues_stand_from_small_to_large_and_what_is_left_over_last():
    found = ["其他行业", "大院（9 户以上）", "五金", "小院（3 户以内）", "中院（4 到 8 户）"]
    order = sorted(found, key=league_order)
    assert order == ["小院（3 户以内）", "中院（4 到 8 户）", "大院（9 户以上）", "五金", "其他行业"]


def test_a_trade_with_too_few_shops_goes_to_the_others():
    assert trade_leagues(["餐饮"] * 3 + ["五金", ""]) == {"餐饮": "餐饮", "五金": "其他行业", "": "其他行业"}


def test_each_league_has_places_of_its_own_and_who_is_gone_has_none():
    found = placed(
        [figure("甲", 9, league="a"), figure("乙", 7, league="b"), figure("丙", 8, league="a", active=False)]
    )
    assert [(one.league, one.place, one.name) for one in found] == [("a", 1, "甲"), ("b", 1, "乙")]


def test_numbers_in_names_stand_by_their_size():
    found = placed([figure("文林路12号院", 5), figure("文林路3号院", 5)])
    assert [one.name for one in found] == ["文林路3号院", "文林路12号院"]


def test_the_most_improved_are_those_with_more_than_before_and_the_new_are_left_out():
    found = improved(
        placed(
            [
                figure("少了", 50, previous=60),
                figure("新来", 90),
                figure("一样", 5, previous=5),
                figure("多三", 8, previous=5),
                figure("也多三", 4, previous=1),
                figure("多九", 9, previous=0),
            ]
        )
    )
    assert [(one.place, one.name, one.improvement) for one in found] == [
        (1, "多九", 9),
        (2, "多三", 3),
        (2, "也多三", 3),
    ]


def test_those_of_one_grid_are_placed_anew_among_themselves():
    found = placed([figure("甲", 9), figure("乙", 7), figure("丙", 7), figure("丁", 5)])
    assert [(one.position, one.place) for one in again(found[1:])] == [(1, 1), (2, 1), (3, 3)]
