"""The verbs of honours: a kind is set up, a meeting's decision is written down once, an honour is withdrawn."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed
from webapp.core.points import Points
from webapp.core.text import normalise, random_code
from webapp.extensions import db
from webapp.honours import queries
from webapp.honours.models import MOST_MONTHS, MOST_PLACES, Choice, Honour, HonourKind
from webapp.honours.proposing import Candidate
from webapp.places.models import Area
from webapp.rankings.models import PERIODS
from webapp.schemes.models import Scheme

CODE_LENGTH = 10  # base32 characters: 50 bits
_DECIDED = "这一段{who}已经评选过了，不能再定一次。要改，请到「荣誉」里撤销，写明原因。"


@dataclass(frozen=True)
class KindRule:
    """What a kind of honour asks for."""

    name: str
    period: str
    by_league: bool
    places: int
    minimum: Points
    no_veto: bool
    months: int


def add_kind(*, actor: Actor, community: Area, scheme: Scheme, rule: KindRule, now: datetime) -> HonourKind:
    """A new kind of honour of a community.

    :raises Invalid: for a rule that cannot be, or a scheme of elsewhere. :raises Conflict: for a name that is taken.
    """
    actor.must("honours.decide", community.path)
    if not community.path.startswith(scheme.area.path):
        raise Invalid("请选本社区用的积分办法。", field="scheme_id")
    kind = HonourKind(community_id=community.id, scheme_id=scheme.id, active=True, created_at=now)
    _apply(kind, rule)
    db.session.add(kind)
    db.session.flush()
    _log_kind(actor, "honour-kind:added", kind, community, now)
    return kind


def change_kind(*, actor: Actor, kind: HonourKind, rule: KindRule, active: bool, now: datetime) -> None:
    """Another rule, from the next choice on; what was decided stays.

    :raises Invalid: for a rule that cannot be. :raises Conflict: for a name that is taken.
    """
    actor.must("honours.decide", kind.community.path)
    _apply(kind, rule)
    kind.active = active
    db.session.flush()
    _log_kind(actor, "honour-kind:changed", kind, kind.community, now)


def _apply(kind: HonourKind, rule: KindRule) -> None:
    name = normalise(rule.name)
    if not name:
        raise Invalid("请写名称，例如 最美庭院。", field="name")
    taken = select(HonourKind.id).where(HonourKind.community_id == kind.community_id, HonourKind.name == name)
    if db.session.scalar(taken.where(HonourKind.id != (kind.id or 0))) is not None:
        raise Conflict(f"已经有「{name}」了，请换一个名称。", field="name")
    if rule.period not in PERIODS:
        raise Invalid("请选看哪一段的排行。", field="period")
    if not 1 <= rule.places <= MOST_PLACES:
        raise Invalid(f"请填 1 到 {MOST_PLACES} 的整数。", field="places")
    if rule.minimum.tenths < 0:
        raise Invalid("最低积分不能是负数；不限就填 0。", field="minimum")
    if not 1 <= rule.months <= MOST_MONTHS:
        raise Invalid(f"请填 1 到 {MOST_MONTHS} 个月。", field="months")
    kind.name, kind.period, kind.by_league, kind.no_veto = name, rule.period, rule.by_league, rule.no_veto
    kind.places, kind.minimum, kind.months = rule.places, rule.minimum.tenths, rule.months


def decide(
    *, actor: Actor, kind: HonourKind, month: int, holder_ids: Sequence[int], note: str, now: datetime
) -> list[Honour]:
    """What the meeting decided about the period that ends with ``month``: whom of the proposed, or nobody. Once.

    :raises Conflict: if it was decided before, by whomever. :raises NotAllowed: for one's own household, courtyard or shop.
    :raises Invalid: for whom the rule does not propose, or without a note of the meeting.
    """
    actor.must("honours.decide", kind.community.path)
    if not note.strip():
        raise Invalid("请写会议记录：什么时候、哪些人、怎么定的。", field="note")
    frozen = queries.month_of_kind(kind, month)
    _in_turn(kind.community_id)
    before = queries.choice_of(kind.id, month)
    if before is not None:
        who = f"由 {before.decided_label} {clock.local(before.decided_at):%Y-%m-%d %H:%M} "
        raise Conflict(_DECIDED.format(who=who))
    listed = queries.candidates(kind, frozen, actor)
    chosen = _checked({one.holder_id: one for one in listed}, holder_ids)
    choice = Choice(
        kind_id=kind.id,
        month=month,
        period=kind.period,
        candidates=sum(not one.why_not for one in listed),
        note=note.strip(),
        decided_at=now,
        decided_by=actor.user_id,
        decided_label=actor.label,
    )
    db.session.add(choice)
    db.session.flush()
    honours = _honours(kind, choice, chosen, now)
    log(
        actor,
        "honour:decided",
        now=now,
        object_kind="honour-kind",
        object_id=kind.id,
        area_path=kind.community.path,
        month=month,
        holders=[one.shown_name for one in honours],
        numbers=[one.number for one in honours],
        note=choice.note,
    )
    return honours


def _in_turn(community_id: int) -> None:
    """Whoever decides in a community waits for the other: one decision a period, and no number twice. (SQLite has one
    writer anyway.)"""
    db.session.execute(select(Area.id).where(Area.id == community_id).with_for_update())


def _checked(listed: dict[int, Candidate], holder_ids: Sequence[int]) -> list[Candidate]:
    chosen = []
    for holder_id in dict.fromkeys(holder_ids):
        one = listed.get(holder_id)
        if one is None:
            raise Invalid("勾选的里面有不在名单上的，请从名单里重新勾。", field="holders")
        if one.why_not:
            raise Invalid(f"{one.standing.name}不能选：{one.why_not}。请去掉再定。", field="holders")
        if one.recused:
            raise NotAllowed(
                f"{one.standing.name}：{one.recused}，按规定要回避，请其他有权限的同事来定。", field="holders"
            )
        chosen.append(one)
    return chosen


def _honours(kind: HonourKind, choice: Choice, chosen: Sequence[Candidate], now: datetime) -> list[Honour]:
    starts_on = clock.local_date(now)
    next_number = _next_number(kind.community_id, starts_on.year)
    honours = [
        Honour(
            choice_id=choice.id,
            community_id=kind.community_id,
            holder_id=one.holder_id,
            title=kind.name,
            number=f"{starts_on.year}-{next_number + place:04}",
            code=random_code(CODE_LENGTH),
            shown_name=one.standing.name,
            spot=one.standing.spot,
            place=one.standing.place,
            points=one.standing.points,
            starts_on=starts_on,
            ends_on=last_day(starts_on, kind.months),
        )
        for place, one in enumerate(chosen)
    ]
    db.session.add_all(honours)
    db.session.flush()
    return honours


def _next_number(community_id: int, year: int) -> int:
    mine = (Honour.community_id == community_id, Honour.number.startswith(f"{year}-"))
    return int(db.session.scalar(select(func.count()).select_from(Honour).where(*mine)) or 0) + 1


def last_day(starts_on: date, months: int) -> date:
    """The last day of a term of some months: from 30 November three months last to 27 or 28 February."""
    years, month = divmod(starts_on.month - 1 + months, 12)
    year = starts_on.year + years
    if starts_on.day > (longest := monthrange(year, month + 1)[1]):
        return date(year, month + 1, longest)
    return date(year, month + 1, starts_on.day) - timedelta(days=1)


def withdraw(*, actor: Actor, honour: Honour, reason: str, now: datetime) -> None:
    """撤销: it is shown nowhere any more; the line stays, with who, when and why.

    :raises Invalid: without a reason. :raises AlreadyUsed: if it was withdrawn or has ended.
    """
    actor.must("honours.decide", honour.community.path)
    if not reason.strip():
        raise Invalid("请写明为什么撤销。", field="reason")
    db.session.refresh(honour, with_for_update=True)
    if honour.withdrawn_at is not None:
        raise AlreadyUsed("这项荣誉已经撤销过了。")
    if honour.ends_on < clock.local_date(now):
        raise AlreadyUsed("这项荣誉已经到期，不用撤销。")
    honour.withdrawn_at, honour.withdrawn_label, honour.withdrawn_reason = now, actor.label, reason.strip()
    db.session.flush()
    log(
        actor,
        "honour:withdrawn",
        now=now,
        object_kind="honour",
        object_id=honour.id,
        area_path=honour.community.path,
        number=honour.number,
        reason=honour.withdrawn_reason,
    )


def _log_kind(actor: Actor, action: str, kind: HonourKind, community: Area, now: datetime) -> None:
    rule = {name: getattr(kind, name) for name in ("period", "by_league", "places", "no_veto", "months", "active")}
    log(
        actor,
        action,
        now=now,
        object_kind="honour-kind",
        object_id=kind.id,
        area_path=community.path,
        name=kind.name,
        minimum=str(Points(kind.minimum)),
        **rule,
    )
