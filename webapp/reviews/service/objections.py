"""异议: somebody objects to one line; only its points are held; who had no hand in it looks into it and answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, insert, select

from webapp.audit.service import log
from webapp.core import signing
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotAllowed, NotFound
from webapp.core.points import ZERO, Points
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account, hold_of_cause
from webapp.places.models import Household
from webapp.places.queries import communities_in
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import target
from webapp.reviews import queries
from webapp.reviews.models import KINDS, UNSETTLED, CommunityMonth, Objection, ObjectionStep, PublicationLine

LONGEST_REASON, SHORTEST_ANSWER, LONGEST_ANSWER, LONGEST_NAME = 200, 4, 200, 30


def lodge(
    *,
    actor: Actor,
    month_id: int,
    line: int,
    kind: str,
    reason: str,
    now: datetime,
    household_id: int | None = None,
    brought_by: str = "",
) -> Objection:
    """提异议 to one published line, inside the window. A household objects for itself, at a kiosk or on its phone; staff
    on behalf of whoever stands at the counter: they say who brought it, and which household it is if they know.

    The line's points are held as far as they are still there; nothing else of the account is.

    :raises NotFound: for a line that is not published, or of another community.
    :raises Invalid: without a reason.
    :raises Gone: when the window is over, or the line was taken back.
    :raises AlreadyUsed: if this household has objected to this line before.
    """
    row = _locked_month(month_id)
    published = queries.line_of(month_id, line) if row else None
    if row is None or published is None or not _belongs(actor, row):
        raise NotFound("没有这一条公示，或它不是您社区的。请返回公示再选一条。")
    reason, brought_by = normalise_prose(reason), normalise_prose(brought_by)
    _check_words(kind, reason)
    record = db.session.get_one(Record, published.record_id)
    _check_time(row, record, now)
    whose = _whose(actor, row, household_id, brought_by)
    _check_first(row, line, whose)
    made = _insert(actor, row, published, now, kind=kind, reason=reason, household_id=whose, brought_by=brought_by)
    _hold(made, record, now)
    _step(made, "opened", actor, now, reason)
    return made


def _locked_month(month_id: int) -> CommunityMonth | None:
    """Objections of a month are numbered one after the other."""
    statement = select(CommunityMonth).where(CommunityMonth.id == month_id, CommunityMonth.published_at.is_not(None))
    statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(statement).one_or_none()


def _belongs(actor: Actor, row: CommunityMonth) -> bool:
    if actor.household_id is not None:
        household = db.session.get(Household, actor.household_id)
        return household is not None and household.active and household.community_id == row.community_id
    return any(one.id == row.community_id for one in communities_in(actor.scope("objections.make")))


def _check_words(kind: str, reason: str) -> None:
    if kind not in KINDS:
        raise Invalid("请先选一个原因。", field="kind")
    if kind == "other" and len(reason) < 2:
        raise Invalid("请写一句话，说明哪里不对。", field="reason")
    if len(reason) > LONGEST_REASON:
        raise Invalid(f"说明最多 {LONGEST_REASON} 个字。", field="reason")


def _check_time(row: CommunityMonth, record: Record, now: datetime) -> None:
    if row.state == "closed":
        raise Gone(f"{row.month % 100} 月已经关账，不能再提异议。有疑问请到服务台。")
    if not queries.takes_objections(row, now):
        raise Gone(f"异议期到 {row.objections_until} 为止，已经过了，不能再提。有疑问请到服务台。")
    if not queries.standing(record.id):
        raise Gone("这一条已经冲正，积分已经改回来了，不用再提。")


def _whose(actor: Actor, row: CommunityMonth, household_id: int | None, brought_by: str) -> int | None:
    if actor.household_id is not None:
        return actor.household_id
    if not 0 < len(brought_by) <= LONGEST_NAME:
        raise Invalid(f"请写明是谁来提的，最多 {LONGEST_NAME} 个字。", field="brought_by")
    if household_id is None:
        return None
    household = db.session.get(Household, household_id)
    if household is None or not household.active or household.community_id != row.community_id:
        raise Invalid("没有找到这一户，请重新选，或只写姓名。", field="household")
    return household.id


def _check_first(row: CommunityMonth, line: int, household_id: int | None) -> None:
    before = queries.made_before(row.id, line, household_id) if household_id is not None else None
    if before is None:
        return
    words = "请等答复" if not before.settled else "已经答复了"
    raise AlreadyUsed(f"这一户已经对这一条提过异议（{queries.label_of(row.month, before.number)}），{words}。")


def _insert(
    actor: Actor, row: CommunityMonth, line: PublicationLine, now: datetime, **said: str | int | None
) -> Objection:
    last = db.session.scalar(select(func.max(Objection.number)).where(Objection.month_id == row.id))
    channel = {"kiosk": "kiosk", "resident": "phone"}.get(actor.kind, "desk")
    made = Objection(
        month_id=row.id,
        line=line.number,
        number=(last or 0) + 1,
        record_id=line.record_id,
        channel=channel,
        state="open",
        held=0,
        opened_at=now,
        answer="",
        **said,
    )
    db.session.add(made)
    db.session.flush()
    return made


# The points of the line -----------------------------------------------------------------------------------------------


def _hold(objection: Objection, record: Record, now: datetime) -> None:
    """Hold what the line gave, once, however many object to it; of a deduction or a veto nothing is held."""
    others = select(func.coalesce(func.sum(Objection.held), 0)).where(
        Objection.record_id == record.id, Objection.state.in_(UNSETTLED), Objection.id != objection.id
    )
    most = Points(record.points - int(db.session.scalar(others) or 0))
    account = find_account(record.holder_id, record.scheme_id)
    if account is None or record.points <= 0 or most <= ZERO:
        return
    reason = f"第 {objection.number} 号异议，调查中"
    cause = Cause("objection", objection.id)
    line = ledger.keep_back(account_id=account.id, most=most, cause=cause, reason=reason, now=now)
    objection.held = line.amount.tenths if line else 0
    db.session.flush()


def _let_go(objection: Objection, now: datetime) -> None:
    held = hold_of_cause(Cause("objection", objection.id))
    if held is not None and held.state == "active":
        ledger.release(hold_id=held.id, now=now)


# Looking into it ------------------------------------------------------------------------------------------------------


def acknowledge(*, actor: Actor, objection_id: int, now: datetime) -> Objection:
    """受理: somebody who had no hand in the line looks into it.

    :raises NotFound: outside the actor's areas.
    :raises NotAllowed: for who recorded or reviewed it, or has an interest in it.
    :raises AlreadyUsed: if that was done before.
    """
    objection = _taken(actor, objection_id)
    if objection.state != "open":
        raise AlreadyUsed("这条异议已经受理，正在调查。")
    _acknowledge(objection, actor, now)
    return objection


def dismiss(*, actor: Actor, objection_id: int, answer: str, now: datetime) -> Objection:
    """不成立, with the reason as the answer. The line stays, its points are free again, or held by the next who objects
    to it and holds none.

    :raises: as ``uphold``.
    """
    objection = _taken(actor, objection_id)
    answer = _answer(answer)
    _settle(objection, "dismissed", answer, actor, now)
    heir = next((one for one in _others(objection) if not one.held), None)
    if heir is not None:
        _hold(heir, objection.record, now)
    return objection


def uphold(
    *,
    actor: Actor,
    objection_id: int,
    answer: str,
    now: datetime,
    rule_version_id: int | None = None,
    points: Points | None = None,
) -> Objection:
    """成立: the record is reversed in the book, never edited; with ``rule_version_id`` it is written down anew by that
    rule. Whoever else objected to the same line gets the same answer.

    :raises NotFound: outside the actor's areas.
    :raises NotAllowed: for who recorded or reviewed the line, or has an interest in it.
    :raises AlreadyUsed: if it was decided before.
    :raises Invalid: without an answer in words, or for points that the rule does not give.
    :raises Conflict: if the new record says the same as the old one.
    """
    objection = _taken(actor, objection_id)
    answer, record = _answer(answer), objection.record
    if rule_version_id == record.rule_version_id and points in (None, Points(record.points)):
        raise Conflict("新记的和原来一样。没有错就点「不成立」，有错请改细则或分值。", field="rule")
    waiting = _others(objection)
    for one in (objection, *waiting):
        _let_go(one, now)
    label = queries.label_of(objection.month.month, objection.number)
    for record_id in queries.standing(record.id):
        records.reverse(actor=actor, record_id=record_id, reason=f"{label}异议成立：{answer}", now=now)
    if rule_version_id is not None:
        objection.new_record_id = _anew(objection, actor, rule_version_id, points, label, now).id
    _settle(objection, "upheld", answer, actor, now)
    for one in waiting:
        _settle(one, "upheld", answer, actor, now)
    return objection


def _anew(
    objection: Objection, actor: Actor, rule_version_id: int, points: Points | None, label: str, now: datetime
) -> Record:
    return records.replace(
        actor=actor,
        record_id=objection.record_id,
        rule_version_id=rule_version_id,
        points=points,
        note=f"{label}异议成立，改记",
        brought_by=f"{label}异议",
        client_key=signing.fingerprint(f"objection\0{objection.id}"),
        now=now,
    )


def _taken(actor: Actor, objection_id: int) -> Objection:
    """The objection, locked: of two who decide at once the second finds it decided."""
    statement = select(Objection).where(Objection.id == objection_id).with_for_update()
    objection = db.session.scalars(statement.execution_options(populate_existing=True)).one_or_none()
    whom = target(objection.record.holder_id) if objection else None
    if objection is None or whom is None or not actor.may("objections.decide", whom.path):
        raise NotFound("没有这条异议，或它不在您负责的范围内。")
    if objection.settled:
        words = "成立" if objection.state == "upheld" else "不成立"
        raise AlreadyUsed(f"这条异议已经答复过了，结果是{words}。请刷新看看。")
    why = queries.why_not_deciding(objection, whom, actor)
    if why:
        raise NotAllowed(why)
    return objection


def _others(objection: Objection) -> list[Objection]:
    """Who else objects to the same record and waits."""
    statement = select(Objection).where(
        Objection.record_id == objection.record_id, Objection.state.in_(UNSETTLED), Objection.id != objection.id
    )
    return list(db.session.scalars(statement.order_by(Objection.id).with_for_update()))


def _answer(answer: str) -> str:
    answer = normalise_prose(answer)
    if not SHORTEST_ANSWER <= len(answer) <= LONGEST_ANSWER:
        words = f"请写明调查的结果，{SHORTEST_ANSWER} 到 {LONGEST_ANSWER} 个字，提异议的人看得到。"
        raise Invalid(words, field="answer")
    return answer


def _acknowledge(objection: Objection, actor: Actor, now: datetime) -> None:
    objection.state, objection.acknowledged_at = "looking", now
    db.session.flush()
    _step(objection, "acknowledged", actor, now)


def _settle(objection: Objection, state: str, answer: str, actor: Actor, now: datetime) -> None:
    if objection.state == "open":
        _acknowledge(objection, actor, now)
    _let_go(objection, now)
    objection.state, objection.answer = state, answer
    objection.decided_at, objection.decided_by = now, actor.user_id
    db.session.flush()
    _step(objection, state, actor, now, answer)


def _step(objection: Objection, kind: str, actor: Actor, now: datetime, note: str = "") -> None:
    last = select(func.coalesce(func.max(ObjectionStep.seq), 0)).where(ObjectionStep.objection_id == objection.id)
    db.session.execute(
        insert(ObjectionStep).values(
            objection_id=objection.id,
            seq=int(db.session.scalar(last) or 0) + 1,
            kind=kind,
            user_id=actor.user_id,
            household_id=actor.household_id,
            label=actor.label,
            note=note,
            at=now,
        )
    )
    log(
        actor,
        f"objection:{kind}",
        now=now,
        object_kind="objection",
        object_id=objection.id,
        area_path=objection.month.community.path,
        month=objection.month.month,
        state=objection.state,
    )
