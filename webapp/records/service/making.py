"""Making a record, and posting it at once or later, as its scheme says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotFound
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.prepared import Prepared, table_of
from webapp.records.models import LIVE, SOURCES, Record, RecordPhoto
from webapp.records.queries import Target, made_under, photos_of, target
from webapp.records.service import checks
from webapp.records.service.booking import post_record
from webapp.schemes.queries import RuleView, Ruling, Terms, ruling

MOST_NOTE = 300  # characters
LONGEST_NAME = 60
OUT_OF_REACH = "这一处不在您负责的范围内。请核对门牌，或联系该区域的同事。"
_INSERT = Prepared(insert(table_of(Record)).returning(Record.id))


class Made(NamedTuple):
    """A record, and whether it was there already under the same key."""

    record: Record
    before: bool = False


def make(
    *,
    actor: Actor,
    holder_id: int,
    rule_version_id: int,
    points: Points | None,
    source: str,
    note: str = "",
    photos: Sequence[str] = (),
    client_key: str,
    now: datetime,
    happened_at: datetime | None = None,
    device_time: datetime | None = None,
    brought_by: str = "",
    mends_id: int | None = None,
) -> Made:
    """Write down what happened, and post it if the scheme posts at once.

    ``points``: None is what a rule with one score gives. ``photos`` are SHA-256 names of photos that are in the store
    already. ``client_key`` is the random key made where the record was written: the same key again answers with the
    first record. ``happened_at``: now, unless a person stated another time. ``brought_by``: who brought the paper of a
    claim. ``mends_id``: the author's own record that was given back and is sent again. Rules: domain.md, sections 2, 3
    and 15.4.

    :raises NotFound: outside the recorder's areas, or if there is no such holder or rule.
    :raises NotAllowed: for a rule of other posts, or for recusal.
    :raises Invalid: for points, proof or a time that cannot be.
    :raises LimitReached: if a cap is full.
    :raises Conflict: if the rule does not judge here today, the day is closed, or the key was used for something else.
    :raises InsufficientPoints: if a deduction would take the account below the scheme's floor.
    """
    whom = target(holder_id, locked=True)
    if not checks.in_reach(actor, whom, source):
        raise NotFound(OUT_OF_REACH)
    note, happened_at = normalise_prose(note), happened_at or now
    judged_by = ruling(rule_version_id, day := clock.local_date(happened_at))
    rule = judged_by.rule
    points = only_score(rule) if points is None else points
    made = _made_before(client_key, actor, holder_id, rule_version_id, points, note, photos)
    if made is not None:
        return Made(made, before=True)
    _check_entry(source, note, happened_at, now)
    checks.check_open(whom, day)
    _check(judged_by, whom, points, note, photos, actor, day, source)
    _check_mended(mends_id, whom, actor)
    record = insert_record(
        client_key=client_key,
        **whose(whom, judged_by),
        **_what(judged_by.scheme, points, source, note),
        **_when(rule, day, happened_at, device_time),
        **written_by(actor),
        brought_by=normalise_prose(brought_by)[:LONGEST_NAME],
        mends_id=mends_id,
        created_at=now,
    )
    _add_photos(record, photos)
    if record.state == "posted":
        post_record(record, rule, actor, now)
    log_record(actor, "record:made", record, whom.path, now)
    return Made(record)


def only_score(rule: RuleView) -> Points:
    """:raises Invalid: if there is a choice."""
    if not rule.fixed:
        raise Invalid(f"请先选「{rule.title}」的分值。", field="points")
    return rule.lowest


def _when(rule: RuleView, day: date, happened_at: datetime, device_time: datetime | None) -> dict[str, Any]:
    """Among it the last day on which a deduction can be put right, if its rule makes it provisional."""
    until = day + timedelta(days=rule.rectify_days) if rule.rectify_days and rule.deducts else None
    return {"happened_on": day, "happened_at": happened_at, "device_time": device_time, "rectify_until": until}


def _first_state(scheme: Terms, source: str) -> str:
    """The scheme says whether what this source writes counts at once, and how often a claim is reviewed. What staff
    write needs no first review."""
    when = scheme.posts(source)
    if when == "at_once" or (scheme.reviews == 0 and when == "confirmed"):
        return "posted"
    if scheme.reviews == 0:
        return "confirmed"
    return "waiting" if source == "claim" and scheme.reviews > 1 else "passed"


def whose(whom: Target, judged_by: Ruling) -> dict[str, Any]:
    """For whom and by which rule, as columns of a record."""
    return {
        "holder_id": whom.id,
        "community_id": whom.community_id,
        "place": whom.spot.label[:80],
        "scheme_id": judged_by.scheme.id,
        "rule_id": judged_by.rule.rule_id,
        "rule_version_id": judged_by.rule.version_id,
    }


def _what(scheme: Terms, points: Points, source: str, note: str) -> dict[str, Any]:
    return {"points": points.tenths, "source": source, "state": _first_state(scheme, source), "note": note}


def written_by(actor: Actor) -> dict[str, Any]:
    """Who wrote it, as columns of a record."""
    return {
        "recorder_id": actor.user_id,
        "recorder_person_id": actor.person_id,
        "recorder_label": actor.label,
        "recorder_household_id": actor.household_id,
    }


def _made_before(
    client_key: str,
    actor: Actor,
    holder_id: int,
    rule_version_id: int,
    points: Points,
    note: str,
    photos: Sequence[str],
) -> Record | None:
    """The record that was made under this key.

    :raises Conflict: if it says something else.
    """
    record_id = made_under(client_key)
    if record_id is None:
        return None
    record = db.session.get_one(Record, record_id)
    who = (record.recorder_id, record.recorder_household_id)
    first = (*who, record.holder_id, record.rule_version_id, record.points, record.note)
    again = (actor.user_id, actor.household_id, holder_id, rule_version_id, points.tenths, note)
    if first != again or photos_of(record.id) != tuple(photos):
        raise Conflict("这条记录已经提交过，内容不一样。请返回重新打开再记。")
    return record


def _check_entry(source: str, note: str, happened_at: datetime, now: datetime) -> None:
    if source not in SOURCES:
        raise Invalid("记录的来源不对，请返回重新打开再记。")
    if len(note) > MOST_NOTE:
        raise Invalid(f"说明最多 {MOST_NOTE} 个字。", field="note")
    if happened_at > now:
        raise Invalid("发生时间不能晚于现在，请核对日期。", field="happened_at")


def _check(
    judged_by: Ruling,
    whom: Target,
    points: Points,
    note: str,
    photos: Sequence[str],
    actor: Actor,
    day: date,
    source: str,
) -> None:
    rule = judged_by.rule
    checks.check_rule(judged_by, whom)
    if source == "claim":
        checks.check_claimable(rule)
    else:
        checks.check_recorder(rule, whom, actor)
        checks.check_recusal(whom, actor)
    checks.check_points(rule, points)
    checks.check_proof(rule, note, photos)
    checks.check_caps(rule, whom, day)
    checks.check_audience(judged_by.scheme, whom)


def _check_mended(mends_id: int | None, whom: Target, actor: Actor) -> None:
    """:raises NotFound: unless it is the author's own record of the same holder that was given back.
    :raises AlreadyUsed: if it was sent again before.
    """
    if mends_id is None:
        return
    given_back = db.session.get(Record, mends_id)
    if given_back is None or given_back.holder_id != whom.id or not checks.wrote(given_back, actor):
        raise NotFound("没有找到被退回的那一条，请返回申报列表看看。")
    again = db.session.scalar(select(Record.id).where(Record.mends_id == mends_id, Record.state.in_(LIVE)))
    if given_back.state != "returned" or again is not None:
        raise AlreadyUsed("这一条已经重新申报过了，请返回申报列表看看。")


def copy_record(
    record: Record, *, points: int, state: str, note: str, client_key: str, actor: Actor, now: datetime
) -> Record:
    """A record of the same kind with other points, written today by ``actor``; the caller posts it if it is to be."""
    kept = ("holder_id", "community_id", "place", "scheme_id", "rule_id", "rule_version_id", "source")
    made = insert_record(
        client_key=client_key,
        **{name: getattr(record, name) for name in kept},
        **{"points": points, "state": state, "note": note[:MOST_NOTE], "brought_by": ""},
        **{"happened_on": clock.local_date(now), "happened_at": now, "device_time": None, "created_at": now},
        **written_by(actor),
        mends_id=None,
        rectify_until=None,
    )
    log_record(actor, "record:made", made, target(record.holder_id).path, now)
    return made


def insert_record(**values: Any) -> Record:
    """The record as the session knows a row that it has read."""
    values |= {"ended_at": None, "end_note": ""}
    try:
        (row,) = _INSERT.all(**values)
    except IntegrityError as error:
        if "client_key" not in str(error.orig):
            raise
        # the same key for another holder at the same moment
        raise Conflict("这条记录已经提交过。请返回重新打开再记。") from error
    record = Record(id=row.id, **values)
    make_transient_to_detached(record)
    db.session.add(record)
    return record


def _add_photos(record: Record, photos: Sequence[str]) -> None:
    if photos:
        db.session.add_all(
            RecordPhoto(record_id=record.id, position=position, hash=name) for position, name in enumerate(photos)
        )
        db.session.flush()


def log_record(actor: Actor, action: str, record: Record, path: str, now: datetime) -> None:
    """A line in the audit log."""
    log(
        actor,
        action,
        now=now,
        object_kind="record",
        object_id=record.id,
        area_path=path,
        holder=record.holder_id,
        points=str(Points(record.points)),
        state=record.state,
    )
