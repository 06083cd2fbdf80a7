"""Reads of objections: who may still object, who may decide, the inbox, a household's own, and the register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, func, or_, select

from webapp.audit.queries import who_did
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Holder, Person
from webapp.places.queries import within
from webapp.records.models import Record, RecordStep, Rectification
from webapp.records.queries import Target, target
from webapp.records.service import why_not_impartial, why_recused
from webapp.reviews.models import (
    CHANNELS,
    KINDS,
    OBJECTION_STATES,
    OBJECTION_STEPS,
    SETTLED,
    STILL_OPEN,
    UNSETTLED,
    CommunityMonth,
    Objection,
    ObjectionStep,
    PublicationLine,
)
from webapp.reviews.queries.hung import Hung, HungLine

ANSWER_WITHIN = timedelta(days=3)
_its_line = (PublicationLine.month_id == Objection.month_id) & (PublicationLine.number == Objection.line)


# Whether one may object -----------------------------------------------------------------------------------------------


def ends_at(row: CommunityMonth | Hung) -> datetime:
    """The first moment (UTC) at which it is too late to object."""
    if row.objections_until is None:
        raise ValueError("the month is not published")
    return clock.day_bounds(row.objections_until)[1]


def takes_objections(row: CommunityMonth | Hung, now: datetime) -> bool:
    return row.state == "on_notice" and now < ends_at(row)


def line_of(month_id: int, number: int) -> PublicationLine | None:
    return db.session.get(PublicationLine, (month_id, number))


def month_of_line(month_id: int, community_id: int) -> CommunityMonth:
    """A published month of somebody's own community.

    :raises NotFound: for any other.
    """
    row = db.session.get(CommunityMonth, month_id)
    if row is None or row.published_at is None or row.community_id != community_id:
        raise NotFound("没有这份公示，或它不是您社区的。请返回公示再选一条。")
    return row


def line_in(row: CommunityMonth, number: int) -> PublicationLine:
    """:raises NotFound: for a number that the publication has not."""
    line = line_of(row.id, number)
    if line is None:
        raise NotFound(f"公示里没有第 {number} 条，请返回公示核对序号。")
    return line


def line_of_record(record_id: int, now: datetime) -> PublicationLine | None:
    """The published line of a record, as long as one may object to it."""
    row = db.session.execute(
        select(PublicationLine, CommunityMonth)
        .join(CommunityMonth, CommunityMonth.id == PublicationLine.month_id)
        .where(PublicationLine.record_id == record_id)
    ).one_or_none()
    return row[0] if row is not None and takes_objections(row[1], now) else None


def standing(record_id: int) -> list[int]:
    """What stands in the book of a line: its record; or, after a rectification (整改), the half that stayed deducted."""
    half = select(Rectification.new_record_id).where(Rectification.record_id == record_id)
    statement = select(Record.id).where(Record.state == "posted", or_(Record.id == record_id, Record.id.in_(half)))
    return list(db.session.scalars(statement.order_by(Record.id)))


def named_to_all(row: CommunityMonth | Hung, line: PublicationLine | HungLine) -> bool:
    """Whether a line shows its name on a wall: deductions of households and people do not, unless the community so
    decided."""
    return row.minus_names or not line.nameless


def made_before(month_id: int, number: int, household_id: int) -> Objection | None:
    """What a household has objected to this line."""
    return db.session.scalars(
        select(Objection).where(
            Objection.month_id == month_id, Objection.line == number, Objection.household_id == household_id
        )
    ).one_or_none()


# One objection, and who may decide it ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """An objection with its line and what follows from its dates. ``days`` since it was made, or until it was
    answered; ``whom``: for whom the line stands; ``blocked``: why the one who looks can't decide it."""

    objection: Objection
    line: PublicationLine
    month: int
    due_on: date
    days: int
    late: bool
    whom: Target | None = None
    blocked: str = ""

    @property
    def kind(self) -> str:
        return KINDS[self.objection.kind]

    @property
    def state(self) -> str:
        return OBJECTION_STATES[self.objection.state]

    @property
    def channel(self) -> str:
        return CHANNELS[self.objection.channel]

    @property
    def label(self) -> str:
        """How people speak of it: ``11 月第 3 号``."""
        return f"{self.month % 100} 月第 {self.objection.number} 号"


