"""Reads of wall screens: the desk's list, and what stands on each page of the wall.

A screen asks for a page every few seconds for weeks, so its queries are prepared and it loads no objects.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from webapp.board.models import Board
from webapp.core.errors import Gone, NotFound
from webapp.extensions import db
from webapp.honours.queries import Held, held_in
from webapp.places.models import Area, Station
from webapp.places.queries import community_of, within
from webapp.prepared import Prepared
from webapp.qrcodes.drawing import QrPath, qr_path
from webapp.rankings.placing import Standing
from webapp.rankings.queries import best, newest
from webapp.reviews.models import CommunityMonth, PublicationLine, nameless
from webapp.reviews.queries import last_day, month_on, terms_of
from webapp.reviews.sealing import code_of
from webapp.schemes.queries import schemes_at

LINES = 12  # of the publication on one page
RANKS = 10
#: After so many pages of lines the first pages come again: nobody waits an hour for the title.
RUN = 10
HONOURS = 10  # on one page
#: What stands before the lines, in this order; ranking and honours only where there are any.
FIRST = ("title", "ranking", "honours", "days")


# The desk -------------------------------------------------------------------------------------------------------------


def boards_in(scope: tuple[str, ...]) -> list[Board]:
    """Wall screens of the stations within areas; revoked ones last."""
    statement = (
        select(Board)
        .join(Station, Station.id == Board.station_id)
        .join(Area, Area.id == Station.area_id)
        .where(within(scope))
        .order_by(Board.revoked_at.is_not(None), Station.name, Board.name, Board.id)
    )
    return list(db.session.scalars(statement))


def board_in_scope(board_id: int, scope: tuple[str, ...]) -> Board:
    """:raises NotFound: outside the areas of the one who looks."""
    found = next((board for board in boards_in(scope) if board.id == board_id), None)
    if found is None:
        raise NotFound("没有找到这块公示屏。")
    return found


# The wall -------------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Which television it is, and where it hangs."""

    code: str
    seconds: int
    revoked_at: datetime | None
    station: str
    address: str
    phone: str
    hours: str
    active: bool
    area_id: int


class Month(NamedTuple):
    """The newest publication of a community, as far as a wall says it."""

    id: int
    month: int
    lines: int
    token: str
    objections_until: date
    content: str
    signature: str
    minus_names: bool


class Line(NamedTuple):
    """One line of the publication. ``name`` is empty where a deduction must not stand on a wall by name; ``first``: the
    first of its courtyard on this page."""

    happened_on: date
    place: str
    name: str
    title: str
    points: int
    first: bool


class Days(NamedTuple):
    """What comes next: until when one may claim for the running month, and what is open to objection how long."""

    month: int
    claims_until: date
    objections_until: date | None


@dataclass(frozen=True, slots=True)
class Wall:
    """One page of the wall: ``kind`` says what stands on it; ``number`` of ``total``, from 1."""

    place: Place
    community: Area
    month: Month | None
    kind: str
    number: int
    total: int
    today: date
    lines: tuple[Line, ...] = ()
    ranking: tuple[Standing, ...] = ()
    honours: tuple[Held, ...] = ()
    days: Days | None = None
    totals: dict[str, int] = field(default_factory=dict)

    @property
    def next_number(self) -> int:
        return self.number % self.total + 1

    @property
    def left(self) -> int:
        """Days in which objections may still be raised; negative when it is over."""
        return (self.month.objections_until - self.today).days if self.month else -1

    @property
    def seal(self) -> str:
        return code_of(self.month.signature) if self.month else ""


