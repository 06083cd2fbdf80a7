"""Which month of which community a page is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.places.models import Area
from webapp.reviews import queries
from webapp.reviews.models import CommunityMonth
from webapp.web.access import actor


@dataclass(frozen=True)
class Month:
    """The month of a community that a page is about; ``row`` is None before anything was done with it."""

    community: Area
    month: int
    terms: queries.Terms
    row: CommunityMonth | None

    @property
    def ends_on(self) -> date:
        return self.row.ends_on if self.row else queries.last_day(self.month, self.terms)

    @property
    def state(self) -> str:
        return self.row.state if self.row else "reviewing"

    @property
    def over(self) -> bool:
        """Whether its last day has come."""
        return clock.today() >= self.ends_on

    @property
    def label(self) -> str:
        return f"{self.month // 100} 年 {self.month % 100} 月"


def asked_month(community_id: int | None, month: int | None, permission: str) -> Month:
    """:raises NotFound: for a community outside the scope, or a month that is none."""
    community = queries.community_of_reviewer(actor().scope(permission), community_id)
    terms = queries.terms_of(community)
    running = queries.month_on(clock.today(), terms)
    if month is None:
        month = _due(community, running)
    if not (200001 <= month <= running and 1 <= month % 100 <= 12):
        raise NotFound("没有这个月份，或它还没有开始。")
    return Month(community, month, terms, queries.month_row(community.id, month))


def _due(community: Area, running: int) -> int:
    """The month before, until it is published; then the running one."""
    before = clock.previous_month(running)
    row = queries.month_row(community.id, before)
    published = row is not None and row.published_at is not None
    waits = queries.counts(community.id, before, queries.last_day(before, queries.terms_of(community)))
    return running if published or not (waits.passed or waits.confirmed or row) else before