def label_of(month: int, number: int) -> str:
    return f"{month % 100} 月第 {number} 号"


def _listed(found: Row[Any], today: date, actor: Actor | None = None) -> Listed:
    objection, line, month = found
    opened = clock.local_date(objection.opened_at)
    until = clock.local_date(objection.decided_at) if objection.decided_at else today
    due = opened + ANSWER_WITHIN
    whom = target(objection.record.holder_id) if actor else None
    blocked = why_not_deciding(objection, whom, actor) if actor and whom and not objection.settled else ""
    return Listed(objection, line, month, due, (until - opened).days, until > due, whom, blocked)


def _statement(*conditions: ColumnElement[bool]) -> Select[Any]:
    return (
        select(Objection, PublicationLine, CommunityMonth.month)
        .join(PublicationLine, _its_line)
        .join(CommunityMonth, CommunityMonth.id == Objection.month_id)
        .where(*conditions)
    )


def why_not_deciding(objection: Objection, whom: Target, actor: Actor) -> str:
    """回避: why somebody may not look into an objection; empty if they may."""
    if not actor.may("objections.decide", whom.path):
        return "这条异议不由您答复。"
    why = why_not_impartial(objection.record, whom, actor)
    if why:
        return why
    if _reviewed(objection.record_id, actor):
        return "这条是您审核过的，按规定请没有经手的同事来调查。"
    if objection.household_id is not None:
        close = why_recused(target(objection.household_id), actor.person_id, as_head=False)
        return f"提出异议的住户：{close}，按规定要回避。" if close else ""
    return ""


def _reviewed(record_id: int, actor: Actor) -> bool:
    """Whether the actor, or their household on its phone, had a hand in a record's review."""
    step = RecordStep
    home = select(Person.household_id).where(Person.id == (actor.person_id or 0)).scalar_subquery()
    mine = or_(
        step.user_id == (actor.user_id or 0), step.person_id == (actor.person_id or 0), step.household_id == home
    )
    return db.session.scalar(select(step.seq).where(step.record_id == record_id, mine).limit(1)) is not None


def steps_of_objection(objection_id: int) -> list[tuple[str, ObjectionStep]]:
    """(words, step), oldest first."""
    statement = select(ObjectionStep).where(ObjectionStep.objection_id == objection_id).order_by(ObjectionStep.seq)
    return [(OBJECTION_STEPS[step.kind], step) for step in db.session.scalars(statement)]


# The desk -------------------------------------------------------------------------------------------------------------


def _in_scope(scope: Sequence[str]) -> ColumnElement[bool]:
    """Of a holder in somebody's areas; asked of each objection, of which there are few, not of each record."""
    holder = select(Record.id).join(Holder, Holder.id == Record.holder_id).join(Area, Area.id == Holder.area_id)
    return holder.where(Record.id == Objection.record_id, within(scope)).correlate(Objection).exists()


def objections_statement(scope: Sequence[str], *, settled: bool = False) -> Select[Any]:
    """Those that wait, the oldest first; or those that were answered, the newest first."""
    if settled:
        return _statement(_in_scope(scope), Objection.state.not_in(UNSETTLED)).order_by(
            Objection.decided_at.desc(), Objection.id.desc()
        )
    return _statement(_in_scope(scope)).where(STILL_OPEN).order_by(Objection.opened_at, Objection.id)


def as_listed(rows: Sequence[Row[Any]], actor: Actor, today: date) -> list[Listed]:
    return [_listed(row, today, actor) for row in rows]


def objection_in_scope(objection_id: int, scope: Sequence[str], actor: Actor, today: date) -> Listed:
    """:raises NotFound: outside the scope."""
    row = db.session.execute(_statement(Objection.id == objection_id, _in_scope(scope))).one_or_none()
    if row is None:
        raise NotFound("没有这条异议，或它不在您负责的范围内。")
    return _listed(row, today, actor)


class Waiting(NamedTuple):
    """How many objections wait for an answer, and how many of them too long."""

    open: int
    late: int


