"""The end of a round: ranks are fixed once, then points by rank go into the book, a few at a time.

Rule (domain.md, section 3): every courtyard is scored on a sheet, ranked, and gets points by rank; ranks count only if as
many courtyards were visited as the sheet asks for. Each courtyard's record has a key made of round and courtyard: a step
that is done twice, or after a crash, finds what is there.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Select, select

from webapp.audit.service import log
from webapp.core import clock, signing
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import Conflict, DomainError
from webapp.core.points import Points, show
from webapp.extensions import db
from webapp.inspections import ranking
from webapp.inspections.models import Round, RoundPlace
from webapp.inspections.queries import rounds as queries
from webapp.inspections.ranking import Scored
from webapp.inspections.service.rounds import open_round
from webapp.records import service as records
from webapp.schemes.queries import RuleView, current_rules

POSTED_AT_ONCE = 25  # places a step: a kiosk that writes waits for one step at most


def close(*, actor: Actor, round_id: int, now: datetime) -> Round:
    """结束并排名. From here on no sheet changes; the points follow step by step (``go_on``).

    :raises NotFound: outside the actor's communities.
    :raises AlreadyUsed: if it was ended before.
    :raises Conflict: below the coverage that the sheet asks for.
    """
    found = open_round(round_id, actor, locked=True)
    text, places = found.sheet.text, list(db.session.scalars(_of(found).order_by(RoundPlace.position)))
    scored = [place for place in places if place.state == "scored"]
    if len(scored) * 100 < text.coverage * len(places):
        raise Conflict(
            f"覆盖率还不够：{len(places)} 个院查了 {len(scored)} 个（{len(scored) * 100 // len(places)}%），"
            f"办法要求到 {text.coverage}% 才排名。请接着查，或写明原因作废这一轮。"
        )
    marks = queries.marks_of(found.id)
    ranked = ranking.ranks(text, [Scored(one.courtyard_id, one.league, marks[one.courtyard_id]) for one in scored])
    for place in scored:
        mine = ranked[place.courtyard_id]
        place.rank, place.league_size, place.tied, place.prize = mine.rank, mine.size, mine.same, mine.points.tenths
    found.state, found.closed_at, found.closed_by = "closing", now, actor.label
    db.session.flush()
    log(
        actor,
        "round:closed",
        now=now,
        object_kind="round",
        object_id=found.id,
        area_path=found.community.path,
        month=found.month,
        count=len(scored),
        before=len(places),
    )
    return found


class Progress(NamedTuple):
    """How far a closing has come."""

    row: Round
    done: bool


def go_on(*, round_id: int, now: datetime) -> Progress:
    """One step, in a transaction of its own; whoever calls again goes on where the last one stopped.

    What the book cannot take (a deduction below the scheme's floor, a courtyard that was closed meanwhile) is named at
    its place and holds nothing up.
    """
    statement = select(Round).where(Round.id == round_id).with_for_update(of=Round)
    found = db.session.scalars(statement.execution_options(populate_existing=True)).one()
    if found.state != "closing" or found.closed_at is None:
        return Progress(found, done=True)
    open_ones = _of(found).where(RoundPlace.prize != 0, RoundPlace.record_id.is_(None), RoundPlace.unposted == "")
    places = list(db.session.scalars(open_ones.order_by(RoundPlace.position).limit(POSTED_AT_ONCE)))
    if not places:
        found.state = "closed"
        db.session.flush()
        return Progress(found, done=True)
    rules = {rule.rule_id: rule for rule in current_rules(found.sheet.scheme_id, clock.local_date(found.closed_at))}
    for place in places:
        _post(found, place, rules, found.closed_at, now)
    db.session.flush()
    return Progress(found, done=False)


def _post(found: Round, place: RoundPlace, rules: dict[int, RuleView], closed_at: datetime, now: datetime) -> None:
    rule = rules.get((found.sheet.plus_rule_id if place.prize > 0 else found.sheet.minus_rule_id) or 0)
    if rule is None:
        place.unposted = "入账的细则已停用"
        return
    sheet = queries.newest_sheet(place)
    try:
        with db.session.begin_nested():
            made = records.make(
                actor=replace(SYSTEM, label=found.closed_by),
                holder_id=place.courtyard_id,
                rule_version_id=rule.version_id,
                points=Points(place.prize),
                source="inspection",
                note=why(found, place),
                photos=sheet.photo_names if sheet else (),
                client_key=signing.fingerprint(f"round {found.id} {place.courtyard_id}"),
                now=now,
                happened_at=closed_at,
            )
    except DomainError as error:
        place.unposted = error.message[:200]
    else:
        place.record_id = made.record.id


def why(found: Round, place: RoundPlace) -> str:
    """The score, the rank and the league in one sentence: for 为什么, and for whoever heads the courtyard."""
    text = found.sheet.text
    tied = "并列" if (place.tied or 1) > 1 else ""
    return (
        f"{found.month // 100} 年 {found.month % 100} 月卫生大检查得 {show(place.score or 0)} 分（满分 {show(text.full)} 分），"
        f"{text.league_name(place.league)} {place.league_size} 个院里{tied}第 {place.rank} 名"
    )


def go_on_closing(now: datetime) -> int:
    """Housekeeping: one step of each round whose closing was begun and not ended."""
    begun = list(db.session.scalars(select(Round.id).where(Round.state == "closing").order_by(Round.id)))
    for round_id in begun:
        go_on(round_id=round_id, now=now)
    return len(begun)


def _of(found: Round) -> Select[tuple[RoundPlace]]:
    return select(RoundPlace).where(RoundPlace.round_id == found.id)
