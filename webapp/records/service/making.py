"""Making a record, and posting it at once or later, as its scheme says."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import make_transient_to_detached

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.service import Posting
from webapp.prepared import Prepared
from webapp.records.models import SOURCES, Record, RecordPhoto
from webapp.records.queries import Target, made_under, photos_of, target
from webapp.records.service import checks
from webapp.schemes.queries import RuleView, Ruling, Terms, rule_version, ruling

MOST_NOTE = 300  # characters
OUT_OF_REACH = "这一处不在您负责的范围内。请核对门牌，或联系该区域的同事。"
_INSERT = Prepared(insert(Record.__table__).returning(Record.id))  # type: ignore[arg-type]  # a declarative table is a Table


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
) -> Made:
    """Write down what happened, and post it if the scheme posts at once.

    ``points``: None is what a rule with one score gives. ``photos`` are SHA-256 names of photos that are in the store
    already. ``client_key`` is the random key made where the record was written: the same key again answers with the
    first record. ``happened_at``: now, unless a person stated another time. Rules: domain.md, sections 2, 3 and 15.4.

    :raises NotFound: outside the recorder's areas, or if there is no such holder or rule.
    :raises NotAllowed: for a rule of other posts, or for recusal.
    :raises Invalid: for points, proof or a time that cannot be.
    :raises LimitReached: if a cap is full.
    :raises Conflict: if the rule does not judge here today, or the key was used for something else.
    :raises InsufficientPoints: if a deduction would take the account below the scheme's floor.
    """
    whom = target(holder_id, locked=True)
    if not actor.may("records.make", whom.path):
        raise NotFound(OUT_OF_REACH)
    note, happened_at = normalise_prose(note), happened_at or now
    day = clock.local_date(happened_at)
    judged_by = ruling(rule_version_id, day)
    rule = judged_by.rule
    points = _only_score(rule) if points is None else points
    made = _made_before(client_key, actor, holder_id, rule_version_id, points, note, photos)
    if made is not None:
        return Made(made, before=True)
    _check_entry(source, note, happened_at, now)
    _check(judged_by, whom, points, note, photos, actor, day)
    record = _insert(
        client_key=client_key,
        **_whose(whom, judged_by),
        points=points.tenths,
        source=source,
        state=_first_state(judged_by.scheme, source),
        happened_on=day,
        happened_at=happened_at,
        device_time=device_time,
        note=note,
        **_written_by(actor),
        created_at=now,
    )
    _add_photos(record, photos)
    if record.state == "posted":
        _post(record, rule, actor, now)
    _log(actor, "record:made", record, whom.path, now)
    return Made(record)


def _only_score(rule: RuleView) -> Points:
    if not rule.fixed:
        raise Invalid(f"请先选「{rule.title}」的分值。", field="points")
    return rule.lowest


def _first_state(scheme: Terms, source: str) -> str:
    """The scheme says whether what this source writes counts at once."""
    when = scheme.inspections_post if source == "inspection" else scheme.claims_post
    return "posted" if when == "at_once" else "waiting"


def _whose(whom: Target, judged_by: Ruling) -> dict[str, Any]:
    return {
        "holder_id": whom.id,
        "community_id": whom.community_id,
        "place": whom.spot.label[:80],
        "scheme_id": judged_by.scheme.id,
        "rule_id": judged_by.rule.rule_id,
        "rule_version_id": judged_by.rule.version_id,
    }


def _written_by(actor: Actor) -> dict[str, Any]:
    return {"recorder_id": actor.user_id, "recorder_person_id": actor.person_id, "recorder_label": actor.label}


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
    first = (record.recorder_id, record.holder_id, record.rule_version_id, record.points, record.note)
    again = (actor.user_id, holder_id, rule_version_id, points.tenths, note)
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
) -> None:
    rule = judged_by.rule
    checks.check_rule(judged_by, whom)
    checks.check_recorder(rule, whom, actor)
    checks.check_points(rule, points)
    checks.check_proof(rule, note, photos)
    checks.check_recusal(whom, actor)
    checks.check_caps(rule, whom, day)
    checks.check_audience(judged_by.scheme, whom)


def _insert(**values: Any) -> Record:
    """The record as the session knows a row that it has read."""
    values |= {"ended_at": None, "end_note": ""}
    try:
        (row,) = _INSERT.all(**values)
    except IntegrityError as error:  # the same key for another holder at the same moment
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


def _post(record: Record, rule: RuleView, actor: Actor, now: datetime) -> None:
    """Bring a record into the book: points as an entry, a veto as a lock; zero points leave no line."""
    cause = Cause("record", record.id)
    if record.points:
        posting = Posting(
            amount=Points(record.points),
            kind="record",
            cause=cause,
            title=rule.title,
            note=record.note,
            category_id=rule.category_id,
            happened_on=record.happened_on,
        )
        ledger.post(holder_id=record.holder_id, scheme_id=record.scheme_id, posting=posting, actor=actor, now=now)
    if rule.veto:
        account = ledger.open_account(holder_id=record.holder_id, scheme_id=record.scheme_id, now=now)
        ledger.lock(account_id=account.id, cause=cause, reason=f"一票否决：{rule.title}", now=now)


def post_waiting(*, actor: Actor, record_id: int, now: datetime) -> Record:
    """Bring a record that waited into the book. Nobody confirms what they wrote themselves, or what concerns them.

    :raises NotFound: if there is no such record.
    :raises NotAllowed: outside the areas of the one who confirms, for the recorder, or for recusal.
    :raises AlreadyUsed: if it does not wait any more.
    """
    record = db.session.scalars(
        select(Record).where(Record.id == record_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if record is None:
        raise NotFound("没有找到这条记实。")
    whom = target(record.holder_id)
    actor.must("records.make", whom.path)
    if actor.user_id is not None and actor.user_id == record.recorder_id:
        raise NotAllowed("不能审核自己记的内容，请同事来审核。")
    checks.check_recusal(whom, actor)
    if record.state != "waiting":
        raise AlreadyUsed("这条记实已经处理过了，请刷新看看。")
    record.state = "posted"
    db.session.flush()
    _post(record, rule_version(record.rule_version_id), actor, now)
    _log(actor, "record:posted", record, whom.path, now)
    return record


def _log(actor: Actor, action: str, record: Record, path: str, now: datetime) -> None:
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