def objections_waiting(scope: Sequence[str], today: date) -> Waiting:
    if not scope:
        return Waiting(0, 0)
    begun = db.session.scalars(select(Objection.opened_at).where(STILL_OPEN, _in_scope(scope))).all()
    return Waiting(len(begun), sum(clock.local_date(at) + ANSWER_WITHIN < today for at in begun))


# Households -----------------------------------------------------------------------------------------------------------


def objections_of_household(household_id: int, today: date) -> list[Listed]:
    """What a household objected to, and what others objected to of its own lines; the newest first."""
    own = Objection.record_id.in_(select(Record.id).where(Record.holder_id == household_id))
    statement = _statement(or_(Objection.household_id == household_id, own)).order_by(Objection.id.desc())
    return [_listed(row, today) for row in db.session.execute(statement)]


def objection_of_household(objection_id: int, household_id: int, today: date) -> Listed:
    """:raises NotFound: for what neither is the household's own nor concerns it."""
    mine = (one for one in objections_of_household(household_id, today) if one.objection.id == objection_id)
    found = next(mine, None)
    if found is None:
        raise NotFound("没有找到这条异议，请返回「我的异议」看看。")
    return found


def unread_of_household(household_id: int, since: datetime | None, today: date) -> list[Listed]:
    """What the next slip says: what is still open, and what was answered since the last one."""
    return [
        one
        for one in objections_of_household(household_id, today)
        if one.objection.decided_at is None or since is None or one.objection.decided_at >= since
    ]


# The register ---------------------------------------------------------------------------------------------------------


def register(row: CommunityMonth, today: date) -> list[Listed]:
    """异议登记簿 of a month, by number. Pages for everybody show no names of it and no texts."""
    rows = db.session.execute(_statement(Objection.month_id == row.id).order_by(Objection.number))
    return [_listed(one, today) for one in rows]


def settled_unsealed(community_id: int) -> list[Listed]:
    """What was answered since the last publication of a community: its next seal covers it."""
    conditions = (
        CommunityMonth.community_id == community_id,
        Objection.state.in_(SETTLED),
        Objection.sealed_in_id.is_(None),
    )
    statement = _statement(*conditions).order_by(CommunityMonth.month, Objection.number)
    return [_listed(row, date.min) for row in db.session.execute(statement)]


def sealed_words(one: Listed) -> list[object]:
    """How an answered objection stands in a seal (docs/seal.md)."""
    objection = one.objection
    opened, decided = (
        clock.local_date(objection.opened_at),
        clock.local_date(objection.decided_at or objection.opened_at),
    )
    return [
        one.month,
        objection.number,
        objection.line,
        objection.kind,
        opened.isoformat(),
        decided.isoformat(),
        one.days,
        objection.state,
    ]


def open_in_month(row: CommunityMonth) -> int:
    """How many objections of a month wait for an answer."""
    statement = select(func.count()).where(Objection.month_id == row.id, STILL_OPEN)
    return int(db.session.scalar(statement) or 0)


def why_not_closing(row: CommunityMonth, now: datetime) -> str:
    """Why a month can't be closed yet; empty if it can."""
    if row.state == "closed":
        who = who_did("month:closed", "month", row.id)
        return f"{who and f'{who} '}已经关账，不用再关。"
    if row.state != "on_notice":
        return "还没有公示，不能关账。"
    if now < ends_at(row):
        return f"异议期到 {row.objections_until} 为止，过了才能关账。"
    waiting = open_in_month(row)
    if waiting:
        return f"还有 {waiting} 条异议没有答复，答复以后才能关账。"
    earlier = select(CommunityMonth.month).where(
        CommunityMonth.community_id == row.community_id,
        CommunityMonth.month < row.month,
        CommunityMonth.state.in_(("publishing", "on_notice")),
    )
    first = db.session.scalar(earlier.order_by(CommunityMonth.month).limit(1))
    return f"{first // 100} 年 {first % 100} 月还没有关账，请先关那个月。" if first else ""


def on_notice() -> list[CommunityMonth]:
    """The months that hang out, the earliest first."""
    statement = select(CommunityMonth).where(CommunityMonth.state == "on_notice")
    return list(db.session.scalars(statement.order_by(CommunityMonth.month, CommunityMonth.id)))
