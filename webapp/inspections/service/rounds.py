"""A round of the monthly yard inspection: begun, divided among inspectors, given up."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotFound
from webapp.core.text import normalise_prose
from webapp.extensions import db
from webapp.inspections.models import InspectionSheet, Round, RoundDuty, RoundPlace
from webapp.inspections.queries import rounds as queries
from webapp.places.models import Area
from webapp.places.queries import household_counts

MOST_REASON = 200


def start(*, actor: Actor, community: Area, month: int, now: datetime) -> Round:
    """开始一轮: the sheet and the courtyards, in the order in which one walks, are fixed from here on.

    :raises NotAllowed: outside the actor's communities.
    :raises Invalid: for a month that is neither this nor the last one.
    :raises Conflict: if a round is open, the month has had one, or there is no sheet or no courtyard.
    """
    actor.must("rounds.run", community.path)
    if month not in months_to_start(now):
        raise Invalid("只能检查这个月或补上个月的，请重新选月份。", field="month")
    sheet = queries.sheet_for(community)
    if sheet is None:
        raise Conflict("还没有评分表。请先到「积分办法」的院落办法里填好卫生大检查评分表，再开始。")
    places = queries.route_of(community.id)
    if not places:
        raise Conflict("这个社区还没有院落，请先导入院落名册。")
    made = Round(
        community_id=community.id, sheet_id=sheet.id, month=month, state="open", opened_at=now, opened_by=actor.label
    )
    db.session.add(made)
    try:
        db.session.flush()
    except IntegrityError as error:
        raise Conflict("这个社区已经有一轮正在检查，或这个月已经查过一轮。请返回列表看看。") from error
    db.session.execute(insert(RoundPlace), _places(made, sheet, places))
    _log(actor, "round:started", made, community, now, count=len(places), version=sheet.version)
    return made


def months_to_start(now: datetime) -> tuple[int, int]:
    """This month and the one before (202611): a paper round may be entered later."""
    month = clock.month_of(now)
    return month, clock.previous_month(month)


def _places(made: Round, sheet: InspectionSheet, places: list[queries.Stop]) -> list[dict[str, Any]]:
    counts, text = household_counts([place.courtyard_id for place in places]), sheet.text
    return [
        {
            "round_id": made.id,
            "courtyard_id": place.courtyard_id,
            "position": position,
            "grid_id": place.grid_id,
            "households": counts.get(place.courtyard_id, 0),
            "league": text.league_of(counts.get(place.courtyard_id, 0)),
            "state": "waiting",
            "version": 0,
            "prize": 0,
            "unposted": "",
        }
        for position, place in enumerate(places, start=1)
    ]


def divide(*, actor: Actor, round_id: int, duties: Mapping[int, int], now: datetime) -> Round:
    """分工: who walks which grid (grid -> login). Grids that are not named are everybody's.

    :raises AlreadyUsed: once the round is not open any more.
    :raises Invalid: for a grid or a person that has nothing to do with the round.
    """
    found = open_round(round_id, actor, locked=True)
    grids, people = queries.grid_ids(found.id), {one.user_id for one in queries.inspectors(found.community)}
    if not set(duties) <= grids or not set(duties.values()) <= people:
        raise Invalid("有网格或检查员不在这一轮里，请重新选择。")
    db.session.execute(delete(RoundDuty).where(RoundDuty.round_id == found.id))
    if duties:
        rows = [{"round_id": found.id, "grid_id": grid, "user_id": user} for grid, user in duties.items()]
        db.session.execute(insert(RoundDuty), rows)
    _log(actor, "round:divided", found, found.community, now, count=len(duties))
    return found


def abandon(*, actor: Actor, round_id: int, reason: str, now: datetime) -> Round:
    """作废: nothing of the round counts; what was written down stays to be read.

    :raises Invalid: without a reason.
    :raises AlreadyUsed: once the round is not open any more.
    """
    found = open_round(round_id, actor, locked=True)
    reason = normalise_prose(reason)
    if not reason or len(reason) > MOST_REASON:
        raise Invalid(f"请写明为什么作废，最多 {MOST_REASON} 个字，大家看得到。", field="reason")
    found.state, found.reason = "abandoned", reason
    found.closed_at, found.closed_by = now, actor.label
    db.session.flush()
    _log(actor, "round:abandoned", found, found.community, now, reason=reason)
    return found


def open_round(round_id: int, actor: Actor, *, locked: bool = False) -> Round:
    """An open round that the actor runs.

    :raises NotFound: outside the actor's communities.
    :raises AlreadyUsed: once it is not open any more.
    """
    statement = select(Round).where(Round.id == round_id).execution_options(populate_existing=True)
    found = db.session.scalars(statement.with_for_update(of=Round) if locked else statement).one_or_none()
    if found is None or not actor.may("rounds.run", found.community.path):
        raise NotFound("没有这一轮检查，或它不在您负责的范围内。")
    if found.state != "open":
        raise AlreadyUsed("这一轮检查已经结束，不能再改。")
    return found


def _log(actor: Actor, action: str, found: Round, community: Area, now: datetime, **more: Any) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="round",
        object_id=found.id,
        area_path=community.path,
        month=found.month,
        **more,
    )
