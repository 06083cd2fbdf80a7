"""The working group: who attended, what is confirmed, what is given back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.places.models import Area
from webapp.records import service as records
from webapp.reviews import queries
from webapp.reviews.models import CommunityMonth
from webapp.reviews.service.months import log_month, reviewing

LONGEST_ATTENDEES, LONGEST_MINUTES = 300, 4000


def note_meeting(
    *, actor: Actor, community: Area, month: int, attendees: str, minutes: str, now: datetime
) -> CommunityMonth:
    """Who attended, and what was said beside the list.

    :raises Invalid: for texts that are too long.
    :raises AlreadyUsed: once the month is published.
    """
    attendees, minutes = normalise_prose(attendees), normalise_prose(minutes)
    if len(attendees) > LONGEST_ATTENDEES:
        raise Invalid(f"参加人员最多 {LONGEST_ATTENDEES} 个字。", field="attendees")
    if len(minutes) > LONGEST_MINUTES:
        raise Invalid(f"会议记录最多 {LONGEST_MINUTES} 个字。", field="minutes")
    row = reviewing(actor, community, month, now)
    row.attendees, row.minutes = attendees, minutes
    db.session.flush()
    log_month(actor, "month:noted", row, community, now)
    return row


def confirm(*, actor: Actor, community: Area, month: int, record_ids: Sequence[int], now: datetime) -> records.Outcome:
    """审核认定 of some records of the month.

    :raises Invalid: if none is chosen, too many, or one that is not this month's or this community's.
    :raises AlreadyUsed: once the month is published.
    """
    if not record_ids:
        raise Invalid("请先勾选要认定的记实。")
    _check_month(reviewing(actor, community, month, now), record_ids)
    return records.confirm(actor=actor, record_ids=record_ids, now=now)


def give_back(
    *, actor: Actor, community: Area, month: int, record_ids: Sequence[int], reason: str, now: datetime
) -> int:
    """退回 some records of the month, all for the same reason: all of them, or none.

    :raises Invalid: if none is chosen, one that is not this month's or this community's, or without a reason.
    """
    if not record_ids:
        raise Invalid("请先勾选要退回的记实。")
    _check_month(reviewing(actor, community, month, now), record_ids)
    for record_id in record_ids:
        records.give_back(actor=actor, record_id=record_id, reason=reason, now=now)
    return len(record_ids)


def _check_month(row: CommunityMonth, record_ids: Sequence[int]) -> None:
    """:raises Invalid: for too many, or a record that another month's or another community's meeting decides."""
    if len(record_ids) > records.MOST_AT_ONCE:
        raise Invalid(f"一次最多 {records.MOST_AT_ONCE} 条，请分几次。")
    if queries.outside(row, record_ids):
        raise Invalid("勾选的里面有不在这个月名单上的，请从名单里重新勾。")
