"""Which day belongs to which month of a community, and the months that there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, select

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area
from webapp.places.queries import communities_in
from webapp.prepared import Prepared
from webapp.records.models import Record
from webapp.reviews.models import CommunityMonth
from webapp.schemes.models import Scheme
from webapp.schemes.queries import schemes_at

#: A record that is not published this long after it happened is not taken up any more.
TAKEN_UP = timedelta(days=100)
DEFAULT_END, DEFAULT_WINDOW = 25, 7


@dataclass(frozen=True, slots=True)
class Terms:
    """What a community's month goes by: the day it ends, and how long objections may be raised."""

    end_day: int = DEFAULT_END
    objection_days: int = DEFAULT_WINDOW


def terms_of(community: Area) -> Terms:
    """Those of the scheme of its households; the usual ones without such a scheme."""
    found = schemes_at(community.path, "household")
    kept = db.session.get(Scheme, found[0].id) if found else None
    return Terms(kept.month_end_day, kept.objection_days) if kept else Terms()


def last_day(month: int, terms: Terms) -> date:
    return date(month // 100, month % 100, terms.end_day)


def month_on(day: date, terms: Terms) -> int:
    """The month that a day belongs to: after the last day begins the next."""
    following = day.replace(day=28) + timedelta(days=4)
    of = day if day.day <= terms.end_day else following
    return of.year * 100 + of.month


def community_of_reviewer(scope: Sequence[str], wanted: int | None) -> Area:
    """The community asked for, or the first in which somebody reviews.

    :raises NotFound: if there is none.
    """
    found = communities_in(scope)
    chosen = next((one for one in found if one.id == wanted), None if wanted else next(iter(found), None))
    if chosen is None:
        raise NotFound("没有这个社区，或它不在您负责的范围内。")
    return chosen


def month_row(community_id: int, month: int) -> CommunityMonth | None:
    statement = select(CommunityMonth).where(CommunityMonth.community_id == community_id, CommunityMonth.month == month)
    return db.session.scalars(statement).one_or_none()


def published_months(community_id: int) -> list[CommunityMonth]:
    """Newest first."""
    statement = select(CommunityMonth).where(
        CommunityMonth.community_id == community_id, CommunityMonth.published_at.is_not(None)
    )
    return list(db.session.scalars(statement.order_by(CommunityMonth.month.desc())))


class Notice(NamedTuple):
    """What hangs on the notice board now: for the kiosk's home page."""

    month: int
    objections_until: date


_month = CommunityMonth.__table__.c
_NOTICE = Prepared(
    select(_month.month, _month.objections_until)
    .where(_month.community_id == bindparam("community"), _month.published_at.is_not(None))
    .order_by(_month.month.desc())
    .limit(1)
)


def notice(community_id: int) -> Notice | None:
    """The newest publication of a community; None if there is none yet."""
    row = _NOTICE.first(community=community_id)
    return Notice._make(row) if row else None


def taken_up_from(community_id: int, month: int, ends_on: date) -> date:
    """The first day that a month takes up: late claims of earlier ones too, but not what lies before the first."""
    earlier = select(CommunityMonth.id).where(CommunityMonth.community_id == community_id, CommunityMonth.month < month)
    if db.session.scalar(earlier.limit(1)) is not None:
        return ends_on - TAKEN_UP
    before = ends_on.replace(day=1) - timedelta(days=1)
    return before.replace(day=min(ends_on.day, before.day)) + timedelta(days=1)


def of_month(community_id: int, month: int, ends_on: date) -> ColumnElement[bool]:
    return and_(
        Record.community_id == community_id,
        Record.happened_on.between(taken_up_from(community_id, month, ends_on), ends_on),
    )


def names_of_months(keys: Sequence[int]) -> dict[int, str]:
    """How the audit log calls months: ``2026 年 10 月公示``."""
    found = db.session.execute(select(CommunityMonth.id, CommunityMonth.month).where(CommunityMonth.id.in_(keys)))
    return {key: f"{month // 100} 年 {month % 100} 月公示" for key, month in found}
