"""One frozen ranking as a resident chose to see it: the same for the kiosk, a phone and the link for chat groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.qrcodes.ranks import Rank
from webapp.rankings import queries
from webapp.rankings.models import PERIODS
from webapp.rankings.placing import Standing
from webapp.rankings.queries import Frozen, League, RankedScheme

KINDS = {"courtyard": "院落", "household": "住户", "shop": "商铺", "person": "个人"}
UNITS = {"courtyard": "个院落", "household": "户", "shop": "家", "person": "人"}
QUARTERS = "一二三四"


@dataclass(frozen=True)
class Board:
    """``league`` is None on the board of the most improved, which is of all leagues."""

    frozen: Frozen
    schemes: Sequence[RankedScheme]
    scheme: RankedScheme
    period: str
    leagues: Sequence[League]
    league: League | None

    @property
    def title(self) -> str:
        return f"{period_name(self.period, self.frozen.month)}{KINDS[self.scheme.kind]}排行"

    @property
    def unit(self) -> str:
        return UNITS[self.scheme.kind]

    @property
    def total(self) -> int:
        return self.league.size if self.league else 0

    def lines(self, first: int, most: int) -> list[Standing]:
        """Some lines from position ``first`` on."""
        if self.league is None:
            return []
        here = (self.frozen.id, self.period, self.scheme.id, self.league.name)
        return queries.lines(*here, after=first - 1, most=most)

    def improved(self) -> list[Standing]:
        return queries.improved_of(self.frozen.id, self.period, self.scheme.id)

    def own(self, holder_id: int | None) -> Standing | None:
        if holder_id is None:
            return None
        return queries.own_place(self.frozen.id, self.period, self.scheme.id, holder_id)

    def own_words(self, standing: Standing, whose: str) -> str:
        """``您家第 12 名，共 90 户``; whoever is below zero reads no place."""
        count = next((one.size for one in self.leagues if one.name == standing.league), 0)
        return f"{whose}第 {standing.place} 名，共 {count} {self.unit}"

    def hides(self, standing: Standing) -> bool:
        return self.frozen.hides(self.scheme.kind, standing.points)

    def name_of(self, scheme: RankedScheme) -> str:
        """What its pill says: the kind of holder, or the scheme's name where several are of one kind."""
        alike = sum(one.kind == scheme.kind for one in self.schemes)
        return scheme.name if alike > 1 else KINDS[scheme.kind]

    def here(self, **changed: Any) -> dict[str, Any]:
        """What leads to this board again, with something changed."""
        league = {"improved": 1} if self.league is None else {"league": self.league.name}
        kept = {"scheme": self.scheme.id, "period": self.period, "month": self.frozen.month, **league}
        if "scheme" in changed or "league" in changed:
            kept.pop("improved", None)
        if "scheme" in changed or changed.get("improved"):
            kept.pop("league", None)
        return kept | changed


def period_name(period: str, month: int) -> str:
    """``11 月``, ``第四季度``, ``2026 年``."""
    year, number = divmod(month, 100)
    return {"month": f"{number} 月", "quarter": f"第{QUARTERS[(number - 1) // 3]}季度", "year": f"{year} 年"}[period]


def rank_on_plate(community_id: int, scheme_id: int, holder_id: int) -> Rank | None:
    """For public pages (``qrcodes.ranks``): a holder's place in the newest frozen month."""
    frozen = queries.newest(community_id)
    own = queries.own_place(frozen.id, "month", scheme_id, holder_id) if frozen else None
    return Rank(f"{period_name('month', frozen.month)}排行", own.place, own.league) if frozen and own else None


def choose(community_id: int, asked: Mapping[str, str]) -> Board | None:
    """What the address asks for; nonsense becomes the first of its kind. None before the first publication.

    :raises NotFound: for a month that is not frozen.
    """
    typed = asked.get("month", "")
    frozen = queries.of_month(community_id, int(typed)) if typed.isdecimal() else queries.newest(community_id)
    schemes = queries.schemes_ranked(frozen.id) if frozen else []
    if frozen is None or not schemes:
        return None
    scheme = next((one for one in schemes if str(one.id) == asked.get("scheme")), schemes[0])
    period = asked.get("period", "")
    period = period if period in PERIODS else "month"
    leagues = queries.leagues(frozen.id, period, scheme.id)
    wanted = next((one for one in leagues if one.name == asked.get("league")), leagues[0])
    return Board(frozen, schemes, scheme, period, leagues, None if asked.get("improved") else wanted)
