"""The publication, step by step: what is confirmed is posted, the lines are frozen, the month is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, insert, select, update

from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.ledger.queries import hashes_of_causes, heads_of
from webapp.places.models import Area
from webapp.prepared import Prepared, table_of
from webapp.rankings import queries as ranking_terms
from webapp.rankings import service as rankings
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import Target, shown_name, targets
from webapp.reviews import queries, sealing
from webapp.reviews.models import CommunityMonth, Objection, PublicationLine
from webapp.reviews.service.months import log_month, reviewing
from webapp.schemes.queries import RuleView, rule_version, terms

#: Records a step: a kiosk that writes waits for one step at most (bench ``county``).
POSTED_AT_ONCE, LISTED_AT_ONCE = 200, 200


def publish(*, actor: Actor, community: Area, month: int, now: datetime) -> CommunityMonth:
    """公示: from here on the month is fixed. What is confirmed comes into the book step by step (``go_on``).

    :raises Conflict: before the month has ended.
    :raises Invalid: if it is not noted who attended.
    :raises AlreadyUsed: if it was published before.
    """
    row = reviewing(actor, community, month, now)
    if clock.local_date(now) < row.ends_on:
        raise Conflict(f"{row.ends_on.month} 月 {row.ends_on.day} 日才到月末，到那天才能公示。")
    if not row.attendees:
        raise Invalid("请先记下谁参加了审核认定会议。", field="attendees")
    row.state, row.publisher = "publishing", actor.label
    row.last_hash = sealing.start(row.community_id, row.month)
    row.minus_names = ranking_terms.terms(row.community_id).minus_names
    db.session.flush()
    log_month(actor, "month:published", row, community, now)
    return row


class Progress(NamedTuple):
    """How far a publishing has come."""

    row: CommunityMonth
    done: bool


def go_on(*, month_id: int, key: str, now: datetime) -> Progress:
    """One step of a publishing, in a transaction of its own; whoever calls again goes on where the last one stopped.

    First what is confirmed is posted, then the lines are frozen, then the rankings, then the month is sealed.
    Two who call at once follow one another: the row is locked.
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
    ranked = rankings.freeze(community_id=row.community_id, month=row.month, minus_names=row.minus_names, now=now)
    if ranked is None:
        return Progress(row, done=False)
    _seal(row, ranked, key, now)
    return Progress(row, done=True)


_INSERT_LINE = Prepared(insert(table_of(PublicationLine)))


def _freeze(row: CommunityMonth, found: Sequence[Record]) -> None:
    """Lines say for ever what is said now: a later change of a name or a rule changes none."""
    entries = hashes_of_causes("record", [record.id for record in found])
    whom = targets({record.holder_id for record in found})
    rules = {version: rule_version(version) for version in {record.rule_version_id for record in found}}
    schemes = {scheme: terms(scheme).name for scheme in {record.scheme_id for record in found}}
    lines = []
    for record in found:
        row.lines += 1
        said = _said(record, whom[record.holder_id], rules[record.rule_version_id], schemes[record.scheme_id])
        values = {"number": row.lines, "entry": entries.get(record.id, ""), **said}
        hashed = values | {"happened_on": record.happened_on.isoformat()}
        row.last_hash = sealing.line_hash(row.last_hash, [hashed[name] for name in sealing.FIELDS])
        lines.append({"month_id": row.id, "record_id": record.id, "hash": row.last_hash, **values})
    _INSERT_LINE.each(lines)
    db.session.flush()


def _said(record: Record, whom: Target, rule: RuleView, scheme: str) -> dict[str, object]:
    return {
        "happened_on": record.happened_on,
        "place": (whom.address if whom.kind == "household" else record.place)[:80],
        "holder_kind": whom.kind,
        "name": shown_name(whom.kind, whom.name)[:80],
        "scheme": scheme,
        "category": rule.category,
        "rule": rule.code,
        "title": rule.title,
        "points": record.points,
        "recorder": record.recorder_label,
    }


def _seal(row: CommunityMonth, ranked: str, key: str, now: datetime) -> None:
    """The signed head of the month: what is listed, which objections were answered since the last one, every account of
    the community as it stands, and the seal before this one."""
    community = db.session.get_one(Area, row.community_id, with_for_update=True)  # seals follow one another
    line = PublicationLine
    added = select(func.coalesce(func.sum(line.points), 0)).where(line.month_id == row.id)
    heads = [list(head) for head in heads_of(row.community_id)]
    settled = queries.settled_unsealed(row.community_id)
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
        ranking=ranked,
        schemes=queries.schemes_in(row),
        objections=[queries.sealed_words(one) for one in settled],
        before=queries.seal_before(row.community_id),
        published_at=now.isoformat(),
    )
    row.signature, row.public_key = sealing.sign(key, row.content)
    ids = [one.objection.id for one in settled]
    db.session.execute(update(Objection).where(Objection.id.in_(ids)).values(sealed_in_id=row.id))
    row.state, row.published_at = "on_notice", now
    row.objections_until = clock.local_date(now) + timedelta(days=row.objection_days)
    db.session.flush()
