"""The rule of a kind of honour, applied to a frozen ranking. Nothing here reads or writes.

Who is in the first places comes into question; those who share the last of these places all do. Who is barred by a veto, or
is no longer here, takes no place: the next who meets the rule moves up, and the published places stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from webapp.core.points import show
from webapp.rankings.placing import Standing, again

NEXT = 5  # places after the last that are listed too, so that people see who just missed it


class Terms(NamedTuple):
    """What a kind of honour asks for; ``minimum`` in tenths."""

    places: int
    minimum: int
    no_veto: bool
    by_league: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line of the list. ``why_not`` is empty for whom the rule proposes; ``recused``: why the one who looks may not
    choose it; ``moved_up``: proposed in the stead of one who is barred."""

    standing: Standing
    why_not: str
    recused: str = ""
    moved_up: bool = False

    @property
    def holder_id(self) -> int:
        return self.standing.holder_id

    @property
    def open(self) -> bool:
        """Whether the one who looks may choose it."""
        return not self.why_not and not self.recused


def proposed(standings: Sequence[Standing], terms: Terms, *, vetoed: Set[int], here: Set[int]) -> list[Candidate]:
    """Whom the rule proposes and a few after them, each with why it is not proposed. ``here``: holders still in use."""
    ranked = list(standings) if terms.by_league else _together(standings)
    found: list[Candidate] = []
    for _, league in groupby(ranked, key=lambda one: one.league):
        taken = 0
        for place, tied in groupby(league, key=lambda one: one.place):
            same = list(tied)
            full = taken >= terms.places
            if place > terms.places + NEXT and (full or same[0].points < terms.minimum):
                break
            for one in same:
                why = f"在前 {terms.places} 名以外" if full else _why_barred(one, terms, vetoed, here)
                found.append(Candidate(one, why, moved_up=not why and place > terms.places))
            taken += sum(not one.why_not for one in found[-len(same) :])
    return found


def _together(standings: Iterable[Standing]) -> list[Standing]:
    return again([one._replace(league="") for one in sorted(standings, key=lambda one: (-one.points, one.name))])


def _why_barred(one: Standing, terms: Terms, vetoed: Set[int], here: Set[int]) -> str:
    if one.holder_id not in here:
        return "已经不在本社区了"
    if one.points < terms.minimum:
        return f"不到最低的 {show(terms.minimum)} 分"
    if terms.no_veto and one.holder_id in vetoed:
        return "有一票否决"
    return ""
