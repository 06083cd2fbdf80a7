"""Test data: plain functions with keyword arguments; what a test does not say is believable and unique.

They add to the session and flush, so ids are there; the test (or the request) decides about committing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.core.text import initials
from webapp.extensions import db
from webapp.ledger.book import AccountState, Cause
from webapp.ledger.queries import account_state
from webapp.ledger.service import Posting, open_account, post
from webapp.places.models import (
    COLOURS,
    Area,
    Courtyard,
    Holder,
    Household,
    HouseholdStay,
    Person,
    ResidentStay,
    Shop,
    Station,
)
from webapp.redemption.models import Item
from webapp.redemption.service import catalogue, stock
from webapp.redemption.service.catalogue import ItemText
from webapp.schemes.models import RuleVersion, Scheme
from webapp.schemes.queries import categories
from webapp.schemes.service import RuleText, add_rule, load_preset
from webapp.users.models import Appointment, User

CREATED_AT = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
MOVED_IN = date(2026, 9, 1)
_serial = count(1)


def serial() -> int:
    """A number no other test object has."""
    return next(_serial)


def save(thing: Any) -> Any:
    db.session.add(thing)
    db.session.flush()
    return thing


# Areas ----------------------------------------------------------------------------------------------------------------


def make_area(
    *,
    kind: str = "community",
    name: str | None = None,
    parent: Area | None = None,
    colour: str | None = None,
    number: str = "",
    phone: str = "",
    position: int = 0,
    active: bool = True,
) -> Area:
    """One area below ``parent`` (or a root of its own)."""
    area: Area = save(
        Area(
            kind=kind,
            name=name or f"区域{serial()}",
            parent_id=parent.id if parent else None,
            colour=colour,
            number=number,
            phone=phone,
            position=position,
            active=active,
            path="/",
        )
    )
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    db.session.flush()
    return area


@dataclass(frozen=True)
class CommunityTree:
    """A county with one street, one community, coloured grids, and micro-grids in each."""

    county: Area
    street: Area
    community: Area
    grids: list[Area]
    micro_grids: list[Area]

    @property
    def grid(self) -> Area:
        return self.grids[0]

    @property
    def micro_grid(self) -> Area:
        return self.micro_grids[0]


def make_community(
    *,
    name: str = "昌宁社区",
    street: Area | None = None,
    grids: int = 2,
    micro_grids: int = 2,
    phone: str = "0571-5550100",
) -> CommunityTree:
    """A whole tree; give the ``street`` of another tree to make a neighbour in the same county."""
    if street is None:
        street = make_area(
            kind="street", name=f"城关街道{serial()}", parent=make_area(kind="county", name=f"善城县{serial()}")
        )
    county = db.session.get_one(Area, street.parent_id)
    community = make_area(kind="community", name=name, parent=street, phone=phone)
    colours = list(COLOURS)
    made = [
        make_area(
            kind="grid",
            name=f"{COLOURS[colours[i % 5]]}网格{'' if i < 5 else i + 1}",
            parent=community,
            colour=colours[i % 5],
            number=f"{i + 1:02}",
            position=i,
        )
        for i in range(grids)
    ]
    micro = [
        make_area(kind="micro_grid", name=f"{'一二三四五六七八九'[i]}片区", parent=grid, number=f"{i + 1}", position=i)
        for grid in made
        for i in range(micro_grids)
    ]
    return CommunityTree(county, street, community, made, micro)


def community_of(area: Area) -> Area:
    """The community an area lies in; the area itself above communities."""
    for ancestor_id in reversed([int(part) for part in area.path.strip("/").split("/")]):
        ancestor = db.session.get_one(Area, ancestor_id)
        if ancestor.kind == "community":
            return ancestor
    return area


# Holders --------------------------------------------------------------------------------------------------------------


def _holder(kind: type[Any], area: Area, name: str, **values: Any) -> Any:
    holder: Holder = kind(
        area_id=area.id,
        community_id=community_of(area).id,
        name=name,
        initials=initials(name),
        created_at=CREATED_AT,
        **values,
    )
    return save(holder)


def make_courtyard(
    *,
    area: Area | None = None,
    number: str | None = None,
    name: str | None = None,
    address: str = "文林路",
    lane: str = "",
    position: int = 0,
    active: bool = True,
) -> Courtyard:
    place = area or make_community().micro_grid
    serial_number = serial()
    courtyard: Courtyard = _holder(
        Courtyard,
        place,
        name or f"文林路{serial_number}号院",
        number=number or f"Y{serial_number:04}",
        address=address,
        lane=lane,
        position=position,
        active=active,
    )
    return courtyard


def make_household(
    *,
    courtyard: Courtyard | None = None,
    area: Area | None = None,
    number: str | None = None,
    name: str = "刘红梅",
    tenure: str = "owner",
    phone: str = "13800001234",
    active: bool = True,
    moved_in: date = MOVED_IN,
) -> Household:
    """A household in a courtyard (made if neither courtyard nor area is given), with its open stay."""
    if courtyard is None and area is None:
        courtyard = make_courtyard()
    place = area or db.session.get_one(Area, courtyard.area_id)  # type: ignore[union-attr]  # one of both is there
    household: Household = _holder(
        Household,
        place,
        name,
        number=number or f"H{serial():05}",
        courtyard_id=courtyard.id if courtyard else None,
        tenure=tenure,
        phone=phone,
        active=active,
    )
    save(
        HouseholdStay(household_id=household.id, courtyard_id=household.courtyard_id, tenure=tenure, starts_on=moved_in)
    )
    return household


def make_person(
    *,
    household: Household | None = None,
    area: Area | None = None,
    number: str | None = None,
    name: str = "张三丰",
    phone: str = "13900005678",
    identity_tail: str = "",
    identity_digest: str | None = None,
    party_member: bool = False,
    volunteer: bool = False,
    staff: bool = False,
    relation: str = "",
    active: bool = True,
    moved_in: date = MOVED_IN,
) -> Person:
    """A resident of ``household`` with the open stay, or somebody who only serves in ``area``."""
    if household is None and area is None:
        household = make_household()
    place = area or db.session.get_one(Area, household.area_id)  # type: ignore[union-attr]  # one of both is there
    person: Person = _holder(
        Person,
        place,
        name,
        number=number or f"{serial():06}",
        household_id=household.id if household else None,
        phone=phone,
        identity_tail=identity_tail,
        identity_digest=identity_digest,
        party_member=party_member,
        volunteer=volunteer,
        staff=staff,
        active=active,
    )
    if household is not None:
        save(ResidentStay(person_id=person.id, household_id=household.id, relation=relation, starts_on=moved_in))
    return person


def make_shop(
    *,
    area: Area | None = None,
    number: str | None = None,
    name: str = "老王五金店",
    address: str = "文林路 8 号",
    trade: str = "五金",
    phone: str = "13700004321",
    keeper: str = "王建国",
    owner: Person | None = None,
    position: int = 0,
    active: bool = True,
) -> Shop:
    place = area or make_community().micro_grid
    shop: Shop = _holder(
        Shop,
        place,
        name,
        number=number or f"S{serial():04}",
        address=address,
        trade=trade,
        phone=phone,
        keeper=keeper,
        owner_id=owner.id if owner else None,
        position=position,
        active=active,
    )
    return shop


def make_station(
    *,
    area: Area | None = None,
    name: str | None = None,
    address: str = "文林路 1 号",
    phone: str = "0571-5550101",
    hours: str = "8:30–17:30",
    active: bool = True,
) -> Station:
    place = area or make_community().community
    station: Station = save(
        Station(
            area_id=place.id,
            name=name or f"昌宁服务站{serial()}",
            address=address,
            phone=phone,
            hours=hours,
            active=active,
        )
    )
    return station


# Staff ----------------------------------------------------------------------------------------------------------------


def make_appointment(
    *,
    person: Person,
    post: str,
    area: Area | None = None,
    courtyard: Courtyard | None = None,
    phone: str = "",
    starts_on: date = MOVED_IN,
    ends_on: date | None = None,
) -> Appointment:
    """A post of ``person`` in ``area`` (where the person stands, if none is given)."""
    appointment: Appointment = save(
        Appointment(
            person_id=person.id,
            post=post,
            area_id=area.id if area else person.area_id,
            courtyard_id=courtyard.id if courtyard else None,
            phone=phone,
            starts_on=starts_on,
            ends_on=ends_on,
        )
    )
    return appointment


def make_user(
    *,
    post: str | None = "clerk",
    area: Area | None = None,
    person: Person | None = None,
    name: str = "陈立新",
    login: str | None = None,
    password_hash: str = "!",
    must_change: bool = False,
    active: bool = True,
) -> User:
    """A member of staff with a login and, unless ``post`` is None, that post in ``area``. The password opens nothing."""
    place = area or (db.session.get_one(Area, person.area_id) if person else make_community().community)
    who = person or make_person(area=place, name=name, staff=True)
    user: User = save(
        User(
            person_id=who.id,
            login=login or f"staff{serial()}",
            password_hash=password_hash,
            must_change=must_change,
            active=active,
            created_at=CREATED_AT,
        )
    )
    if post is not None:
        make_appointment(person=who, post=post, area=place)
    return user


# Schemes and goods ----------------------------------------------------------------------------------------------------


def make_scheme(*, area: Area, code: str = "household") -> Scheme:
    """One of the presets, loaded into an area with what it rolls up to."""
    return load_preset(code, area=area, actor=SYSTEM, now=CREATED_AT)


def make_rule(*, scheme: Scheme, title: str | None = None, points: str = "+2", **more: Any) -> RuleVersion:
    """A rule of the scheme's first category, in force since the scheme is."""
    number = serial()
    text = RuleText(
        title=title or f"细则{number}",
        lowest=Points.parse(points.split("..", maxsplit=1)[0]),
        highest=Points.parse(points.rsplit("..", maxsplit=1)[-1]),
        **more,
    )
    return add_rule(
        category=categories(scheme.id)[0],
        code=f"Z{number}",
        text=text,
        position=99,
        valid_from=clock.local_date(CREATED_AT),
        actor=SYSTEM,
        now=CREATED_AT,
    )


