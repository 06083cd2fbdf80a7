"""When a scheme's unspent points lapse (到期清零), and the notice that residents get before.

Points lapse after the end of the scheme's day; what lapses was earned before the year of that day (domain.md, section 4).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import cast

from flask import Flask, current_app

#: Days before the last day on which residents are warned, and warned urgently.
NOTICE, URGENT = 60, 15
#: Whether anybody would lose points of a scheme on its day of a year: the book knows.
AnybodyLoses = Callable[[int, int], bool]


def coming_day(month: int, day: int, today: date) -> date:
    """The first such day from today on. 29 February is no scheme's day."""
    this_year = date(today.year, month, day)
    return this_year if this_year >= today else date(today.year + 1, month, day)


def notice_begins(last_day: date) -> date:
    """The first day on which residents are told."""
    return last_day - timedelta(days=NOTICE)


def day_words(day: date) -> str:
    """``12 月 31 日``."""
    return f"{day.month} 月 {day.day} 日"


def example(month: int | None, day: int | None, today: date) -> str:
    """What a lapse day means, with the coming one as example; without a day the last of the year."""
    last = coming_day(month or 12, day or 31, today)
    return (
        f"例如 {last.year} 年 {day_words(last)}：{last.year - 1} 年底以前得的分，过了这天还没有用的清零；"
        f"{last.year} 年得的分不动，占用着的、暂停花分的也不动。"
    )


def register(app: Flask, function: AnybodyLoses) -> None:
    """The book says here how to ask it."""
    app.extensions["lapsing"] = function


def anybody_loses(scheme_id: int, year: int) -> bool:
    ask = cast("AnybodyLoses | None", current_app.extensions.get("lapsing"))
    return ask is not None and ask(scheme_id, year)
