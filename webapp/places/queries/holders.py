"""Single holders by id or number, and who belongs to whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar, cast

from sqlalchemy import Row, func, select
from sqlalchemy.orm import joinedload, with_polymorphic

from webapp.core.errors import Invalid, NotFound
from webapp.core.text import normalise
from webapp.extensions import db
from webapp.places.models import (
    HOLDER_KINDS,
    Area,
    Courtyard,
    Holder,
    Household,
    HouseholdStay,
    Kinship,
    Person,
    ResidentStay,
    Shop,
    Station,
    number_of,
)
from webapp.places.queries.areas import within

HolderType = TypeVar("HolderType", bound=Holder)
CLASSES: dict[str, type[Holder]] = {"household": Household, "courtyard": Courtyard, "shop": Shop, "person": Person}


def _one(kind: type[HolderType], holder_id: int, scope: Iterable[str]) -> HolderType:
    found = db.session.scalar(
        select(kind)
        .join(Area, Area.id == kind.area_id)
        .where(kind.id == holder_id, within(scope))
        .options(joinedload(kind.area).joinedload(Area.parent))
    )
    if found is None:
        named = next((HOLDER_KINDS[name] for name, known in CLASSES.items() if known is kind), "登记")
        raise NotFound(f"没有这条{named}信息，或它不在您负责的范围内。请从列表里重新查找。")
    return found


def courtyard(courtyard_id: int, scope: Iterable[str]) -> Courtyard:
    """:raises NotFound: if it does not exist or lies outside the scope; so do the next three."""
    return _one(Courtyard, courtyard_id, scope)


def household(household_id: int, scope: Iterable[str]) -> Household:
    return _one(Household, household_id, scope)


def person(person_id: int, scope: Iterable[str]) -> Person:
    return _one(Person, person_id, scope)


def shop(shop_id: int, scope: Iterable[str]) -> Shop:
    return _one(Shop, shop_id, scope)


def holder_in_scope(holder_id: int, kind: str | None, scope: Iterable[str]) -> Holder:
    """The holder as an object of its own kind (``Household``, …); ``kind`` None: whichever it is.

    :raises NotFound: if there is none of that kind in the scope.
    """
    if kind is not None:
        return _one(CLASSES[kind], holder_id, scope)
    every = with_polymorphic(Holder, "*")
    found = db.session.scalar(
        select(every).join(Area, Area.id == every.area_id).where(every.id == holder_id, within(scope))
    )
    if found is None:
        raise NotFound("没有这条登记，或它不在您负责的范围内。请重新查找。")
    return found


def holder_by_number(community_id: int, kind: str, number: str) -> Holder | None:
    """By the number as typed, in use or not."""
    known = CLASSES[kind]
    return db.session.scalar(
        select(known).where(known.community_id == community_id, known.kind == kind, known.number == number_of(number))
    )


def household_by_number(community_id: int, number: str) -> Household | None:
    """A household in use by the number as typed at a kiosk or a desk."""
    found = holder_by_number(community_id, "household", number)
    return cast(Household, found) if found is not None and found.active else None


def number_typed(community_id: int, typed: str) -> str:
    """The household number that somebody meant who left the dashes out: ``031202`` -> ``03-12-02``.

    What fits no household, or more than one, stays as it was typed: the check of the PIN then refuses it in the same
    words as a wrong PIN.
    """
    digits = digits_of(typed)
    if not digits or not digits.isascii():
        return typed
    home = Holder.__table__.c
    statement = select(home.number).where(
        home.community_id == community_id,
        home.kind == "household",
        home.active,
        home.number.like("%" + "%".join(digits) + "%"),
    )
    found = [number for number in db.session.scalars(statement) if number == typed or digits_of(number) == digits]
    return typed if typed in found or len(found) != 1 else str(found[0])


def digits_of(text: str) -> str:
    """What is left of a number when somebody types it on a keypad with digits only."""
    return "".join(char for char in text if char.isdigit())


def courtyard_by_number(community_id: int, number: str) -> Courtyard | None:
    """A courtyard in use by its number as typed."""
    found = holder_by_number(community_id, "courtyard", number)
    return cast(Courtyard, found) if found is not None and found.active else None


def person_typed(community_id: int, typed: str | None) -> Person | None:
    """A person in use named in a form by number (``P000123``) or full name; None if nothing was typed.

    :raises Invalid: if there is none, or if several have the name.
    """
    wanted = normalise(typed or "")
    if not wanted:
        return None
    found = db.session.scalars(
        select(Person)
        .where(Person.community_id == community_id, Person.active)
        .where((Person.number == number_of(wanted)) | (Person.name == wanted))
        .limit(2)
    ).all()
    if not found:
        raise Invalid("没有找到这位居民。请填居民编号，或先在「居民」里登记。", field="owner")
    if len(found) > 1:
        raise Invalid("有几位居民同名，请改填居民编号（居民页面上以 P 开头的号码）。", field="owner")
    return found[0]


def households_of(courtyard_id: int, *, active: bool = True) -> Sequence[Household]:
    """The households that live in a courtyard now."""
    statement = select(Household).where(Household.courtyard_id == courtyard_id).order_by(Household.number)
    return db.session.scalars(statement.where(Household.active) if active else statement).all()


def people_of(household_id: int) -> Sequence[Person]:
    """The residents of a household now, in the order in which they were registered."""
    return db.session.scalars(
        select(Person).where(Person.household_id == household_id, Person.active).order_by(Person.id)
    ).all()


def resident_counts(household_ids: Sequence[int]) -> dict[int, int]:
    """How many residents each of some households has."""
    rows = db.session.execute(
        select(Person.household_id, func.count())
        .where(Person.household_id.in_(household_ids), Person.active)
        .group_by(Person.household_id)
    )
    return {household_id: number for household_id, number in rows if household_id is not None}


def household_counts(courtyard_ids: Sequence[int]) -> dict[int, int]:
    """How many households live in each of some courtyards."""
    rows = db.session.execute(
        select(Household.courtyard_id, func.count())
        .where(Household.courtyard_id.in_(courtyard_ids), Household.active)
        .group_by(Household.courtyard_id)
    )
    return {courtyard_id: number for courtyard_id, number in rows if courtyard_id is not None}


def courtyards_of(community_id: int) -> Sequence[Courtyard]:
    """The courtyards in use of a community, by number: to choose one of."""
    return db.session.scalars(
        select(Courtyard).where(Courtyard.community_id == community_id, Courtyard.active).order_by(Courtyard.number)
    ).all()


def former_residents(household_id: int) -> Sequence[Row[tuple[ResidentStay, Person]]]:
    """Who has left a household, with the stay that ended; the latest first."""
    return db.session.execute(
        select(ResidentStay, Person)
        .join(Person, Person.id == ResidentStay.person_id)
        .where(ResidentStay.household_id == household_id, ResidentStay.ends_on.is_not(None))
        .order_by(ResidentStay.ends_on.desc(), ResidentStay.id.desc())
    ).all()


def household_stays(household_id: int) -> Sequence[Row[tuple[HouseholdStay, Courtyard]]]:
    """Where a household lived, each stay with its courtyard (None: in none); the latest first."""
    return db.session.execute(
        select(HouseholdStay, Courtyard)
        .outerjoin(Courtyard, Courtyard.id == HouseholdStay.courtyard_id)
        .where(HouseholdStay.household_id == household_id)
        .order_by(HouseholdStay.starts_on.desc(), HouseholdStay.id.desc())
    ).all()


def former_households(courtyard_id: int) -> Sequence[Row[tuple[HouseholdStay, Household]]]:
    """Who has left a courtyard, with the stay that ended; the latest first."""
    return db.session.execute(
        select(HouseholdStay, Household)
        .join(Household, Household.id == HouseholdStay.household_id)
        .where(HouseholdStay.courtyard_id == courtyard_id, HouseholdStay.ends_on.is_not(None))
        .order_by(HouseholdStay.ends_on.desc(), HouseholdStay.id.desc())
    ).all()


def stays_of(person_id: int) -> Sequence[Row[tuple[ResidentStay, Household]]]:
    """Where a person belonged, each stay with its household; the latest first."""
    return db.session.execute(
        select(ResidentStay, Household)
        .join(Household, Household.id == ResidentStay.household_id)
        .where(ResidentStay.person_id == person_id)
        .order_by(ResidentStay.starts_on.desc(), ResidentStay.id.desc())
    ).all()


def owner_of(shop: Shop) -> Person | None:
    """The owner as a person known here."""
    return db.session.get(Person, shop.owner_id) if shop.owner_id else None


def station(station_id: int, scope: Iterable[str]) -> Station:
    """:raises NotFound: if it does not exist or lies outside the scope."""
    found = db.session.scalar(
        select(Station)
        .join(Area)
        .where(Station.id == station_id, within(scope))
        .options(joinedload(Station.area).joinedload(Area.parent))
    )
    if found is None:
        raise NotFound("没有这个服务站，或它不在您负责的范围内。请从列表里重新选择。")
    return found


def stations_in(scope: Iterable[str]) -> Sequence[Station]:
    """The stations in use in a scope, by name."""
    return db.session.scalars(
        select(Station).join(Area).where(within(scope), Station.active).order_by(Station.name)
    ).all()


def kin_of(person_id: int) -> list[tuple[Kinship, Household]]:
    """The relatives' households that somebody declared."""
    statement = (
        select(Kinship, Household)
        .join(Household, Household.id == Kinship.household_id)
        .where(Kinship.person_id == person_id)
        .order_by(Household.number)
    )
    return [(kin, household) for kin, household in db.session.execute(statement)]
