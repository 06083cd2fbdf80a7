"""What a sheet of the monthly yard inspection says, and the ranks that come of it. No database and no clock here.

Marks (分) are tenths like points, but they are none: they stand on the sheet and make a score, the score a rank within
a league of comparable courtyards, and only the rank gives points.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from webapp.core.points import Points, show_signed

#: Whether each place needs a photo.
SHEET_PROOFS = {"none": "不要求照片", "loss": "扣了分的要照片", "photo": "每个院都要照片"}
#: What becomes of equal scores.
TIES = {
    "skip": "同分同名次，后面的名次空出来（两个第 1 名之后是第 3 名）",
    "items": "同分的依次比评分表第 1 项、第 2 项……，各项都一样才并列",
}
#: How a reward counts places.
REWARD_KINDS = {"first": "前几名", "last": "倒数几名", "share": "前百分之几"}
LEAGUE_NAMES = {
    1: ("全部院落",),
    2: ("小院", "大院"),
    3: ("小院", "中院", "大院"),
    4: ("小院", "中院", "大院", "特大院"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the sheet: marks from 0 to ``full`` in steps of ``step`` (tenths)."""

    name: str
    full: int
    step: int
    hint: str = ""

    @property
    def steps(self) -> list[int]:
        """The marks that may be given, in tenths, none first."""
        return [*range(0, self.full, self.step), self.full]


@dataclass(frozen=True, slots=True)
class Reward:
    """Points (tenths with sign) for places ``first`` to ``last``: from the top, from the bottom, or in percent of those
    ranked (``share``: more than ``first`` percent, up to ``last``)."""

    by: str
    first: int
    last: int
    points: int

    def fits(self, rank: int, from_bottom: int, size: int) -> bool:
        if self.by == "share":
            return self.first * size < rank * 100 <= self.last * size
        place = rank if self.by == "first" else from_bottom
        return self.first <= place <= self.last

    @property
    def words(self) -> str:
        """``第 1～3 名 +10 分``."""
        span = f"{self.first}" if self.first == self.last else f"{self.first}～{self.last}"
        named = {"first": f"第 {span} 名", "last": f"倒数第 {span} 名", "share": f"前 {span}%"}
        return f"{named[self.by]} {show_signed(self.points)} 分"


@dataclass(frozen=True, slots=True)
class SheetText:
    """What one version of a sheet says. ``leagues``: the largest number of households of each league but the last;
    ``coverage``: percent of the places that must be scored before ranks count; ``least``: scored courtyards that a league
    needs before its ranks give points: alone one is first whatever one does. A smaller league is not joined to another,
    because like is compared with like (domain.md, section 15); its courtyards are ranked without points."""

    items: tuple[Item, ...]
    rewards: tuple[Reward, ...]
    proof: str = "none"
    tie: str = "skip"
    coverage: int = 90
    leagues: tuple[int, ...] = field(default=())
    least: int = 1

    @classmethod
    def read(cls, content: dict[str, Any]) -> SheetText:
        """As it was kept (``kept``)."""
        return cls(
            items=tuple(Item(**item) for item in content["items"]),
            rewards=tuple(Reward(**reward) for reward in content["rewards"]),
            proof=content["proof"],
            tie=content["tie"],
            coverage=content["coverage"],
            leagues=tuple(content["leagues"]),
            least=content.get("least", 1),  # sheets from before there was one stay as they were
        )

    @property
    def kept(self) -> dict[str, Any]:
        """As plain data, for the database."""
        return asdict(self)

    @property
    def full(self) -> int:
        """The highest score there is, in tenths."""
        return sum(item.full for item in self.items)

    def league_of(self, households: int) -> int:
        """The league of a courtyard with so many households, from 0."""
        return sum(households > bound for bound in self.leagues)

    def league_name(self, league: int) -> str:
        """``中院（5～8 户）``; all courtyards if there is one league."""
        names = LEAGUE_NAMES[len(self.leagues) + 1]
        if not self.leagues:
            return names[0]
        lowest = self.leagues[league - 1] + 1 if league else 0
        if league == len(self.leagues):
            return f"{names[league]}（{lowest} 户以上）"
        return (
            f"{names[league]}（{self.leagues[league]} 户以下）"
            if not league
            else f"{names[league]}（{lowest}～{self.leagues[league]} 户）"
        )

    def too_few(self, size: int | None) -> str:
        """Why the ranks of a league with so many scored courtyards give no points, in words; empty if they do."""
        if not self.rewards or not size or size >= self.least:
            return ""
        return f"这一组只查到 {size} 个院，不到 {self.least} 个，只排名、不计分"

    def reward(self, rank: int, from_bottom: int, size: int) -> Points:
        """The first line that fits gives the points; none fits, or too few to compare: no points."""
        if size < self.least:
            return Points(0)
        found = (reward.points for reward in self.rewards if reward.fits(rank, from_bottom, size))
        return Points(next(found, 0))


class Scored(NamedTuple):
    """A courtyard and its marks, in the order of the sheet."""

    courtyard_id: int
    league: int
    marks: Sequence[int]


class Ranked(NamedTuple):
    """Where a courtyard stands among the ``size`` scored ones of its league; ``same`` share its rank."""

    rank: int
    size: int
    same: int
    points: Points


def ranks(sheet: SheetText, places: Iterable[Scored]) -> dict[int, Ranked]:
    """Each scored courtyard's rank and points, by its id. Equal ones share the rank, and the following ranks are skipped."""
    leagues: dict[int, list[Scored]] = defaultdict(list)
    for place in places:
        leagues[place.league].append(place)
    return {yard_id: found for league in leagues.values() for yard_id, found in _of_league(sheet, league)}


def _of_league(sheet: SheetText, places: list[Scored]) -> list[tuple[int, Ranked]]:
    keys = {place.courtyard_id: _key(sheet, place) for place in places}
    ordered = sorted(keys.values(), reverse=True)
    found = []
    for yard_id, key in keys.items():
        rank, same = ordered.index(key) + 1, ordered.count(key)
        from_bottom = len(ordered) - rank - same + 2
        found.append((yard_id, Ranked(rank, len(ordered), same, sheet.reward(rank, from_bottom, len(ordered)))))
    return found


def _key(sheet: SheetText, place: Scored) -> tuple[int, ...]:
    total = sum(place.marks)
    return (total, *place.marks) if sheet.tie == "items" else (total,)
