"""How values look in templates. Registered for all of them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Flask

from webapp.core import clock, points, text
from webapp.core.points import Points
from webapp.web import paging

WEEKDAYS = "一二三四五六日"


def tenths(value: Points | int) -> int:
    return value.tenths if isinstance(value, Points) else value


def show_points(value: Points | int) -> str:
    """``128``, ``12.5``, ``−2``."""
    return points.show(tenths(value))


def show_signed(value: Points | int) -> str:
    """``+5``, ``−2``."""
    return points.show_signed(tenths(value))


def minute(moment: datetime | None) -> str:
    """``2026-11-20 15:40`` on the community's clock."""
    return clock.local(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def second(moment: datetime) -> str:
    return clock.local(moment).strftime("%Y-%m-%d %H:%M:%S")


def day(value: date | datetime | None) -> str:
    """``2026-11-20``."""
    if isinstance(value, datetime):
        value = clock.local_date(value)
    return value.isoformat() if value else ""


def last_day(end: datetime) -> str:
    """The last whole day before a moment at which something ends (midnight): ``2026-12-05``."""
    return clock.local_date(end - timedelta(seconds=1)).isoformat()


def last_short_day(end: datetime) -> str:
    """The same day for a resident to read: ``12月5日``."""
    return short_day(end - timedelta(seconds=1))


def short_day(value: date | datetime) -> str:
    """``11月20日``."""
    if isinstance(value, datetime):
        value = clock.local_date(value)
    return f"{value.month}月{value.day}日"


def weekday(value: date | datetime) -> str:
    """``星期五``."""
    if isinstance(value, datetime):
        value = clock.local_date(value)
    return f"星期{WEEKDAYS[value.weekday()]}"


def month_name(month: int) -> str:
    """202611 -> ``2026 年 11 月``."""
    return f"{month // 100} 年 {month % 100} 月"


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        points=show_points,
        signed=show_signed,
        tenths=tenths,
        minute=minute,
        second=second,
        day=day,
        last_day=last_day,
        last_short_day=last_short_day,
        short_day=short_day,
        weekday=weekday,
        month_name=month_name,
        mask_name=text.mask_name,
        mask_phone=text.mask_phone,
        code=text.group_code,
    )
    app.jinja_env.globals.update(now=clock.now, today=clock.today, asked_again=paging.asked_again)
