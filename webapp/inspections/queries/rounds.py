"""Reads of the monthly yard inspection: sheets, rounds, their places, who walks where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.inspections.models import InspectionSheet, Round, RoundDuty, RoundPlace, RoundSheet
from webapp.places.models import Area, Courtyard, Holder, Person
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.records.queries import Spot, spots
from webapp.schemes.queries import schemes_for
from webapp.users.models import POSTS, Appointment, User
from webapp.users.permissions import GRANTS

# Sheets ---------------------------------------------------------------------------------------------------------------


def sheet_of(scheme_id: int) -> InspectionSheet | None:
    """The newest version of a scheme's sheet."""
    statement = select(InspectionSheet).where(InspectionSheet.scheme_id == scheme_id)
    return db.session.scalars(statement.order_by(InspectionSheet.version.desc()).limit(1)).first()


def sheet_for(community: Area) -> InspectionSheet | None:
    """The sheet by which a community inspects: of the nearest scheme of courtyards that has one."""
    found = (sheet_of(scheme.id) for scheme in schemes_for(community, "courtyard"))
    return next((sheet for sheet in found if sheet is not None), None)


# Starting -------------------------------------------------------------------------------------------------------------


class Stop(NamedTuple):
    """A courtyard on the way, and the part of the community by which inspectors divide it."""

    courtyard_id: int
    grid_id: int


_yard = Courtyard.__table__.c
_holder = Holder.__table__.c


def route_of(community_id: int) -> list[Stop]:
    """The courtyards in use of a community in the order in which one walks: grid, lane, position."""
    statement = (
        select(_holder.id, _holder.area_id, Area.path)
        .select_from(Holder.__table__)
        .join(Courtyard.__table__, _yard.id == _holder.id)
        .join(Area, Area.id == _holder.area_id)
        .where(_holder.community_id == community_id, _holder.active)
        .order_by(Area.path, _yard.lane, _yard.position, _holder.number)
    )
    grids = set(db.session.scalars(select(Area.id).where(Area.kind == "grid")))
    return [Stop(row.id, _grid_in(row.path, grids) or row.area_id) for row in db.session.execute(statement)]


def _grid_in(path: str, grids: set[int]) -> int | None:
    return next((int(part) for part in path.strip("/").split("/") if int(part) in grids), None)


# Rounds ---------------------------------------------------------------------------------------------------------------


def rounds_statement(scope: Sequence[str]) -> Select[tuple[Round]]:
    """The rounds of somebody's communities, newest first; a grid's staff see their community's."""
    ids = [int(part) for path in scope for part in path.strip("/").split("/") if part]
    statement = select(Round).join(Area, Area.id == Round.community_id)
    return statement.where(within(scope) | Area.id.in_(ids)).order_by(Round.month.desc(), Round.id.desc())


def round_in_scope(round_id: int, scope: Sequence[str]) -> Round:
    """:raises NotFound: outside the communities of the one who looks."""
    found = db.session.scalars(rounds_statement(scope).where(Round.id == round_id)).one_or_none()
    if found is None:
        raise NotFound("没有这一轮检查，或它不在您负责的范围内。")
    return found


def open_rounds(scope: Sequence[str]) -> list[Round]:
    return list(db.session.scalars(rounds_statement(scope).where(Round.state == "open"))) if scope else []


_OPEN_AT = Prepared(
    select(RoundPlace.round_id, RoundPlace.state, RoundPlace.score)
    .join(Round, Round.id == RoundPlace.round_id)
    .where(RoundPlace.courtyard_id == bindparam("courtyard"), Round.state == "open")
)


class Offer(NamedTuple):
    """The open round in which a courtyard is to be marked."""

    round_id: int
    state: str
    score: int | None


def offer(courtyard_id: int) -> Offer | None:
    """What a scan of a courtyard's plate offers while a round is open."""
    row = _OPEN_AT.first(courtyard=courtyard_id)
    return Offer._make(row) if row else None


# Places ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stand:
    """A courtyard of a round as lists show it; ``sheet`` is the newest one."""

    place: RoundPlace
    number: str
    name: str
    lane: str
    spot: Spot
    sheet: RoundSheet | None

    @property
    def id(self) -> int:
        return self.place.courtyard_id

    @property
    def marks(self) -> list[int]:
        return self.sheet.mark_list if self.sheet else []


