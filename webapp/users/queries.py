"""Reads of who serves where, of logins and of devices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from webapp.core import clock
from webapp.core.errors import Invalid, NotFound
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.places.models import Area, Person, Station, number_of
from webapp.places.queries import within
from webapp.places.queries.lists import matching
from webapp.prepared import Prepared
from webapp.users.models import POSTS, Appointment, Device, SignIn, User

#: The chain shown to residents, from the community to the courtyard (domain.md, section 1).
CHAIN = (
    "secretary",
    "group_head",
    "grid_lead",
    "grid_worker",
    "lane_head",
    "unit_head",
    "courtyard_head",
    "police_officer",
)


@dataclass(frozen=True, slots=True)
class Serving:
    """Somebody who serves residents here. The phone is the post's, meant to be called; never one of the register."""

    post: str
    post_name: str
    person_id: int
    name: str
    phone: str

    @property
    def name_masked(self) -> str:
        return mask_name(self.name)


def _holding(today: date) -> tuple[Any, ...]:
    return (
        Appointment.starts_on <= today,
        or_(Appointment.ends_on.is_(None), Appointment.ends_on >= today),
    )


_here = aliased(Area)
_SERVING = Prepared(
    select(Appointment.post, Area.path, Person.id, Person.name, Appointment.phone)
    .join(Person, Person.id == Appointment.person_id)
    .join(Area, Area.id == Appointment.area_id)
    .join(_here, _here.id == bindparam("area"))
    .where(
        Appointment.starts_on <= bindparam("today"),
        or_(Appointment.ends_on.is_(None), Appointment.ends_on >= bindparam("today")),
        Person.active,
        Appointment.post.in_(CHAIN),
        or_(
            Appointment.courtyard_id == bindparam("courtyard"),
            Appointment.courtyard_id.is_(None) & _here.path.op("LIKE")(Area.path.concat("%")),
        ),
    )
    .order_by(func.length(Area.path).desc(), Appointment.id)
)


def people_serving(area_id: int, courtyard_id: int | None = None) -> list[Serving]:
    """The chain for an area: whoever holds a post in it or above it; with a courtyard also its head.

    For each post the nearest area wins, so that a grid's own worker comes before the community's.
    """
    nearest: dict[str, tuple[str, list[Serving]]] = {}
    rows = _SERVING.all(area=area_id, courtyard=courtyard_id, today=clock.today())
    for post, path, person_id, name, phone in rows:
        found = Serving(post, POSTS[post], person_id, name, phone)
        kept_path, kept = nearest.setdefault(post, (path, []))
        if kept_path == path:
            kept.append(found)
    return [one for post in CHAIN for one in nearest.get(post, ("", []))[1]]


@dataclass(frozen=True, slots=True)
class ServingNames:
    """What a plate prints: masked names, empty where nobody is appointed."""

    head: str
    grid_worker: str


def serving_names(places: Iterable[tuple[int, int | None]]) -> dict[tuple[int, int | None], ServingNames]:
    """Head and grid worker for many (area id, courtyard id) pairs, in three queries however many there are."""
    wanted = set(places)
    today = clock.today()
    heads = _names(select(Appointment.courtyard_id, Person.name), "courtyard_head", today)
    workers = _names(select(Appointment.area_id, Person.name), "grid_worker", today)
    paths = {area_id: path for area_id, path in db.session.execute(select(Area.id, Area.path))}
    return {
        (area_id, yard_id): ServingNames(
            head=heads.get(yard_id, "") if yard_id else "",
            grid_worker=next(
                (workers[int(part)] for part in reversed(paths[area_id].strip("/").split("/")) if int(part) in workers),
                "",
            ),
        )
        for area_id, yard_id in wanted
    }


def _names(statement: Select[Any], post: str, today: date) -> dict[int, str]:
    rows = db.session.execute(
        statement.join(Person, Person.id == Appointment.person_id)
        .where(Appointment.post == post, *_holding(today), Person.active)
        .order_by(Appointment.id.desc())
    )
    return {place: mask_name(name) for place, name in rows if place is not None}


def head_of(courtyard_id: int) -> Serving | None:
    """The head of a courtyard today."""
    statement = (
        select(Person.id, Person.name, Appointment.phone)
        .join(Appointment, Appointment.person_id == Person.id)
        .where(
            Appointment.courtyard_id == courtyard_id,
            Appointment.post == "courtyard_head",
            *_holding(clock.today()),
            Person.active,
        )
        .order_by(Appointment.id)
        .limit(1)
    )
    row = db.session.execute(statement).one_or_none()
    return Serving("courtyard_head", POSTS["courtyard_head"], row[0], row[1], row[2]) if row else None


def courtyards_headed_by(person_id: int) -> set[int]:
    """Courtyards whose head a person is today: for recusal."""
    statement = select(Appointment.courtyard_id).where(
        Appointment.person_id == person_id,
        Appointment.post == "courtyard_head",
        Appointment.courtyard_id.is_not(None),
        *_holding(clock.today()),
    )
    return {int(found) for found in db.session.scalars(statement) if found is not None}


# Staff ----------------------------------------------------------------------------------------------------------------


def people_statement(scope: tuple[str, ...], *, search: str = "", post: str = "") -> Select[Any]:
    """People who serve or served within areas, or who have a login there; by name."""
    serves = select(Appointment.person_id).join(Area, Area.id == Appointment.area_id).where(within(scope))
    if post:
        serves = serves.where(Appointment.post == post, *_holding(clock.today()))
    who: ColumnElement[bool] = Person.id.in_(serves)
    if not post:
        logins = (
            select(User.person_id)
            .join(Person, Person.id == User.person_id)
            .join(Area, Area.id == Person.area_id)
            .where(within(scope))
        )
        who = or_(who, Person.id.in_(logins))
    statement = select(Person).where(who).order_by(Person.name, Person.id)
    if search:
        logged = select(User.person_id).where(User.login.startswith(search.lower(), autoescape=True))
        statement = statement.where(matching(Person, search) | Person.id.in_(logged))
    return statement


