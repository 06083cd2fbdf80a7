"""A community with two courtyards and its households, and the months that it publishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_scheme,
    make_shop,
    serial,
)
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.ledger.book import Cause, EntryLine
from webapp.ledger.service import Posting, post, reverse
from webapp.places.models import Courtyard, Holder, Household
from webapp.rankings import queries, service
from webapp.rankings.placing import Standing
from webapp.schemes.models import Scheme


def at(day: int = 20, month: int = 11, year: int = 2026) -> datetime:
    return datetime(year, month, day, 4, tzinfo=UTC)


@dataclass
class Town:
    """``big`` has two households, ``small`` one. Points are whole."""

    tree: CommunityTree
    homes: Scheme
    shops: Scheme
    big: Courtyard
    small: Courtyard
    liu: Household
    wang: Household
    chen: Household
    months: list[int] = field(default_factory=list)

    @property
    def yards(self) -> Scheme:
        assert self.homes.rolls_up_to is not None
        return self.homes.rolls_up_to

    @property
    def id(self) -> int:
        return self.tree.community.id

    def give(self, holder: Holder, points: int, *, now: datetime | None = None) -> EntryLine:
        scheme = {"household": self.homes, "courtyard": self.yards, "shop": self.shops}[holder.kind]
        when = now or at()
        posting = Posting(
            amount=Points.whole(points),
            kind="record",
            cause=Cause("record", serial()),
            title="门前干净",
            happened_on=when.date(),
            guarded=False,
        )
        return post(holder_id=holder.id, scheme_id=scheme.id, posting=posting, actor=SYSTEM, now=when)

    def take_back(self, line: EntryLine, *, now: datetime | None = None) -> None:
        reverse(entry=line, cause=Cause("undo", serial()), reason="异议成立", actor=SYSTEM, now=now or at())

    def freeze(self, month: int, *, minus_names: bool = False, now: datetime | None = None) -> str:
        digest = None
        for _ in range(9):
            digest = service.freeze(community_id=self.id, month=month, minus_names=minus_names, now=now or at())
            if digest is not None:
                return digest
        raise AssertionError("it does not come to an end")

    def frozen(self, scheme: Scheme, month: int, period: str = "month") -> list[Standing]:
        return queries.standings(queries.of_month(self.id, month).id, period, scheme.id)

    def points(self, scheme: Scheme, month: int, period: str = "month") -> dict[str, int]:
        return {one.name: one.points for one in self.frozen(scheme, month, period)}


def make_town() -> Town:
    tree = make_community()
    homes, shops = make_scheme(area=tree.community), make_scheme(area=tree.community, code="shop")
    big = make_courtyard(area=tree.micro_grid, name="文林路3号院")
    small = make_courtyard(area=tree.micro_grids[-1], name="文林路12号院")
    liu = make_household(courtyard=big, name="刘红梅")
    wang = make_household(courtyard=big, name="王小二")
    chen = make_household(courtyard=small, name="陈立新")
    return Town(tree, homes, shops, big, small, liu, wang, chen)


@pytest.fixture
def town(app) -> Town:
    return make_town()


@pytest.fixture
def shop(town) -> Callable[..., Any]:
    def make(name: str, trade: str = "五金", **more: Any) -> Any:
        return make_shop(area=town.tree.micro_grid, name=name, trade=trade, **more)

    return make
