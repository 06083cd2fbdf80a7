"""The month itself: made when the working group first does something with it, and open until it is published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.audit.queries import who_did
from webapp.audit.service import log
from webapp.core import signing
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed
from webapp.extensions import db
from webapp.places.models import Area
from webapp.reviews import queries
from webapp.reviews.models import CommunityMonth


def open_month(*, actor: Actor, community: Area, month: int, now: datetime) -> CommunityMonth:
    """The month's row, made at the first thing that the working group does with it.

    :raises NotAllowed: outside the actor's communities.
    """
    actor.must("reviews.confirm", community.path)
    db.session.execute(select(Area.id).where(Area.id == community.id).with_for_update())
    found = queries.month_row(community.id, month)
    if found is not None:
        return found
    kept = queries.terms_of(community)
    made = CommunityMonth(
        community_id=community.id,
        month=month,
        ends_on=queries.last_day(month, kept),
        objection_days=kept.objection_days,
        state="reviewing",
        token=signing.random_token(),
    )
    db.session.add(made)
    db.session.flush()
    return made


def reviewing(actor: Actor, community: Area, month: int, now: datetime) -> CommunityMonth:
    """The month, as long as it is open.

    :raises AlreadyUsed: once it is published.
    """
    row = open_month(actor=actor, community=community, month=month, now=now)
    if row.state != "reviewing":
        who = who_did("month:published", "month", row.id)
        raise AlreadyUsed(f"这个月{who and f'由 {who} '}已经公示，不能再改。没有认定的会转到下个月。")
    return row


def log_month(actor: Actor, action: str, row: CommunityMonth, community: Area, now: datetime) -> None:
    """A line in the audit log."""
    log(
        actor,
        action,
        now=now,
        object_kind="month",
        object_id=row.id,
        area_path=community.path,
        month=row.month,
        state=row.state,
    )
