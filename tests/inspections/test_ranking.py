"""Ranks, leagues, ties and points by rank, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.points import Points
from webapp.inspections.ranking import Item, Reward, Scored, SheetText, ranks

ITEMS = (Item("地面", 200, 40), Item("楼道", 200, 40))


def sheet(*rewards: Reward, **more) -> SheetText:
    return SheetText(items=ITEMS, rewards=rewards, **more)


def places(*scores: int, league: int = 0) -> list[Scored]:
    return [Scored(number, league, (score, 0)) for number, score in enumerate(scores)]


def ranked(text: SheetText, found: list[Scored]) -> list[int]:
    return [place.rank for _, place in sorted(ranks(text, found).items())]


def points(text: SheetText, found: list[Scored]) -> list[int]:
    return [place.points.tenths for _, place in sorted(ranks(text, found).items())]


def test_equal_scores_share_a_rank_and_the_next_one_is_left_out():
    assert ranked(sheet(), places(100, 90, 90, 80)) == [1, 2, 2, 4]


def test_a_scheme_may_break_ties_by_the_order_of_its_items():
    one, two = Scored(1, 0, (80, 120)), Scored(2, 0, (120, 80))
    assert [ranks(sheet(), [one, two])[yard].rank for yard in (1, 2)] == [1, 1]
    assert [ranks(sheet(tie="items"), [one, two])[yard].rank for yard in (1, 2)] == [2, 1]


def test_who_is_equal_in_every_item_shares_the_rank_all_the_same():
    assert ranked(sheet(tie="items"), places(100, 100, 80)) == [1, 1, 3]


def test_leagues_are_ranked_each_for_itself():
    found = ranks(sheet(), [Scored(1, 0, (40, 0)), Scored(2, 1, (200, 0)), Scored(3, 1, (160, 0))])
    assert [(found[yard].rank, found[yard].size) for yard in (1, 2, 3)] == [(1, 1), (1, 2), (2, 2)]


def test_points_go_by_places_from_the_top_and_from_the_bottom():
    text = sheet(Reward("first", 1, 1, 100), Reward("first", 2, 3, 50), Reward("last", 1, 2, -20))
    assert points(text, places(100, 90, 80, 70, 60, 50)) == [100, 50, 50, 0, -20, -20]


def test_a_shared_last_place_is_the_last_for_all_who_share_it():
    text = sheet(Reward("last", 1, 1, -20))
    assert points(text, places(100, 60, 60)) == [0, -20, -20]


def test_the_first_line_that_fits_counts_so_that_a_small_league_loses_nothing_it_has_won():
    text = sheet(Reward("first", 1, 3, 100), Reward("last", 1, 2, -20))
    assert points(text, places(100, 90)) == [100, 100]


def test_points_by_share_of_those_ranked():
    text = sheet(Reward("share", 0, 20, 100), Reward("share", 20, 50, 50))
    assert points(text, places(*range(100, 0, -10))) == [100, 100, 50, 50, 50, 0, 0, 0, 0, 0]


def test_courtyards_fall_into_leagues_by_their_households():
    text = sheet(leagues=(4, 8))
    assert [text.league_of(households) for households in (0, 4, 5, 8, 9, 60)] == [0, 0, 1, 1, 2, 2]
    assert [text.league_name(league) for league in range(3)] == [
        "小院（4 户以下）",
        "中院（5～8 户）",
        "大院（9 户以上）",
    ]
    assert sheet().league_name(0) == "全部院落"


def test_a_sheet_is_read_as_it_was_kept():
    text = sheet(Reward("share", 0, 10, 100), leagues=(4,), tie="items", proof="photo", coverage=75)
    assert SheetText.read(text.kept) == text


@given(st.lists(st.sampled_from(range(0, 201, 40)), max_size=30), st.sampled_from(["skip", "items"]))
def test_a_better_score_never_has_a_worse_rank_nor_fewer_points(scores, tie):
    text = sheet(Reward("first", 1, 3, 100), Reward("last", 1, 2, -20), tie=tie)
    found = ranks(text, places(*scores))
    assert len(found) == len(scores)
    for one, score in enumerate(scores):
        assert found[one].rank == 1 + sum(other > score for other in scores)
        for other, theirs in enumerate(scores):
            if score > theirs:
                assert found[one].points >= found[other].points


@pytest.mark.parametrize(
    ("reward", "words"),
    [
        (Reward("first", 1, 3, 100), "第 1～3 名 +10 分"),
        (Reward("last", 1, 1, -20), "倒数第 1 名 −2 分"),
        (Reward("share", 0, 10, 5), "前 0～10% +0.5 分"),
    ],
)
def test_a_reward_says_what_it_gives(reward, words):
    assert reward.words == words


def test_no_reward_is_no_points():
    assert sheet().reward(1, 1, 1) == Points(0)


def test_a_league_below_its_least_size_is_ranked_without_points_and_says_why():
    text = sheet(Reward("first", 1, 1, 100), Reward("last", 1, 1, -20), least=3)
    assert points(text, places(100)) == [0]
    assert points(text, places(100, 80)) == [0, 0]
    assert points(text, places(100, 80, 60)) == [100, 0, -20]
    assert ranked(text, places(100, 80)) == [1, 2]
    assert text.too_few(2) == "这一组只查到 2 个院，不到 3 个，只排名、不计分"
    assert [text.too_few(3), text.too_few(None), sheet(least=3).too_few(1)] == ["", "", ""]


def test_a_small_league_takes_nothing_from_a_large_one():
    text = sheet(Reward("first", 1, 1, 100), leagues=(4,), least=3)
    found = ranks(text, [*places(100, 90, 80), Scored(9, 1, (10, 0))])
    assert [found[yard].points.tenths for yard in (0, 1, 2, 9)] == [100, 0, 0, 0]


def test_a_sheet_from_before_leagues_had_a_least_size_stays_as_it_was():
    kept = sheet(Reward("first", 1, 1, 100)).kept
    del kept["least"]
    assert points(SheetText.read(kept), places(100)) == [100]