def make_account(*, holder: Holder, scheme: Scheme, points: int = 0, now: datetime | None = None) -> AccountState:
    """The holder's account, with whole points if wanted."""
    account = open_account(holder_id=holder.id, scheme_id=scheme.id, now=now or clock.now())
    if points:
        give_points(holder, scheme, points, now=now)
    return account_state(account.id)


def give_points(holder: Holder, scheme: Scheme, points: int, *, now: datetime | None = None) -> None:
    """Let a holder earn whole points, as a record would."""
    posting = Posting(
        amount=Points.whole(points),
        kind="record",
        cause=Cause("gift", serial()),
        title="参加志愿活动",
        happened_on=clock.local_date(now or clock.now()),
    )
    post(holder_id=holder.id, scheme_id=scheme.id, posting=posting, actor=SYSTEM, now=now or clock.now())


def make_item(
    *, area: Area, scheme: Scheme, left: int = 10, name: str | None = None, price: int = 20, **more: Any
) -> Item:
    """A thing in the catalogue with some of it on the shelf."""
    text = ItemText(name=name or f"洗衣液{serial()}", price=Points.whole(price), **more)
    item = catalogue.add_item(area=area, scheme=scheme, text=text, actor=SYSTEM, now=CREATED_AT)
    if left:
        stock.receive(item=item, quantity=left, note="", actor=SYSTEM, now=CREATED_AT)
    return item
