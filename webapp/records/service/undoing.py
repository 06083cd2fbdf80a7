"""Taking a record back: by its author while the ink is wet, or because somebody was right to object."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Gone, NotAllowed, NotFound
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import entry_of_cause, find_account, hold_of_cause
from webapp.records.models import Record, Rectification
from webapp.records.queries import LIVE, target
from webapp.records.service.making import log_record
from webapp.records.service.reviewing import locked, why_not_impartial

UNDO_FOR = timedelta(minutes=10)
LONGEST_REASON = 300


def undo_until(record: Record) -> datetime:
    """The last moment (UTC) at which its author may take a record back."""
    return record.created_at + UNDO_FOR


def is_rest(record_id: int) -> bool:
    """Whether a record is what stays of a deduction that was halved: nobody takes that back by themselves."""
    return bool(db.session.scalar(select(exists().where(Rectification.new_record_id == record_id))))


def undo(*, actor: Actor, record_id: int, now: datetime) -> Record:
    """Take a record back: what is in the book is reversed there, visibly; what waits is withdrawn; a veto's lock goes.

    Rule: within ten minutes, by its author only (issue 2, item 6).

    :raises NotFound: if there is no such record.
    :raises NotAllowed: for anybody but its author.
    :raises Gone: after ten minutes.
    :raises AlreadyUsed: if it was taken back before.
    """
    record = db.session.scalars(
        select(Record).where(Record.id == record_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if record is None:
        raise NotFound("没有找到这条记实。")
    if actor.user_id is None or actor.user_id != record.recorder_id:
        raise NotAllowed("只有记录的本人可以撤回。记错了请联系社区处理。")
    if record.state not in LIVE:
        raise AlreadyUsed("这条记录已经撤回，不用再撤。")
    if is_rest(record_id):
        raise NotAllowed("这是整改返还后留下的一笔，不能撤回。记错了请联系社区处理。")
    if now > undo_until(record):
        raise Gone("已经超过 10 分钟，不能自己撤回了。记错了请联系社区处理。")
    was_posted = record.state == "posted"
    record.state = "reversed" if was_posted else "withdrawn"
    record.ended_at, record.end_note = now, "记录人撤回"
    db.session.flush()
    if was_posted:
        take_out_of_the_book(record, actor, now)
    log(
        actor,
        "record:undone",
        now=now,
        object_kind="record",
        object_id=record.id,
        area_path=target(record.holder_id).path,
        state=record.state,
    )
    return record


def reverse(*, actor: Actor, record_id: int, reason: str, now: datetime) -> Record:
    """冲正: take a record out of the book, for a reason that everybody may read. Whoever calls has looked into it.

    :raises NotFound: if there is no such record.
    :raises NotAllowed: for who has an interest in it.
    :raises AlreadyUsed: unless it stands in the book.
    """
    record, whom, _ = locked(record_id)
    if record.state != "posted":
        raise AlreadyUsed("这条记实不在账上，或已经冲正，不用再冲。")
    why = why_not_impartial(record, whom, actor)
    if why:
        raise NotAllowed(why)
    record.state, record.ended_at, record.end_note = "reversed", now, reason[:LONGEST_REASON]
    db.session.flush()
    take_out_of_the_book(record, actor, now)
    log_record(actor, "record:reversed", record, whom.path, now)
    return record


def take_out_of_the_book(record: Record, actor: Actor, now: datetime) -> None:
    """What a record put there: its entry is reversed, its lock goes. ``end_note`` says why."""
    cause = Cause("record", record.id)
    account = find_account(record.holder_id, record.scheme_id)
    entry = entry_of_cause(cause, account.id) if account else None
    if entry is not None:
        ledger.reverse(entry=entry, cause=Cause("undo", record.id), reason=record.end_note, actor=actor, now=now)
    lock = hold_of_cause(cause)
    if lock is not None and lock.state == "active":
        ledger.release(hold_id=lock.id, now=now)
