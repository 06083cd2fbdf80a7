"""整改返还: a deduction that its rule makes provisional is taken back, or halved, when an "after" photo shows that what was
wrong is put right in time (domain.md, section 15.3).

Whom it concerns reports it, or an inspector takes the photo at a re-scan; an inspector who may record there and has no
interest in the place confirms it. Nothing is edited: the deduction is reversed, and what stays of it is a new record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select

from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.records.models import LIVE, Record, RecordPhoto, Rectification, RectificationPhoto
from webapp.records.queries import Target, concerns, target
from webapp.records.service import checks
from webapp.records.service.booking import post_record
from webapp.records.service.making import OUT_OF_REACH, copy_record
from webapp.records.service.undoing import take_out_of_the_book
from webapp.schemes.lapsing import day_words
from webapp.schemes.queries import RuleView, rule_version
from webapp.users.queries import courtyards_headed_in

MOST_WORDS = 300  # characters of a note or a reason


class _Case(NamedTuple):
    """One deduction, locked, with what judges it."""

    record: Record
    whom: Target
    rule: RuleView


def report(
    *, actor: Actor, record_id: int, photos: Sequence[str], note: str, client_key: str, now: datetime
) -> Rectification:
    """Whom a deduction concerns sends an "after" photo; it waits for an inspector.

    The same ``client_key`` again answers with the first report.

    :raises NotFound: for a deduction that does not concern the household.
    :raises Invalid: without a photo, or with one that was used before.
    :raises Gone: after the last day.
    :raises AlreadyUsed: if a report waits already, or the deduction is settled.
    """
    case = _locked(record_id)
    if actor.household_id is None or not concerns(case.whom, actor.household_id, _headed(actor)):
        raise NotFound("没有找到这一条扣分，请返回列表看看。")
    before = _made_under(client_key)
    if before is not None:
        return before
    _check_open(case, now)
    if _waiting(record_id) is not None:
        raise AlreadyUsed("这一条已经报过整改，等网格员或巡查员来复查。")
    _check_time(case.record, now)
    made = _add(case, photos, note, client_key, actor, now)
    _log("rectification:reported", case, actor, now)
    return made


def confirm(
    *, actor: Actor, record_id: int, photos: Sequence[str] = (), note: str = "", client_key: str, now: datetime
) -> Rectification:
    """An inspector saw that it is put right: the deduction is taken back, or halved, as its rule says.

    With a report that waits no photo is needed, and the report counts from the day on which it was sent. The same
    ``client_key`` again answers with the first confirmation.

    :raises NotFound: outside the inspector's areas.
    :raises NotAllowed: for who may not record by this rule, or has an interest in the place.
    :raises Invalid: without a photo, or with one that was used before.
    :raises Gone: after the last day, without a report that was sent in time.
    :raises AlreadyUsed: if the deduction is settled.
    """
    case = _locked(record_id)
    _check_inspector(case, actor)
    waiting, before = _waiting(record_id), _made_under(client_key)
    if before is not None and before.state == "confirmed":
        return before
    _check_open(case, now)
    if waiting is None:
        _check_time(case.record, now)
        waiting = _add(case, photos, note, client_key, actor, now)
    elif photos:
        _check_photos(photos, len(_photos_of(waiting.id)))
        _add_photos(waiting, photos, len(_photos_of(waiting.id)))
    waiting.state, waiting.decided_at = "confirmed", now
    waiting.decided_by, waiting.decided_label = actor.user_id, actor.label
    waiting.new_record_id = _settle(case, actor, now)
    db.session.flush()
    _log("record:rectified", case, actor, now)
    return waiting


def turn_down(*, actor: Actor, record_id: int, reason: str, now: datetime) -> Rectification:
    """A report does not show it: back with a reason; another photo may be sent until the last day.

    :raises NotFound: outside the inspector's areas.
    :raises NotAllowed: for who may not record by this rule, or has an interest in the place.
    :raises Invalid: without a reason.
    :raises AlreadyUsed: if no report waits.
    """
    case = _locked(record_id)
    _check_inspector(case, actor)
    waiting, reason = _waiting(record_id), normalise_prose(reason)
    if waiting is None:
        raise AlreadyUsed("这一条整改已经处理过了，请刷新看看。")
    if not reason or len(reason) > MOST_WORDS:
        raise Invalid(f"请写明还差什么，最多 {MOST_WORDS} 个字，对方看得到。", field="reason")
    waiting.state, waiting.reason, waiting.decided_at = "returned", reason, now
    waiting.decided_by, waiting.decided_label = actor.user_id, actor.label
    db.session.flush()
    _log("rectification:returned", case, actor, now)
    return waiting


# Checks ---------------------------------------------------------------------------------------------------------------


def _locked(record_id: int) -> _Case:
    statement = select(Record).where(Record.id == record_id).with_for_update()
    record = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if record is None:
        raise NotFound("没有找到这一条扣分，请返回列表看看。")
    return _Case(record, target(record.holder_id), rule_version(record.rule_version_id))


def _headed(actor: Actor) -> set[int]:
    return courtyards_headed_in(actor.household_id) if actor.household_id else set()


def _check_inspector(case: _Case, actor: Actor) -> None:
    if not actor.may("records.make", case.whom.path):
        raise NotFound(OUT_OF_REACH)
    checks.check_recorder(case.rule, case.whom, actor)
    why = checks.why_recused(case.whom, actor.person_id)
    if why:
        raise NotAllowed(f"{why}，按规定要回避，请同事来复查。")


def _check_open(case: _Case, now: datetime) -> None:
    record = case.record
    if record.rectify_until is None:
        raise Conflict("这一条按细则不能整改返还。")
    if record.state not in LIVE:
        raise AlreadyUsed("这一条扣分已经返还或撤回，不用再整改。")


def _check_time(record: Record, now: datetime) -> None:
    last = record.rectify_until
    if last is not None and clock.local_date(now) > last:
        raise Gone(f"整改期到 {day_words(last)}，已经过了，这一条扣分不再返还。")


def _waiting(record_id: int) -> Rectification | None:
    asked = select(Rectification).where(Rectification.record_id == record_id, Rectification.state == "reported")
    return db.session.scalars(asked).one_or_none()


def _made_under(client_key: str) -> Rectification | None:
    return db.session.scalars(select(Rectification).where(Rectification.client_key == client_key)).one_or_none()


# Writing --------------------------------------------------------------------------------------------------------------


def _add(case: _Case, photos: Sequence[str], note: str, client_key: str, actor: Actor, now: datetime) -> Rectification:
    note = normalise_prose(note)
    if not photos:
        raise Invalid("请拍一张整改后的照片，没有照片不能返还。", field="photos")
    if len(note) > MOST_WORDS:
        raise Invalid(f"说明最多 {MOST_WORDS} 个字。", field="note")
    _check_photos(photos, 0)
    made = Rectification(
        record_id=case.record.id,
        client_key=client_key,
        state="reported",
        household_id=actor.household_id,
        label=actor.label,
        note=note,
        at=now,
    )
    db.session.add(made)
    db.session.flush()
    _add_photos(made, photos, 0)
    return made


def _photos_of(rectification_id: int) -> list[str]:
    photo = RectificationPhoto
    asked = select(photo.hash).where(photo.rectification_id == rectification_id).order_by(photo.position)
    return list(db.session.scalars(asked))


def _check_photos(photos: Sequence[str], first: int) -> None:
    """:raises Invalid: for a photo that was used before, here or in a record: it shows nothing new."""
    if first + len(photos) > checks.MOST_PHOTOS:
        raise Invalid(f"照片最多 {checks.MOST_PHOTOS} 张，请去掉几张。", field="photos")
    used = select(RecordPhoto.hash).where(RecordPhoto.hash.in_(photos))
    used_after = select(RectificationPhoto.hash).where(RectificationPhoto.hash.in_(photos))
    taken = db.session.scalar(select(or_(used.exists(), used_after.exists())))
    if taken or len(set(photos)) < len(photos):
        raise Invalid("这张照片以前用过，请到现场重新拍一张。", field="photos")


def _add_photos(made: Rectification, photos: Sequence[str], first: int) -> None:
    db.session.add_all(
        RectificationPhoto(rectification_id=made.id, position=position, hash=name)
        for position, name in enumerate(photos, start=first)
    )
    db.session.flush()


def _settle(case: _Case, actor: Actor, now: datetime) -> int | None:
    """Take the deduction back; what stays of it is a record of its own. Returns that one's id."""
    record, rule = case.record, case.rule
    state, stays = record.state, _stays(record.points, rule.rectify_percent)
    record.ended_at = now
    record.end_note = "整改合格，返还一半" if stays else "整改合格，全部返还"
    record.state = "reversed" if state == "posted" else "withdrawn"
    db.session.flush()
    if state == "posted":
        take_out_of_the_book(record, actor, now)
    if not stays:
        return None
    note = f"整改合格，返还一半；原来扣 {Points(-record.points)} 分"
    rest = copy_record(
        record, points=stays, state=state, note=note, client_key=_key_of_rest(record.id), actor=actor, now=now
    )
    if state == "posted":
        post_record(rest, rule, actor, now, guarded=False)
    return rest.id


def _key_of_rest(record_id: int) -> str:
    return signing.fingerprint(f"rectified\0{record_id}")


def _stays(tenths: int, percent: int) -> int:
    """What stays deducted, in whole tenths, rounded in favour of whom it concerns."""
    return -(-tenths * (100 - percent) // 100)


def _log(action: str, case: _Case, actor: Actor, now: datetime) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="record",
        object_id=case.record.id,
        area_path=case.whom.path,
        holder=case.record.holder_id,
        points=str(Points(case.record.points)),
    )
