"""Who is where: leagues, places and their order. Nothing here reads or writes.

The rule: more points stand before fewer; equal points share a place and the next place is skipped (1, 2, 2, 4); those
who share a place stand in the order of their names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

TIES = "分数相同，名次相同，后面的名次空出来；同名次的按名称排列。"
NEW = "上一期从头就在榜上的才比进步，新来的下一期再比。"
OTHER_TRADES = "其他行业"
LEAST_OF_TRADE = 3  # shops that make a league of their own

_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Figure:
    """What a holder comes to in a period, before it has a place. ``previous``: None if it was not there all the time."""

    holder_id: int
    league: str
    name: str
    spot: str
    order: str
    path: str
    active: bool
    points: int
    rolled: int
    previous: int | None
    net: int
    net_rolled: int


class Standing(NamedTuple):
    """A holder's place in its league; ``position`` is the order in which the league is listed, from 1."""

    holder_id: int
    league: str
    position: int
    place: int
    name: str
    spot: str
    points: int
    rolled: int
    previous: int | None

    @property
    def own(self) -> int:
        """What did not come from households, in tenths."""
        return self.points - self.rolled

    @property
    def improvement(self) -> int | None:
        return None if self.previous is None else self.points - self.previous


def order_of(initials: str, name: str) -> str:
    """Names as people look for them: by their sound, numbers by their size (3 号院 before 12 号院)."""
    return _DIGITS.sub(lambda found: found[0].zfill(6), f"{initials} {name}")


def placed(figures: Iterable[Figure]) -> list[Standing]:
    """All active holders with their places, league by league in the leagues' order."""
    leagues: dict[str, list[Figure]] = defaultdict(list)
    for one in figures:
        if one.active:
            leagues[one.league].append(one)
    return [standing for league in sorted(leagues, key=league_order) for standing in _league(leagues[league])]


def _league(figures: list[Figure]) -> list[Standing]:
    figures.sort(key=lambda one: (-one.points, one.order, one.holder_id))
    found: list[Standing] = []
    for position, one in enumerate(figures, start=1):
        tied = found and found[-1].points == one.points
        place = found[-1].place if tied else position
        found.append(
            Standing(
                one.holder_id, one.league, position, place, one.name, one.spot, one.points, one.rolled, one.previous
            )
        )
    return found


def again(standings: Sequence[Standing]) -> list[Standing]:
    """The same holders, placed anew among themselves: of one grid, for example. They stand in their order already."""
    found: list[Standing] = []
    for one in standings:
        same = found[-1:] if found and found[-1].league == one.league else []
        position = found[-1].position + 1 if same else 1
        place = same[0].place if same and same[0].points == one.points else position
        found.append(one._replace(position=position, place=place))
    return found


def improved(standings: Iterable[Standing]) -> list[Standing]:
    """Those with more points than in the period before, the most improved first. ``place`` is that of the improvement,
    with ties as always."""
    better = [one for one in standings if (one.improvement or 0) > 0]
    better.sort(key=lambda one: (-(one.improvement or 0), one.league, one.position))
    found: list[Standing] = []
    for position, one in enumerate(better, start=1):
        tied = found and found[-1].improvement == one.improvement
        found.append(one._replace(position=position, place=found[-1].place if tied else position))
    return found


# Leagues --------------------------------------------------------------------------------------------------------------


class Sizes(NamedTuple):
    """From how many households on a courtyard is middle-sized or large."""

    small_to: int
    large_from: int

    def league(self, households: int) -> str:
        if households <= self.small_to:
            return f"小院（{self.small_to} 户以内）"
        if households >= self.large_from:
            return f"大院（{self.large_from} 户以上）"
        low, high = self.small_to + 1, self.large_from - 1
        return f"中院（{low} 户）" if low == high else f"中院（{low} 到 {high} 户）"


def league_order(league: str) -> tuple[int, str]:
    """Small before middle before large; what is left over last; the others by name."""
    known = ("小院", "中院", "大院")
    if league == OTHER_TRADES:
        return len(known) + 1, league
    return known.index(league[:2]) if league[:2] in known else len(known), league


def trade_leagues(trades: Iterable[str]) -> dict[str, str]:
    """A trade with too few shops to compare goes to the others."""
    counted: dict[str, int] = defaultdict(int)
    for trade in trades:
        counted[trade] += 1
    return {trade: trade if trade and count >= LEAST_OF_TRADE else OTHER_TRADES for trade, count in counted.items()}
