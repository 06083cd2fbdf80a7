"""Faults that a wrong clock, or the edge of a month, would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

from sqlalchemy import bindparam, select

from webapp.core import clock
from webapp.ledger.models import Entry
from webapp.ledger.queries import book
from webapp.prepared import Prepared
from webapp.redemption.service import vouchers

_end_of_day = vouchers._end_of_day
_BY_TIME = Prepared(
    select(Entry.__table__)
    .where(Entry.account_id == bindparam("account"), Entry.seq <= bindparam("upto"))
    .order_by(Entry.posted_at.desc())
    .limit(bindparam("count"))
)


def _month_in_utc(moment: datetime) -> int:
    day = moment.astimezone(UTC)
    return day.year * 100 + day.month


@contextmanager
def month_by_utc() -> Iterator[None]:
    """An entry belongs to the month of the server's clock."""
    with patch.object(clock, "month_of", _month_in_utc):
        yield


@contextmanager
def a_second_too_long() -> Iterator[None]:
    """A voucher still counts in the first second of the day after its last."""
    with patch.object(vouchers, "_end_of_day", lambda moment: _end_of_day(moment) + timedelta(seconds=1)):
        yield


@contextmanager
def ordered_by_time() -> Iterator[None]:
    """Lines stand in the order of their times, not of their numbers."""
    with patch.object(book, "_LAST_ENTRIES", _BY_TIME):
        yield


SEEDS = {"month-by-utc": month_by_utc, "a-second-too-long": a_second_too_long, "ordered-by-time": ordered_by_time}