def _stands(scope: Iterable[str] | None = None) -> Select[Any]:
    newest = and_(
        RoundSheet.round_id == RoundPlace.round_id,
        RoundSheet.courtyard_id == RoundPlace.courtyard_id,
        RoundSheet.version == RoundPlace.version,
    )
    statement = (
        select(RoundPlace, _holder.number, _holder.name, _yard.lane, Area.path, RoundSheet)
        .join(Holder.__table__, _holder.id == RoundPlace.courtyard_id)
        .join(Courtyard.__table__, _yard.id == RoundPlace.courtyard_id)
        .join(Area, Area.id == _holder.area_id)
        .outerjoin(RoundSheet, newest)
    )
    return statement.where(within(scope)) if scope is not None else statement


def _as_stands(statement: Select[Any]) -> list[Stand]:
    rows = db.session.execute(statement).all()
    where = spots({path for _, _, _, _, path, _ in rows})
    return [Stand(place, number, name, lane, where[path], sheet) for place, number, name, lane, path, sheet in rows]


def stands(round_id: int, scope: Iterable[str] | None = None) -> list[Stand]:
    """The courtyards of a round on their route; with ``scope`` only those in these areas."""
    return _as_stands(_stands(scope).where(RoundPlace.round_id == round_id).order_by(RoundPlace.position))


def stand(round_id: int, courtyard_id: int, scope: Iterable[str]) -> Stand:
    """:raises NotFound: for a courtyard that is not in the round, or outside the scope."""
    found = _as_stands(_stands(scope).where(RoundPlace.round_id == round_id, RoundPlace.courtyard_id == courtyard_id))
    if not found:
        raise NotFound("这个院不在这一轮检查里。新登记的院落下一轮再查。")
    return found[0]


def sheets_at(round_id: int, courtyard_id: int) -> list[RoundSheet]:
    """All that was written down at a courtyard in a round, newest first."""
    statement = select(RoundSheet).where(RoundSheet.round_id == round_id, RoundSheet.courtyard_id == courtyard_id)
    return list(db.session.scalars(statement.order_by(RoundSheet.version.desc())))


def newest_sheet(place: RoundPlace) -> RoundSheet | None:
    return db.session.get(RoundSheet, (place.round_id, place.courtyard_id, place.version))


def marks_of(round_id: int) -> dict[int, list[int]]:
    """The newest marks of each courtyard, by its id."""
    statement = (
        select(RoundSheet.courtyard_id, RoundSheet.marks)
        .join(
            RoundPlace,
            (RoundPlace.round_id == RoundSheet.round_id) & (RoundPlace.courtyard_id == RoundSheet.courtyard_id),
        )
        .where(RoundSheet.round_id == round_id, RoundSheet.version == RoundPlace.version)
    )
    return {courtyard_id: json.loads(marks) for courtyard_id, marks in db.session.execute(statement)}


def photo_in_rounds(sha256: str, scope: Iterable[str]) -> bool:
    """Whether a sheet of a courtyard in these areas holds the photo."""
    statement = (
        select(RoundSheet.round_id)
        .join(Holder, Holder.id == RoundSheet.courtyard_id)
        .join(Area, Area.id == Holder.area_id)
        .where(RoundSheet.photos.contains(sha256, autoescape=True), within(scope))
        .limit(1)
    )
    return db.session.scalar(statement) is not None


# Coverage -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Share:
    """How far a round has come in one part of the community, or in all of it."""

    name: str
    colour: str
    places: int
    scored: int
    shut: int
    grid_id: int = 0
    duty: str = ""

    @property
    def left(self) -> int:
        return self.places - self.scored - self.shut

    @property
    def percent(self) -> int:
        """Whole percent of places that were marked, rounded down."""
        return self.scored * 100 // self.places if self.places else 0


def left_in(scope: Sequence[str]) -> int:
    """How many courtyards of open rounds nobody has been to: the badge on the phone."""
    statement = (
        select(func.count())
        .select_from(RoundPlace)
        .join(Round, Round.id == RoundPlace.round_id)
        .join(Holder, Holder.id == RoundPlace.courtyard_id)
        .join(Area, Area.id == Holder.area_id)
        .where(Round.state == "open", RoundPlace.state == "waiting", within(scope))
    )
    return int(db.session.scalar(statement) or 0)


def shares_of(round_ids: Sequence[int]) -> dict[int, Share]:
    """How far some rounds have come, in one query."""
    statement = (
        select(RoundPlace.round_id, RoundPlace.state, func.count())
        .where(RoundPlace.round_id.in_(round_ids))
        .group_by(RoundPlace.round_id, RoundPlace.state)
    )
    counts: dict[int, dict[str, int]] = {round_id: {} for round_id in round_ids}
    for round_id, state, count in db.session.execute(statement):
        counts[round_id][state] = count
    return {
        round_id: Share("", "", sum(found.values()), found.get("scored", 0), found.get("shut", 0))
        for round_id, found in counts.items()
    }


