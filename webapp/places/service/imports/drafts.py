"""Households and residents as an import sees them: what is there, and what the file wants them to be."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.places.models import Courtyard, Holder, Household, HouseholdStay, Person, ResidentStay


@dataclass(slots=True, eq=False)
class HouseholdDraft:
    """One household number of the file. ``wanted`` is what its rows say, by column of the table."""

    number: str
    row_number: int
    there: HouseholdThere | None
    wanted: dict[str, Any] = field(default_factory=dict)
    since: date | None = None
    id: int = 0

    def differences(self) -> dict[str, Any]:
        """What would change of a household that is there."""
        there = self.there
        return (
            {} if there is None else {key: value for key, value in self.wanted.items() if getattr(there, key) != value}
        )


@dataclass(slots=True)
class ResidentDraft:
    """One row with a resident."""

    row_number: int
    household: HouseholdDraft
    there: PersonThere | None
    wanted: dict[str, Any]
    relation: str | None
    since: date | None
    id: int = 0

    @property
    def moves(self) -> bool:
        return self.there is not None and self.there.household_id != (self.household.there and self.household.there.id)

    def differences(self) -> dict[str, Any]:
        """What would change of a person who is there, apart from the stay."""
        there = self.there
        return (
            {} if there is None else {key: value for key, value in self.wanted.items() if getattr(there, key) != value}
        )

    @property
    def relation_differs(self) -> bool:
        return self.there is not None and self.relation is not None and self.relation != self.there.relation


@dataclass(frozen=True, slots=True)
class HouseholdThere:
    id: int
    number: str
    name: str
    tenure: str
    phone: str
    courtyard_id: int | None
    area_id: int
    active: bool
    stay_id: int | None
    stay_from: date | None


@dataclass(frozen=True, slots=True)
class PersonThere:
    id: int
    name: str
    phone: str
    household_id: int | None
    area_id: int
    identity_tail: str
    identity_digest: str | None
    party_member: bool
    volunteer: bool
    active: bool
    stay_id: int | None
    stay_from: date | None
    relation: str


@dataclass(frozen=True, slots=True)
class CourtyardThere:
    id: int
    area_id: int
    active: bool


class Community:
    """What a community has, for look-ups while the rows are gone through."""

    def __init__(self, community_id: int) -> None:
        self.courtyards = _courtyards(community_id)
        self.households = {there.number: there for there in _households(community_id)}
        self.people = _people(community_id)
        self.by_digest: dict[str, PersonThere] = {}
        self.by_name: dict[tuple[int, str], list[PersonThere]] = defaultdict(list)
        for person in self.people:
            if person.identity_digest:
                self.by_digest[person.identity_digest] = person
            if person.household_id:
                self.by_name[person.household_id, person.name].append(person)

    def says_the_same(self, other: Community) -> bool:
        return (self.courtyards, self.households, self.people) == (other.courtyards, other.households, other.people)


def _courtyards(community_id: int) -> dict[str, CourtyardThere]:
    rows = db.session.execute(
        select(Courtyard.number, Courtyard.id, Courtyard.area_id, Courtyard.active).where(
            Courtyard.community_id == community_id
        )
    )
    return {number: CourtyardThere(*facts) for number, *facts in rows}


def _households(community_id: int) -> list[HouseholdThere]:
    stay, own, base = HouseholdStay.__table__, Household.__table__, Holder.__table__
    rows = db.session.execute(
        select(
            base.c.id,
            base.c.number,
            base.c.name,
            own.c.tenure,
            own.c.phone,
            own.c.courtyard_id,
            base.c.area_id,
            base.c.active,
            stay.c.id,
            stay.c.starts_on,
        )
        .select_from(base.join(own, own.c.id == base.c.id))
        .outerjoin(stay, (stay.c.household_id == base.c.id) & stay.c.ends_on.is_(None))
        .where(base.c.community_id == community_id)
    )
    return [HouseholdThere(*row) for row in rows]


def _people(community_id: int) -> list[PersonThere]:
    stay, own, base = ResidentStay.__table__, Person.__table__, Holder.__table__
    rows = db.session.execute(
        select(
            base.c.id,
            base.c.name,
            own.c.phone,
            own.c.household_id,
            base.c.area_id,
            own.c.identity_tail,
            own.c.identity_digest,
            own.c.party_member,
            own.c.volunteer,
            base.c.active,
            stay.c.id,
            stay.c.starts_on,
            func.coalesce(stay.c.relation, ""),
        )
        .select_from(base.join(own, own.c.id == base.c.id))
        .outerjoin(stay, (stay.c.person_id == base.c.id) & stay.c.ends_on.is_(None))
        .where(base.c.community_id == community_id)
        .order_by(base.c.id)
    )
    return [PersonThere(*row) for row in rows]
