"""The three shapes of town that the demonstration knows (domain.md, sections 1 and 16), as data."""

from __future__ import annotations

from dataclasses import dataclass

COLOURS = ("green", "blue", "red", "yellow", "purple")
COLOUR_NAMES = {"green": "绿色网格", "blue": "蓝色网格", "red": "红色网格", "yellow": "黄色网格", "purple": "紫色网格"}
MICRO = ("一片区", "二片区", "三片区", "四片区", "五片区", "六片区")


@dataclass(frozen=True)
class Community:
    """One community to build. ``rows`` of courtyards are shared among its micro-grids in order."""

    name: str
    phone: str
    grids: int
    micro_grids: int
    courtyards: int
    households: int
    shops: int
    inspectors: int
    lane_heads: int = 0
    stations: int = 1


@dataclass(frozen=True)
class Town:
    """``per_day`` is about how many records a day are written, over the last ``days`` days."""

    county: str
    street: str
    communities: tuple[Community, ...]
    days: int = 90
    per_day: int = 32
    redemptions: int = 260
    ratings: int = 400


def _seat() -> tuple[Community, ...]:
    names = ["东关", "西关", "南关", "北关", "文昌", "永安", "和平", "迎泽", "府前", "新城", "滨河", "凤山"]
    return tuple(
        Community(
            name=f"{name}社区",
            phone=f"0358-55502{number:02}",
            grids=5,
            micro_grids=2,
            courtyards=6,
            households=18,
            shops=300,
            inspectors=4 if number < 4 else 3,
        )
        for number, name in enumerate(names)
    )


TOWNS = {
    "community": Town(
        county="昌宁县",
        street="城关街道",
        communities=(
            Community(
                name="昌宁社区",
                phone="0358-5550100",
                grids=3,
                micro_grids=3,
                courtyards=90,
                households=447,
                shops=48,
                inspectors=2,
                lane_heads=9,
                stations=2,
            ),
        ),
    ),
    "fivecolour": Town(
        county="昌宁县",
        street="永宁镇",
        communities=(
            Community(
                name="五彩社区",
                phone="0358-5550300",
                grids=5,
                micro_grids=2,
                courtyards=280,
                households=504,
                shops=60,
                inspectors=3,
                lane_heads=84,
                stations=2,
            ),
        ),
    ),
    "county": Town(county="昌宁县", street="城关街道", communities=_seat(), per_day=40, redemptions=60, ratings=1500),
}