def whole(found: Sequence[Stand]) -> Share:
    return _share("", "", found)


def _share(name: str, colour: str, found: Sequence[Stand], grid_id: int = 0, duty: str = "") -> Share:
    states = [one.place.state for one in found]
    return Share(name, colour, len(found), states.count("scored"), states.count("shut"), grid_id, duty)


def by_grid(round_id: int, found: Sequence[Stand]) -> list[Share]:
    """The parts of a community on their route, each with who walks it."""
    groups: dict[int, list[Stand]] = {}
    for one in found:
        groups.setdefault(one.place.grid_id, []).append(one)
    grids = {area.id: area for area in db.session.scalars(select(Area).where(Area.id.in_(groups)))}
    duty = {grid: label for grid, _, label in duties(round_id)}
    return [
        _share(grids[grid].name, grids[grid].colour or "", group, grid, duty.get(grid, ""))
        for grid, group in groups.items()
    ]


def by_inspector(found: Sequence[Stand]) -> list[tuple[str, int, int | None]]:
    """Who marked how many, and their mean (tenths): one who only gives full marks is seen here."""
    scores: dict[str, list[int]] = {}
    for one in found:
        if one.sheet is not None and one.sheet.score is not None:
            scores.setdefault(one.sheet.label, []).append(one.sheet.score)
    return [(label, len(given), round_tenths(sum(given), len(given))) for label, given in sorted(scores.items())]


def round_tenths(total: int, count: int) -> int:
    """The mean of tenths, to the nearest tenth, without floats."""
    return (total * 2 + count) // (count * 2)


# Who walks ------------------------------------------------------------------------------------------------------------


class Walker(NamedTuple):
    """Somebody with a login who may inspect in a community."""

    user_id: int
    person_id: int
    label: str


def inspectors(community: Area) -> list[Walker]:
    """Who may score in a community or part of it today."""
    posts = [post for post, rights in GRANTS.items() if "records.make" in rights]
    above = [int(part) for part in community.path.strip("/").split("/")]
    today = clock.today()
    statement = (
        select(User.id, Person.id, Person.name, func.min(Appointment.post))
        .join(Person, Person.id == User.person_id)
        .join(Appointment, Appointment.person_id == Person.id)
        .join(Area, Area.id == Appointment.area_id)
        .where(User.active, Appointment.post.in_(posts), within((community.path,)) | Area.id.in_(above))
        .where(Appointment.starts_on <= today, Appointment.ends_on.is_(None) | (Appointment.ends_on >= today))
        .group_by(User.id, Person.id, Person.name)
        .order_by(Person.name, User.id)
    )
    rows = db.session.execute(statement)
    return [Walker(user, person, f"{mask_name(name)} {POSTS[post]}") for user, person, name, post in rows]


def grid_ids(round_id: int) -> set[int]:
    return set(db.session.scalars(select(RoundPlace.grid_id).where(RoundPlace.round_id == round_id)))


def duties(round_id: int) -> list[tuple[int, int, str]]:
    """(grid, login, masked name) of who walks which part."""
    statement = (
        select(RoundDuty.grid_id, RoundDuty.user_id, Person.name)
        .join(User, User.id == RoundDuty.user_id)
        .join(Person, Person.id == User.person_id)
        .where(RoundDuty.round_id == round_id)
    )
    return [(grid, user, mask_name(name)) for grid, user, name in db.session.execute(statement)]


# Results --------------------------------------------------------------------------------------------------------------


def results_of(courtyard_ids: Iterable[int], count: int = 12) -> list[tuple[Round, Stand]]:
    """The latest rounds of some courtyards that have ended, newest first."""
    statement = (
        _stands()
        .join(Round, Round.id == RoundPlace.round_id)
        .where(RoundPlace.courtyard_id.in_(list(courtyard_ids)), Round.state.in_(["closing", "closed"]))
        .order_by(Round.month.desc(), RoundPlace.courtyard_id)
        .limit(count)
    )
    found = _as_stands(statement)
    rounds = {one.place.round_id for one in found}
    known = {one.id: one for one in db.session.scalars(select(Round).where(Round.id.in_(rounds)))}
    return [(known[one.place.round_id], one) for one in found]