def _known(scope: tuple[str, ...]) -> Select[tuple[Person]]:
    """People who stand in the register within areas, or serve there."""
    serves = select(Appointment.person_id).join(Area, Area.id == Appointment.area_id).where(within(scope))
    return select(Person).where(Person.area_id.in_(select(Area.id).where(within(scope))) | Person.id.in_(serves))


def person_in_scope(person_id: int, scope: tuple[str, ...]) -> Person:
    """Anybody within the areas of the one who looks: a resident may be given a post.

    :raises NotFound: outside them.
    """
    found = db.session.scalars(_known(scope).where(Person.id == person_id)).one_or_none()
    if found is None:
        raise NotFound("没有找到这个人，或不在您负责的范围内。")
    return found


def person_typed(typed: str, scope: tuple[str, ...]) -> Person:
    """A person named in a form by number (``P000123``) or full name.

    :raises Invalid: if there is none within the scope, or if several have the name.
    """
    same = (Person.number == number_of(typed)) | (Person.name == typed)
    found = db.session.scalars(_known(scope).where(Person.active, same).limit(2)).all()
    if not found:
        raise Invalid("名册里没有这个人。请填居民编号或全名；新来的工作人员请填下面的姓名。", field="person")
    if len(found) > 1:
        raise Invalid("有几个人同名，请改填居民编号（居民页面上以 P 开头的号码）。", field="person")
    return found[0]


def posts_today(person_id: int) -> set[str]:
    """The posts that a person holds today, wherever."""
    statement = select(Appointment.post).where(Appointment.person_id == person_id, *_holding(clock.today()))
    return set(db.session.scalars(statement))


_person = Person.__table__.c
_HEADED_IN = Prepared(
    select(Appointment.courtyard_id)
    .join(Person.__table__, _person.id == Appointment.person_id)
    .where(
        _person.household_id == bindparam("household"),
        Appointment.post == "courtyard_head",
        Appointment.courtyard_id.is_not(None),
        Appointment.starts_on <= bindparam("today"),
        or_(Appointment.ends_on.is_(None), Appointment.ends_on >= bindparam("today")),
    )
)


def courtyards_headed_in(household_id: int) -> set[int]:
    """The courtyards that somebody of a household heads today."""
    return {row.courtyard_id for row in _HEADED_IN.all(household=household_id, today=clock.today())}


def posts_from(person_id: int, today: date) -> list[tuple[str, str]]:
    """(post, area path) of what a person holds today or will hold."""
    statement = (
        select(Appointment.post, Area.path)
        .join(Area, Area.id == Appointment.area_id)
        .where(
            Appointment.person_id == person_id,
            Appointment.ends_on.is_(None) | (Appointment.ends_on >= today),
        )
    )
    return [(post, path) for post, path in db.session.execute(statement)]


def appointments_of(person_ids: Iterable[int]) -> dict[int, list[Appointment]]:
    """All appointments of some people, running ones first."""
    statement = (
        select(Appointment)
        .where(Appointment.person_id.in_(list(person_ids)))
        .order_by(Appointment.ends_on.is_not(None), Appointment.starts_on.desc(), Appointment.id)
    )
    grouped: dict[int, list[Appointment]] = defaultdict(list)
    for appointment in db.session.scalars(statement):
        grouped[appointment.person_id].append(appointment)
    return grouped


def logins_of(person_ids: Iterable[int]) -> dict[int, User]:
    statement = select(User).where(User.person_id.in_(list(person_ids)))
    return {user.person_id: user for user in db.session.scalars(statement)}


def user_named(login: str) -> User | None:
    return db.session.scalars(select(User).where(User.login == login.lower())).one_or_none()


def open_sign_ins(user_id: int) -> list[SignIn]:
    statement = select(SignIn).where(
        SignIn.user_id == user_id, SignIn.ended_at.is_(None), SignIn.expires_at > clock.now()
    )
    return list(db.session.scalars(statement.order_by(SignIn.id.desc())))


def appointment_in_scope(appointment_id: int, scope: tuple[str, ...]) -> Appointment:
    """:raises NotFound: outside the areas of the one who looks."""
    statement = (
        select(Appointment)
        .join(Area, Area.id == Appointment.area_id)
        .where(Appointment.id == appointment_id, within(scope))
    )
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有找到这项任职。")
    return found


# Devices --------------------------------------------------------------------------------------------------------------


def devices_in(scope: tuple[str, ...]) -> list[Device]:
    """Kiosks of the stations within areas; revoked ones last."""
    statement = (
        select(Device)
        .join(Station, Station.id == Device.station_id)
        .join(Area, Area.id == Station.area_id)
        .where(within(scope))
        .order_by(Device.revoked_at.is_not(None), Station.name, Device.name, Device.id)
    )
    return list(db.session.scalars(statement))


def device_in_scope(device_id: int, scope: tuple[str, ...]) -> Device:
    """:raises NotFound: outside the areas of the one who looks."""
    found = next((device for device in devices_in(scope) if device.id == device_id), None)
    if found is None:
        raise NotFound("没有找到这台终端。")
    return found


def stations_in(scope: tuple[str, ...]) -> list[Station]:
    statement = (
        select(Station)
        .join(Area, Area.id == Station.area_id)
        .where(within(scope), Station.active)
        .order_by(Area.path, Station.name)
    )
    return list(db.session.scalars(statement))
