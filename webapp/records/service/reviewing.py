"""The way of a record into the book: first review, confirmation by the working group, posting; or back to its author.

Rules (domain.md, sections 3 and 4; design.md, section 4): who reviews first is the scheme's to say; nobody reviews what
they wrote, what concerns their household or a declared relative's, or confirms what they passed themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import insert, select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, DomainError, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.records.models import Record, RecordStep
from webapp.records.queries import Target, steps_of, target
from webapp.records.service import checks
from webapp.records.service.booking import post_record
from webapp.schemes.queries import Terms, rule_version, terms
from webapp.users.permissions import posts_over
from webapp.users.queries import courtyards_headed_in

MOST_AT_ONCE = 500  # records in one transaction
MOST_REASON = 300  # characters
_DONE_ALREADY = "这条记实已经处理过了，请刷新看看。"


class Outcome(NamedTuple):
    """What became of several records: how many went on, and why others did not."""

    done: int
    refused: tuple[tuple[int, str], ...] = ()


def may_review(actor: Actor, whom: Target, scheme: Terms) -> bool:
    """Whether the actor holds a post that reviews this scheme's claims first, over the holder's area or courtyard."""
    if actor.kind == "system":
        return True
    if not posts_over(actor, whom.path).isdisjoint(scheme.reviewers):
        return True
    yard_id = whom.id if whom.kind == "courtyard" else whom.courtyard_id
    heads = actor.household_id is not None and "courtyard_head" in scheme.reviewers
    return heads and yard_id in courtyards_headed_in(actor.household_id or 0)


def why_not_first(record: Record, whom: Target, scheme: Terms, actor: Actor) -> str:
    """Why the actor can't review a claim first; empty if they can."""
    if not may_review(actor, whom, scheme):
        return "这条不由您初审。"
    return why_not_impartial(record, whom, actor)


def why_not_impartial(record: Record, whom: Target, actor: Actor) -> str:
    """回避: why the actor has an interest in a record; empty if they have none."""
    if checks.wrote(record, actor):
        return "不能审核自己记的内容，请同事来审核。"
    if actor.household_id is not None and actor.household_id in (whom.id, whom.household_id):
        return "这是您自己家，按规定要回避，请他人审核。"
    why = checks.why_recused(whom, actor.person_id, as_head=False)
    return f"{why}，按规定要回避，请他人审核。" if why else ""


