"""到期清零: what a resident is told before, and what no lapse may touch. ``schemes.lapsing`` has the days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from webapp.core.points import ZERO, Points
from webapp.ledger.book import AccountState
from webapp.schemes.lapsing import URGENT, day_words

#: Days before the last day from which the software itself knows of it, so that no warning comes late.
ANNOUNCED = 75


@dataclass(frozen=True, slots=True)
class LapseWarning:
    """What a resident is told: how much, and until when it can be used."""

    points: Points
    last_day: date
    days_left: int

    @property
    def urgent(self) -> bool:
        return self.days_left <= URGENT

    @property
    def words(self) -> str:
        """``12 月 31 日将有 35 分到期清零，可以先兑换``."""
        when = "今天过后" if self.days_left == 0 else day_words(self.last_day)
        return f"{when}将有 {self.points} 分到期清零，可以先兑换"

    @property
    def left(self) -> str:
        """``还有 36 天``."""
        return f"还有 {self.days_left} 天" if self.days_left else "今天是最后一天"


def above_floor(account: AccountState, points: Points, floor: int | None) -> Points:
    """No lapse takes an account below the floor that its scheme keeps."""
    room = account.balance - account.held - Points(max(floor or 0, 0))
    return max(min(points, room), ZERO)
