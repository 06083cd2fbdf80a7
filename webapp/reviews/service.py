"""The verbs of the month: the meeting is noted, records are confirmed or given back, the month is published and sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, insert, select

from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.ledger.queries import hashes_of_causes, heads_of
from webapp.places.models import Area
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import shown_name, target
from webapp.reviews import queries, sealing
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.schemes.queries import rule_version, terms

POSTED_AT_ONCE, LISTED_AT_ONCE = 25, 100  # records a step: a kiosk that writes waits for one step at most
LONGEST_ATTENDEES, LONGEST_MINUTES = 300, 4000


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
    row = _reviewing(actor, community, month, now)
    row.attendees, row.minutes = attendees, minutes
    db.session.flush()
    _log(actor, "month:noted", row, community, now)
    return row


def confirm(*, actor: Actor, community: Area, month: int, record_ids: Sequence[int], now: datetime) -> records.Outcome:
    """审核认定 of some records of the month.

    :raises Invalid: if none is chosen, or too many.
    :raises AlreadyUsed: once the month is published.
    """
    if not record_ids:
        raise Invalid("请先勾选要认定的记实。")
    _reviewing(actor, community, month, now)
    return records.confirm(actor=actor, record_ids=record_ids, now=now)


def give_back(
    *, actor: Actor, community: Area, month: int, record_ids: Sequence[int], reason: str, now: datetime
) -> int:
    """退回 some records of the month, all for the same reason: all of them, or none.

    :raises Invalid: if none is chosen, or without a reason.
    """
    if not record_ids:
        raise Invalid("请先勾选要退回的记实。")
    _reviewing(actor, community, month, now)
    for record_id in record_ids:
        records.give_back(actor=actor, record_id=record_id, reason=reason, now=now)
    return len(record_ids)


def _reviewing(actor: Actor, community: Area, month: int, now: datetime) -> CommunityMonth:
    row = open_month(actor=actor, community=community, month=month, now=now)
    if row.state != "reviewing":
        raise AlreadyUsed("这个月已经公示，不能再改。没有认定的会转到下个月。")
    return row


# Publication ----------------------------------------------------------------------------------------------------------


def publish(*, actor: Actor, community: Area, month: int, now: datetime) -> CommunityMonth:
    """公示: from here on the month is fixed. What is confirmed comes into the book step by step (``go_on``).

    :raises Conflict: before the month has ended.
    :raises Invalid: if it is not noted who attended.
    :raises AlreadyUsed: if it was published before.
    """
    row = _reviewing(actor, community, month, now)
    if clock.local_date(now) < row.ends_on:
        raise Conflict(f"{row.ends_on.month} 月 {row.ends_on.day} 日才到月末，到那天才能公示。")
    if not row.attendees:
        raise Invalid("请先记下谁参加了审核认定会议。", field="attendees")
    row.state, row.publisher = "publishing", actor.label
    row.last_hash = sealing.start(row.community_id, row.month)
    db.session.flush()
    _log(actor, "month:published", row, community, now)
    return row


class Progress(NamedTuple):
    """How far a publishing has come."""

    row: CommunityMonth
    done: bool


def go_on(*, month_id: int, key: str, now: datetime) -> Progress:
    """One step of a publishing, in a transaction of its own; whoever calls again goes on where the last one stopped.

    First what is confirmed is posted, then the lines are frozen, then the month is sealed. Two who call at once follow
    one another: the row is locked.
    """
    statement = select(CommunityMonth).where(CommunityMonth.id == month_id).with_for_update()
    row = db.session.scalars(statement.execution_options(populate_existing=True)).one()
    if row.state != "publishing":
        return Progress(row, done=True)
    ids = queries.to_post(row, POSTED_AT_ONCE)
    if ids:
        records.post_confirmed(actor=replace(SYSTEM, label=row.publisher), record_ids=ids, now=now)
        row.posted_to = ids[-1]
        db.session.flush()
        return Progress(row, done=False)
    found = queries.to_list(row, LISTED_AT_ONCE)
    if found:
        _freeze(row, found)
        return Progress(row, done=False)
    _seal(row, key, now)
    return Progress(row, done=True)


def _freeze(row: CommunityMonth, found: Sequence[Record]) -> None:
    """Lines say for ever what is said now: a later change of a name or a rule changes none."""
    entries = hashes_of_causes("record", [record.id for record in found])
    for record in found:
        row.lines += 1
        values = {"number": row.lines, "entry": entries.get(record.id, ""), **_said(record)}
        hashed = values | {"happened_on": record.happened_on.isoformat()}
        row.last_hash = sealing.line_hash(row.last_hash, [hashed[name] for name in sealing.FIELDS])
        db.session.execute(
            insert(PublicationLine).values(month_id=row.id, record_id=record.id, hash=row.last_hash, **values)
        )
    db.session.flush()


def _said(record: Record) -> dict[str, object]:
    whom, rule = target(record.holder_id), rule_version(record.rule_version_id)
    return {
        "happened_on": record.happened_on,
        "place": (whom.address if whom.kind == "household" else record.place)[:80],
        "holder_kind": whom.kind,
        "name": shown_name(whom.kind, whom.name)[:80],
        "scheme": terms(record.scheme_id).name,
        "category": rule.category,
        "rule": rule.code,
        "title": rule.title,
        "points": record.points,
        "recorder": record.recorder_label,
    }


def _seal(row: CommunityMonth, key: str, now: datetime) -> None:
    """The signed head of the month: what is listed, and every account of the community as it stands."""
    community = db.session.get_one(Area, row.community_id)
    line = PublicationLine
    added = select(func.coalesce(func.sum(line.points), 0)).where(line.month_id == row.id)
    heads = [list(head) for head in heads_of(row.community_id)]
    row.content = sealing.content(
        community=community.name,
        community_id=row.community_id,
        month=row.month,
        lines=row.lines,
        earned=int(db.session.scalar(added.where(line.points > 0)) or 0),
        deducted=-int(db.session.scalar(added.where(line.points < 0)) or 0),
        last_line=row.last_hash,
        accounts=len(heads),
        book=sealing.of_book(heads),
        published_at=now.isoformat(),
    )
    row.signature, row.public_key = sealing.sign(key, row.content)
    row.state, row.published_at = "on_notice", now
    row.objections_until = clock.local_date(now) + timedelta(days=row.objection_days)
    db.session.flush()


def _log(actor: Actor, action: str, row: CommunityMonth, community: Area, now: datetime) -> None:
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