_board, _station = Board.__table__.c, Station.__table__.c
_month, _line = CommunityMonth.__table__.c, PublicationLine.__table__.c
_PLACE = Prepared(
    select(
        _board.code,
        _board.seconds,
        _board.revoked_at,
        _station.name,
        _station.address,
        _station.phone,
        _station.hours,
        _station.active,
        _station.area_id,
    )
    .join(Station.__table__, _station.id == _board.station_id)
    .where(_board.code == bindparam("code"))
)
_NEWEST = Prepared(
    select(
        _month.id,
        _month.month,
        _month.lines,
        _month.token,
        _month.objections_until,
        _month.content,
        _month.signature,
        _month.minus_names,
    )
    .where(_month.community_id == bindparam("community"), _month.published_at.is_not(None))
    .order_by(_month.month.desc())
    .limit(1)
)
_LINES = Prepared(
    select(_line.happened_on, _line.place, _line.name, _line.title, _line.points, _line.holder_kind)
    .where(_line.month_id == bindparam("month"))
    .order_by(_line.place, _line.number)
    .limit(LINES)
    .offset(bindparam("skip"))
)


def place_of(code: str) -> Place:
    """:raises NotFound: for a code that no screen has. :raises Gone: if the screen or its station is out of use."""
    row = _PLACE.first(code=code)
    if row is None:
        raise NotFound("没有这块公示屏。请照工作台「公示屏」里的地址再输一次。")
    place = Place._make(row)
    if place.revoked_at is not None or not place.active:
        raise Gone("这块公示屏已停用。要再用，请工作人员在工作台「公示屏」里换一个新地址。")
    return place


def wall(place: Place, number: int, today: date) -> Wall:
    """The page with this number; the first for a number that there is not (any more).

    :raises NotFound: if the station stands above communities: then there is no publication of its own.
    """
    community = community_of(db.session.get_one(Area, place.area_id))
    if community.kind not in ("community", "grid", "micro_grid"):
        raise NotFound("这个服务站不在哪一个社区里，没有公示可看。请工作人员在工作台改服务站的位置。")
    row = _NEWEST.first(community=community.id)
    month = Month._make(row) if row else None
    scheme = next(iter(schemes_at(community.path, "courtyard")), None)
    honours = [one for _, held in held_in(community.id, today) for one in held]
    missing = {"ranking": not scheme, "honours": not honours}
    first = [kind for kind in FIRST if not missing.get(kind)]
    pages = -(-month.lines // LINES) if month else 0
    total = pages + len(first) * max(1, -(-pages // RUN))
    number = number if 1 <= number <= total else 1
    turn, at = divmod(number - 1, len(first) + RUN)
    kind = first[at] if at < len(first) else "lines"
    common: dict[str, Any] = {"place": place, "community": community, "month": month, "today": today}
    common |= {"kind": kind, "number": number, "total": total}
    if kind == "lines" and month:
        return Wall(**common, lines=_lines(month, turn * RUN + at - len(first)))
    if kind == "ranking" and scheme:
        frozen = newest(community.id)
        first_ones = best(frozen.id, "month", scheme.id, most=RANKS) if frozen else []
        return Wall(**common, ranking=tuple(first_ones))
    if kind == "honours":
        return Wall(**common, honours=tuple(honours))
    if kind == "days":
        return Wall(**common, days=_days(community, month, today))
    return Wall(**common, totals=_totals(month))


def _lines(month: Month, page: int) -> tuple[Line, ...]:
    lines: list[Line] = []
    for day, place, name, title, points, kind in _LINES.all(month=month.id, skip=page * LINES):
        first = not lines or lines[-1].place != place
        hidden = nameless(points, kind) and not month.minus_names
        lines.append(Line(day, place, "" if hidden else name, title, points, first))
    return tuple(lines)


def _days(community: Area, month: Month | None, today: date) -> Days:
    terms = terms_of(community)
    running = month_on(today, terms)
    open_until = month.objections_until if month and month.objections_until >= today else None
    return Days(running, last_day(running, terms), open_until)


def _totals(month: Month | None) -> dict[str, int]:
    """Lines, points that were earned and deducted (tenths), as they were sealed."""
    sealed = json.loads(month.content) if month else {}
    return {name: sealed[name] for name in ("lines", "earned", "deducted") if name in sealed}


@lru_cache(maxsize=64)
def qr_of(address: str) -> QrPath:
    """A publication's code: drawn once, shown for a month."""
    return qr_path(address, "M")
