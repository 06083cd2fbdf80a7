"""What the book says to the rest of the house: frozen values, no tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from webapp.core.points import Points

#: A courtyard's entry carries its household's cause with this before its kind.
ROLL_UP = "up:"
#: The kinds of entries in words.
KIND_WORDS = {
    "base": "基础分",
    "record": "记实",
    "roll_up": "住户汇总",
    "spend": "兑换",
    "lapse": "到期清零",
    "reversal": "冲正",
}
EntryKind = Literal["base", "record", "roll_up", "spend", "lapse", "reversal"]


@dataclass(frozen=True, slots=True)
class Cause:
    """What made an entry or a hold: the kind of thing and its id. The same cause never posts twice to an account."""

    kind: str
    id: int


@dataclass(frozen=True, slots=True)
class AccountState:
    """An account as it stands. Year and month figures are of ``year`` and ``month``, see ``this_year``."""

    id: int
    holder_id: int
    scheme_id: int
    community_id: int
    balance: Points
    held: Points
    locks: int
    year: int
    earned: Points
    deducted: Points
    spent: Points
    taken_back: Points
    month: int
    merit: Points
    entries: int
    head: str

    @property
    def available(self) -> Points:
        """What can be spent now; never shown below zero, though the balance may be."""
        return max(self.balance - self.held, Points(0))

    @property
    def locked(self) -> bool:
        return self.locks > 0

    def this_year(self, year: int) -> tuple[Points, Points]:
        """(earned, deducted and spent) in ``year``; zero if nothing was posted in it."""
        if self.year != year:
            return Points(0), Points(0)
        return self.earned, self.deducted + self.spent

    def earned_before(self, year: int) -> Points:
        """What is still there of the points earned before ``year``, which must not lie before the year of the last entry.

        Whatever uses points up takes the oldest first, held points too; a reversed entry counts as if it had never been.
        """
        fresh = self.earned + self.taken_back if self.year == year else Points(0)
        return min(max(self.balance - self.held - fresh, Points(0)), self.available)

    def this_month(self, month: int) -> Points:
        """Earned less deducted in ``month`` (202611)."""
        return self.merit if self.month == month else Points(0)


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One line of an account's book."""

    account_id: int
    seq: int
    amount: Points
    balance_after: Points
    kind: str
    cause: Cause
    category_id: int
    title: str
    note: str
    actor_id: int
    actor_label: str
    happened_on: date
    posted_at: datetime
    reverses: int | None
    hash: str

    @property
    def check_code(self) -> str:
        """The first eight characters of the hash: what a slip prints beside a line."""
        return self.hash[:8].upper()


class RecentLine(NamedTuple):
    """A line as a list shows it; ``amount`` in tenths. A tuple, because the kiosk's first page makes many of them."""

    seq: int
    amount: int
    kind: str
    cause_kind: str
    cause_id: int
    title: str
    note: str
    actor_label: str
    happened_on: date


@dataclass(frozen=True, slots=True)
class HoldLine:
    id: int
    account_id: int
    kind: str
    amount: Points
    cause: Cause
    reason: str
    state: str
    created_at: datetime
    ended_at: datetime | None
