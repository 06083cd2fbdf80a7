"""The way of a record into the book: first review, confirmation by the working group, posting; or back to its author.

Rules (domain.md, sections 3 and 4; design.md, section 4): who reviews first is the scheme's to say; nobody reviews what
they wrote, what concerns their household or a declared relative's, or confirms what they passed themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Integer, bindparam, func, insert, select, update
from sqlalchemy.orm.attributes import set_committed_value

from webapp.audit.service import Happened, log_each
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, DomainError, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.prepared import Prepared, table_of
from webapp.records.models import STEPS, Record, RecordStep
from webapp.records.queries import Target, steps_of, targets
from webapp.records.service import checks
from webapp.records.service.booking import post_records
from webapp.schemes.queries import Terms, rule_version, terms
from webapp.users.permissions import posts_over
from webapp.users.queries import courtyards_headed_in

MOST_AT_ONCE = 500  # records in one transaction
MOST_REASON = 300  # characters
_step, _record, _ids = RecordStep.__table__.c, Record.__table__.c, bindparam("ids", expanding=True, type_=Integer)
_LOCKED = select(Record).where(Record.id.in_(_ids)).order_by(Record.id).with_for_update()
_PASSED_BY = select(_step.record_id).where(
    _step.record_id.in_(_ids), _step.kind == "passed", _step.user_id == bindparam("user")
)
_STEPS_TAKEN = select(_step.record_id, func.count()).where(_step.record_id.in_(_ids)).group_by(_step.record_id)
_INSERT_STEP = Prepared(insert(table_of(RecordStep)))
_SET_STATE = update(table_of(Record)).where(_record.id.in_(_ids)).values(state=bindparam("new"))


def _done_already(record: Record) -> AlreadyUsed:
    """Somebody was quicker: who it was, what they did and when."""
    steps = steps_of(record.id)
    if not steps:
        return AlreadyUsed("这条记实已经处理过了，请刷新看看。")
    last = steps[-1]
    return AlreadyUsed(
        f"{last.label} {clock.local(last.at):%m-%d %H:%M} 已经处理过了（{STEPS[last.kind]}），请刷新看看。"
    )


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


def why_not_impartial(record: Record, whom: Target, actor: Actor, interests: checks.Interests | None = None) -> str:
    """回避: why the actor has an interest in a record; empty if they have none. ``interests``: the actor's, where
    several records are asked about."""
    if checks.wrote(record, actor):
        return "不能审核自己记的内容，请同事来审核。"
    if actor.household_id is not None and actor.household_id in (whom.id, whom.household_id):
        return "这是您自己家，按规定要回避，请他人审核。"
    interests = interests or interests_of(actor)
    why = interests.why_recused(whom, as_head=False) if interests else ""
    return f"{why}，按规定要回避，请他人审核。" if why else ""


def interests_of(actor: Actor) -> checks.Interests | None:
    """None for who is no person known here."""
    return checks.Interests(actor.person_id) if actor.person_id is not None else None


def pass_first(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """初审通过. Each record for itself: one that can't be passed does not stop the others.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """

    def judge(found: Found) -> None:
        if found.record.state != "waiting":
            raise _done_already(found.record)
        why = why_not_first(found.record, found.whom, found.scheme, actor)
        if why:
            raise NotAllowed(why)

    good, refused = _judged(record_ids, judge)
    all_go_on(good, "passed", actor, now)
    return _outcome(good, refused)


