"""What goes on by itself: a publishing whose page was closed, or that a crash stopped; and the end of a month."""

from __future__ import annotations

from datetime import datetime

from webapp.reviews import queries, service


def go_on_publishing(key: str, now: datetime) -> int:
    """One step of each month that is being published; the next minute the next."""
    begun = queries.publishing_now()
    for month_id in begun:
        service.go_on(month_id=month_id, key=key, now=now)
    return len(begun)


def close_months(now: datetime) -> int:
    """关账 of every month whose window has passed and whose objections are settled."""
    return service.close_due(now)