def pass_first(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """初审通过. Each record for itself: one that can't be passed does not stop the others.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """

    def one(record: Record, whom: Target, scheme: Terms) -> None:
        if record.state != "waiting":
            raise AlreadyUsed(_DONE_ALREADY)
        why = why_not_first(record, whom, scheme, actor)
        if why:
            raise NotAllowed(why)
        _go_on(record, "passed", "passed", whom, actor, now)

    return _each(record_ids, one)


def confirm(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """审核认定, by the working group. What posts when it is confirmed is in the book at once, the rest waits for the
    publication.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """

    def one(record: Record, whom: Target, scheme: Terms) -> None:
        if not actor.may("reviews.confirm", whom.path):
            raise NotFound("没有找到这条记实。")
        if record.state != "passed":
            raise AlreadyUsed("这条还没有初审，请先初审。" if record.state == "waiting" else _DONE_ALREADY)
        why = why_not_impartial(record, whom, actor) or _passed_it(record, actor)
        if why:
            raise NotAllowed(why)
        _go_on(record, "confirmed", "confirmed", whom, actor, now)
        if scheme.posts(record.source) != "publication":
            _post(record, whom, actor, now)

    return _each(record_ids, one)


def _passed_it(record: Record, actor: Actor) -> str:
    mine = any(
        step.kind == "passed" and step.user_id is not None and step.user_id == actor.user_id
        for step in steps_of(record.id)
    )
    return "初审是您做的，认定请换一个人。" if mine else ""


def post_confirmed(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """Bring confirmed records into the book, at the publication. One that would take its account below the scheme's
    floor stays confirmed and is named.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """

    def one(record: Record, whom: Target, scheme: Terms) -> None:
        if record.state != "confirmed":
            raise AlreadyUsed(_DONE_ALREADY)
        actor.must("reviews.confirm", whom.path)
        _post(record, whom, actor, now)

    return _each(record_ids, one)


def give_back(*, actor: Actor, record_id: int, reason: str, now: datetime) -> Record:
    """退回: what is not in the book yet goes back to its author with a reason, who may mend it and send it again.

    :raises NotFound: if there is no such record where the actor reviews.
    :raises Invalid: without a reason.
    :raises AlreadyUsed: if it is in the book, or was ended before.
    :raises NotAllowed: for who has an interest in it.
    """
    record, whom, scheme = _locked(record_id)
    reason = normalise_prose(reason)
    first = record.state == "waiting" and may_review(actor, whom, scheme)
    if not first and not actor.may("reviews.confirm", whom.path):
        raise NotFound("没有找到这条记实。")
    if record.state not in ("waiting", "passed"):
        raise AlreadyUsed(_DONE_ALREADY)
    if not reason or len(reason) > MOST_REASON:
        raise Invalid(f"请写明退回的原因，最多 {MOST_REASON} 个字，申报人看得到。", field="reason")
    why = why_not_impartial(record, whom, actor)
    if why:
        raise NotAllowed(why)
    _end(record, "returned", reason, whom, actor, now)
    return record


def withdraw(*, actor: Actor, record_id: int, now: datetime) -> Record:
    """撤回: its author takes a claim back until it has been reviewed, or does not send a returned one again.

    :raises NotFound: for anybody but its author.
    :raises AlreadyUsed: once it was reviewed or withdrawn.
    """
    record, whom, _ = _locked(record_id)
    if not checks.wrote(record, actor):
        raise NotFound("没有找到这条申报。")
    if record.state not in ("waiting", "returned"):
        raise AlreadyUsed("这条已经审核过，不能自己撤回了。有疑问请联系网格员。")
    _end(record, "withdrawn", "申报人撤回", whom, actor, now)
    return record


# One record -----------------------------------------------------------------------------------------------------------


def _each(record_ids: Sequence[int], act: Callable[[Record, Target, Terms], None]) -> Outcome:
    """In the order of their numbers, so that two who confirm the same batch never wait for each other crosswise."""
    if len(record_ids) > MOST_AT_ONCE:
        raise Invalid(f"一次最多 {MOST_AT_ONCE} 条，请分几次。")
    done, refused = 0, []
    for record_id in sorted(set(record_ids)):
        try:
            with db.session.begin_nested():  # an account may have moved before its entry is refused
                act(*_locked(record_id))
        except DomainError as error:
            refused.append((record_id, error.message))
        else:
            done += 1
    return Outcome(done, tuple(refused))


def _locked(record_id: int) -> tuple[Record, Target, Terms]:
    statement = select(Record).where(Record.id == record_id).with_for_update()
    record = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    if record is None:
        raise NotFound("没有找到这条记实。")
    return record, target(record.holder_id), terms(record.scheme_id)


def _go_on(record: Record, state: str, kind: str, whom: Target, actor: Actor, now: datetime, note: str = "") -> None:
    record.state = state
    db.session.flush()
    seq = len(steps_of(record.id)) + 1
    db.session.execute(
        insert(RecordStep).values(
            record_id=record.id,
            seq=seq,
            kind=kind,
            user_id=actor.user_id,
            person_id=actor.person_id,
            household_id=actor.household_id,
            label=actor.label,
            note=note,
            at=now,
        )
    )
    log(
        actor,
        f"record:{kind}",
        now=now,
        object_kind="record",
        object_id=record.id,
        area_path=whom.path,
        holder=record.holder_id,
        points=str(Points(record.points)),
        state=state,
    )


def _post(record: Record, whom: Target, actor: Actor, now: datetime) -> None:
    _go_on(record, "posted", "posted", whom, actor, now)
    post_record(record, rule_version(record.rule_version_id), actor, now)


def _end(record: Record, state: str, note: str, whom: Target, actor: Actor, now: datetime) -> None:
    record.ended_at, record.end_note = now, note
    _go_on(record, state, state, whom, actor, now, note)