def confirm(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """审核认定, by the working group. What posts when it is confirmed is in the book at once, the rest waits for the
    publication.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """
    interests, passed = interests_of(actor), _passed_by(actor, record_ids)

    def judge(found: Found) -> None:
        record, whom = found.record, found.whom
        if not actor.may("reviews.confirm", whom.path):
            raise NotFound("没有找到这条记实。")
        if record.state != "passed":
            waiting = record.state == "waiting"
            raise AlreadyUsed("这条还没有初审，请先初审。") if waiting else _done_already(record)
        why = why_not_impartial(record, whom, actor, interests)
        why = why or ("初审是您做的，认定请换一个人。" if record.id in passed else "")
        if why:
            raise NotAllowed(why)

    good, refused = _judged(record_ids, judge)
    posting = [found for found in good if found.scheme.posts(found.record.source) != "publication"]
    refused |= _booked(posting, actor, now)
    good, posting = _without(good, refused), _without(posting, refused)
    all_go_on(good, "confirmed", actor, now)
    all_go_on(posting, "posted", actor, now)
    return _outcome(good, refused)


def _passed_by(actor: Actor, record_ids: Sequence[int]) -> set[int]:
    """Which of some records the actor passed in the first review."""
    if actor.user_id is None:
        return set()
    values = {"ids": list(record_ids), "user": actor.user_id}
    return set(db.session.connection().execute(_PASSED_BY, values).scalars())


def post_confirmed(*, actor: Actor, record_ids: Sequence[int], now: datetime) -> Outcome:
    """Bring confirmed records into the book, at the publication. One that would take its account below the scheme's
    floor stays confirmed and is named.

    :raises Invalid: for more than ``MOST_AT_ONCE`` records.
    """

    def judge(found: Found) -> None:
        if found.record.state != "confirmed":
            raise _done_already(found.record)
        actor.must("reviews.confirm", found.whom.path)

    good, refused = _judged(record_ids, judge)
    refused |= _booked(good, actor, now)
    good = _without(good, refused)
    all_go_on(good, "posted", actor, now)
    return _outcome(good, refused)


def give_back(*, actor: Actor, record_id: int, reason: str, now: datetime) -> Record:
    """退回: what is not in the book yet goes back to its author with a reason, who may mend it and send it again.

    :raises NotFound: if there is no such record where the actor reviews.
    :raises Invalid: without a reason.
    :raises AlreadyUsed: if it is in the book, or was ended before.
    :raises NotAllowed: for who has an interest in it.
    """
    found = locked(record_id)
    record, whom, scheme = found
    reason = normalise_prose(reason)
    first = record.state == "waiting" and may_review(actor, whom, scheme)
    if not first and not actor.may("reviews.confirm", whom.path):
        raise NotFound("没有找到这条记实。")
    if record.state not in ("waiting", "passed"):
        raise _done_already(found.record)
    if not reason or len(reason) > MOST_REASON:
        raise Invalid(f"请写明退回的原因，最多 {MOST_REASON} 个字，申报人看得到。", field="reason")
    why = why_not_impartial(record, whom, actor)
    if why:
        raise NotAllowed(why)
    _end(found, "returned", reason, actor, now)
    return record


def withdraw(*, actor: Actor, record_id: int, now: datetime) -> Record:
    """撤回: its author takes a claim back until it has been reviewed, or does not send a returned one again.

    :raises NotFound: for anybody but its author.
    :raises AlreadyUsed: once it was reviewed or withdrawn.
    """
    found = locked(record_id)
    record = found.record
    if not checks.wrote(record, actor):
        raise NotFound("没有找到这条申报。")
    if record.state not in ("waiting", "returned"):
        raise AlreadyUsed("这条已经审核过，不能自己撤回了。有疑问请联系网格员。")
    _end(found, "withdrawn", "申报人撤回", actor, now)
    return record


# Several records ------------------------------------------------------------------------------------------------------


class Found(NamedTuple):
    """A record that is locked, for whom it is and by whose terms."""

    record: Record
    whom: Target
    scheme: Terms


Refused = dict[int, str]


def _judged(record_ids: Sequence[int], judge: Callable[[Found], None]) -> tuple[list[Found], Refused]:
    """Those that ``judge`` lets pass, and why not the others. Locked in the order of their numbers, so that two who
    work on the same batch never wait for each other crosswise."""
    if len(record_ids) > MOST_AT_ONCE:
        raise Invalid(f"一次最多 {MOST_AT_ONCE} 条，请分几次。")
    found = {one.record.id: one for one in _locked_all(record_ids)}
    good, refused = [], {}
    for record_id in sorted(set(record_ids)):
        try:
            if record_id not in found:
                raise NotFound("没有找到这条记实。")
            judge(found[record_id])
        except DomainError as error:
            refused[record_id] = error.message
        else:
            good.append(found[record_id])
    return good, refused


def _locked_all(record_ids: Sequence[int]) -> list[Found]:
    records = db.session.scalars(
        _LOCKED, {"ids": list(record_ids)}, execution_options={"populate_existing": True}
    ).all()
    whom = targets({record.holder_id for record in records})
    schemes = {scheme_id: terms(scheme_id) for scheme_id in {record.scheme_id for record in records}}
    return [Found(record, whom[record.holder_id], schemes[record.scheme_id]) for record in records]


def _booked(found: Sequence[Found], actor: Actor, now: datetime) -> Refused:
    """Into the book; what it refuses, and why."""
    rules = {version: rule_version(version) for version in {one.record.rule_version_id for one in found}}
    given = [(one.record, rules[one.record.rule_version_id]) for one in found]
    return {record_id: error.message for record_id, error in post_records(given, actor, now).items()}


def _without(found: Sequence[Found], refused: Refused) -> list[Found]:
    return [one for one in found if one.record.id not in refused]


def _outcome(good: Sequence[Found], refused: Refused) -> Outcome:
    return Outcome(len(good), tuple(sorted(refused.items())))


# The step -------------------------------------------------------------------------------------------------------------


def locked(record_id: int) -> Found:
    """:raises NotFound: if there is no such record."""
    found = _locked_all([record_id])
    if not found:
        raise NotFound("没有找到这条记实。")
    return found[0]


def all_go_on(found: Sequence[Found], state: str, actor: Actor, now: datetime, note: str = "") -> None:
    """The step into a state, which is called like it: the records, their steps and the audit log."""
    if not found:
        return
    ids = [one.record.id for one in found]
    db.session.flush()
    connection = db.session.connection()
    connection.execute(_SET_STATE, {"ids": ids, "new": state})
    for one in found:
        set_committed_value(one.record, "state", state)
    taken = {record_id: count for record_id, count in connection.execute(_STEPS_TAKEN, {"ids": ids}).all()}
    _INSERT_STEP.each(
        [
            {
                "record_id": record_id,
                "seq": taken.get(record_id, 0) + 1,
                "kind": state,
                "user_id": actor.user_id,
                "person_id": actor.person_id,
                "household_id": actor.household_id,
                "label": actor.label,
                "note": note,
                "at": now,
            }
            for record_id in ids
        ]
    )
    log_each(actor, f"record:{state}", [_happened(one, state) for one in found], now=now, object_kind="record")


def _happened(one: Found, state: str) -> Happened:
    record = one.record
    detail = {"holder": record.holder_id, "points": str(Points(record.points)), "state": state}
    return Happened(record.id, one.whom.path, detail)


def _end(found: Found, state: str, note: str, actor: Actor, now: datetime) -> None:
    found.record.ended_at, found.record.end_note = now, note
    all_go_on([found], state, actor, now, note)
