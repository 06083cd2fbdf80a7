"""What the last months come to by a draft; no database, no clock. Amounts are whole tenths with their sign.

What a draft does not change stays as it was: points are judged anew only where the draft changes points, times only
where it changes times. A range takes the points that were given and brings them into the new range. Records count in
the order in which they happened; those beyond a cap count nothing and take up no place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple


class Caps(NamedTuple):
    """How often a rule counts for a holder; None is no cap."""

    day: int | None = None
    month: int | None = None
    year: int | None = None


class NewRule(NamedTuple):
    """A rule as the draft wants it. ``points``: the new least and most, None where they stay; ``caps`` likewise."""

    ends: bool = False
    points: tuple[int, int] | None = None
    caps: Caps | None = None


class Happened(NamedTuple):
    """A record in the book. ``origin``: of what stayed after a rectification, the points of the deduction before, of which
    ``back`` percent came back. ``counts`` is false for those of earlier months, which only take up places of the year."""

    holder_id: int
    rule_id: int
    points: int
    on: date
    origin: int | None = None
    back: int = 0
    counts: bool = True


@dataclass(slots=True)
class Sums:
    """``issued`` and ``taken`` (below zero) by one way of judging."""

    issued: int = 0
    taken: int = 0

    def add(self, points: int) -> None:
        if points > 0:
            self.issued += points
        else:
            self.taken += points

    @property
    def net(self) -> int:
        return self.issued + self.taken


@dataclass(slots=True)
class Effect:
    """Of one rule, one holder, or all: the sums before and after, how many records, how many of them beyond a cap."""

    before: Sums = field(default_factory=Sums)
    after: Sums = field(default_factory=Sums)
    count: int = 0
    beyond: int = 0

    def add(self, before: int, after: int, *, beyond: bool) -> None:
        self.before.add(before)
        self.after.add(after)
        self.count += 1
        self.beyond += beyond

    @property
    def change(self) -> int:
        return self.after.net - self.before.net


@dataclass(slots=True)
class Outcome:
    """What the months come to: in all, by rule, by holder."""

    total: Effect = field(default_factory=Effect)
    rules: dict[int, Effect] = field(default_factory=dict)
    holders: dict[int, Effect] = field(default_factory=dict)

    def add(self, one: Happened, after: int, *, beyond: bool) -> None:
        rule = self.rules.setdefault(one.rule_id, Effect())
        holder = self.holders.setdefault(one.holder_id, Effect())
        for effect in (self.total, rule, holder):
            effect.add(one.points, after, beyond=beyond)

    @property
    def gainers(self) -> list[tuple[int, Effect]]:
        """Whoever has more, most first."""
        found = [(key, one) for key, one in self.holders.items() if one.change > 0]
        return sorted(found, key=lambda pair: (-pair[1].change, pair[0]))

    @property
    def losers(self) -> list[tuple[int, Effect]]:
        """Whoever has less, most first."""
        found = [(key, one) for key, one in self.holders.items() if one.change < 0]
        return sorted(found, key=lambda pair: (pair[1].change, pair[0]))

    @property
    def unchanged(self) -> int:
        return sum(one.change == 0 for one in self.holders.values())


def replay(draft: Mapping[int, NewRule], happened: Iterable[Happened]) -> Outcome:
    """Judge what happened, in the order in which it happened, by the draft (by rule id)."""
    outcome, used = Outcome(), Counter[tuple[int | date, ...]]()
    for one in happened:
        rule = draft.get(one.rule_id, NewRule())
        beyond = rule.caps is not None and not rule.ends and _is_beyond(one, rule.caps, used)
        if one.counts:
            outcome.add(one, 0 if rule.ends or beyond else judged(one, rule.points), beyond=beyond)
    return outcome


def judged(one: Happened, points: tuple[int, int] | None) -> int:
    """The points of a record under a new range: as near to what was given as it allows."""
    if points is None:
        return one.points
    lowest, highest = points
    value = min(max(one.points if one.origin is None else one.origin, lowest), highest)
    return value if one.origin is None else -(-value * (100 - one.back) // 100)


def _is_beyond(one: Happened, caps: Caps, used: Counter[tuple[int | date, ...]]) -> bool:
    """Whether a cap is full; if not, this one takes a place of each."""
    year, month, who = one.on.year, one.on.month, (one.holder_id, one.rule_id)
    windows = [((*who, one.on), caps.day), ((*who, year, month), caps.month), ((*who, year), caps.year)]
    if any(cap is not None and used[window] >= cap for window, cap in windows):
        return True
    used.update(window for window, cap in windows if cap is not None)
    return False
