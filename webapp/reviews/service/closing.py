"""关账: when the window has passed and every objection is settled, nothing of the month changes any more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import Conflict, NotFound
from webapp.extensions import db
from webapp.places.models import Area
from webapp.records import service as records
from webapp.reviews import queries
from webapp.reviews.models import CommunityMonth
from webapp.reviews.service.months import log_month


def close(*, actor: Actor, month_id: int, now: datetime) -> CommunityMonth:
    """Close a month: no more objections, and no more records of its days.

    :raises NotFound: if there is no such month.
    :raises NotAllowed: outside the actor's communities.
    :raises Conflict: while somebody may still object or waits for an answer, or an earlier month is open.
    """
    statement = select(CommunityMonth).where(CommunityMonth.id == month_id).with_for_update()
    row = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NotFound("没有这个月份。")
    community = db.session.get_one(Area, row.community_id)
    actor.must("reviews.confirm", community.path)
    why = queries.why_not_closing(row, now)
    if why:
        raise Conflict(why)
    row.state = "closed"
    db.session.flush()
    records.close_days(community_id=row.community_id, until=row.ends_on)
    log_month(actor, "month:closed", row, community, now)
    return row


def close_due(now: datetime) -> int:
    """Close what may be closed, the earliest months first. Returns how many."""
    closed = 0
    for row in queries.on_notice():
        if not queries.why_not_closing(row, now):
            close(actor=SYSTEM, month_id=row.id, now=now)
            closed += 1
    return closed
