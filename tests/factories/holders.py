"""Courtyards, households, people, shops and stations."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.factories.areas import community_of, make_community
from tests.factories.saving import CREATED_AT, MOVED_IN, save, serial
from webapp.core.text import initials
from webapp.extensions import db
from webapp.places.models import (
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


def _area_of(holder: Holder | None) -> Area:
    assert holder is not None, "an area or who lies in one"
    return db.session.get_one(Area, holder.area_id)


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
    place = area or _area_of(courtyard)
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
    place = area or _area_of(household)
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
