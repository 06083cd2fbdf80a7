"""The one source of time. Everything is stored in UTC; people read Asia/Shanghai.

Tests and the demonstration move the clock with ``travel``; services never read it,
they are told the time by their caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")


class _Shift:
    """How far the clock has been moved, for all threads."""

    by = timedelta(0)


def now() -> datetime:
    """The present in UTC, whole seconds (the book's hashes are over whole seconds)."""
    return (datetime.now(UTC) + _Shift.by).replace(microsecond=0)


def local(moment: datetime) -> datetime:
    """The same moment on the community's wall clock."""
    return moment.astimezone(LOCAL)


def today() -> date:
    """The community's date, not the server's."""
    return local(now()).date()


def local_date(moment: datetime) -> date:
    return local(moment).date()


def month_of(moment: datetime) -> int:
    """The book's month of a moment, as 202611."""
    day = local_date(moment)
    return day.year * 100 + day.month


def month_bounds(month: int) -> tuple[datetime, datetime]:
    """First moment of a month (202611) and of the next, in UTC."""
    year, number = divmod(month, 100)
    start = datetime(year, number, 1, tzinfo=LOCAL)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=LOCAL)
    return start.astimezone(UTC), end.astimezone(UTC)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First moment of a local day and of the next, in UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=LOCAL)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def previous_month(month: int) -> int:
    """202601 -> 202512."""
    return month - 1 if month % 100 > 1 else month - 89


@contextmanager
def travel(to: datetime) -> Iterator[None]:
    """Move the clock so that it stands at ``to`` and runs on from there."""
    before, _Shift.by = _Shift.by, to - datetime.now(UTC)
    try:
        yield
    finally:
        _Shift.by = before
