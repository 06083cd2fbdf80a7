"""Households: each move leaves a stay behind; the book stays with the household."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.places.models import TENURES, Area, Courtyard, Holder, Household, HouseholdStay, Person, ResidentStay
from webapp.places.service.checks import book_area, day_of, free_number, line, lock_register, must_edit, phone_of, put
from webapp.places.service.courtyards import standing_in


def add_household(
    *,
    actor: Actor,
    now: datetime,
    number: str,
    name: str,
    courtyard: Courtyard | None = None,
    area: Area | None = None,
    tenure: str = "owner",
    phone: str = "",
    on: date | None = None,
) -> Household:
    """A household that lives in ``courtyard``, or without one in ``area``, since ``on`` (today).

    :raises Invalid: for an unfit place or value. :raises Conflict: if the community has the number already.
    """
    place = standing_in(courtyard, area)
    must_edit(actor, place)
    lock_register(place)
    community = book_area(place)
    household = Household(area_id=place.id, community_id=community.id, created_at=now, active=True)
    household.courtyard_id = courtyard.id if courtyard else None
    put(household, number=free_number(community, "household", number), **_facts(name, tenure, phone))
    db.session.add(household)
    db.session.flush()
    _start_stay(household, day_of(on, now))
    _log(actor, "added", household, place, now)
    return household


def change_household(
    *, actor: Actor, now: datetime, household: Household, number: str, name: str, tenure: str, phone: str
) -> None:
    """Correct what is known of a household. Raises what ``add_household`` raises."""
    must_edit(actor, household.area)
    lock_register(household.area)
    taken = free_number(household.community, "household", number, besides=household)
    changed = put(household, number=taken, **_facts(name, tenure, phone))
    stay = open_stay(household)
    if stay is not None:
        stay.tenure = household.tenure
    db.session.flush()
    if changed:
        _log(actor, "changed", household, household.area, now, fields=changed)


def _facts(name: str, tenure: str, phone: str) -> dict[str, object]:
    return {
        "name": line(name, label="户主姓名", field="name", limit=60, needed=True),
        "tenure": _tenure(tenure),
        "phone": phone_of(phone),
    }


def _tenure(tenure: str) -> str:
    if tenure not in TENURES:
        raise Invalid(f"居住情况只能选：{'、'.join(TENURES.values())}。", field="tenure")
    return tenure


def open_stay(household: Household) -> HouseholdStay | None:
    """Where the household lives now; None if it is closed."""
    return db.session.scalar(
        select(HouseholdStay).where(HouseholdStay.household_id == household.id, HouseholdStay.ends_on.is_(None))
    )


def _start_stay(household: Household, on: date) -> None:
    db.session.add(
        HouseholdStay(
            household_id=household.id, courtyard_id=household.courtyard_id, tenure=household.tenure, starts_on=on
        )
    )
    db.session.flush()


def _end_stay(household: Household, on: date) -> None:
    """:raises Invalid: if it began later."""
    stay = open_stay(household)
    if stay is None:
        return
    if on < stay.starts_on:
        raise Invalid(f"日期早于入住日期 {stay.starts_on}，请改正。", field="on")
    stay.ends_on = on
    db.session.flush()


def move_household(
    *,
    actor: Actor,
    now: datetime,
    household: Household,
    courtyard: Courtyard | None = None,
    area: Area | None = None,
    tenure: str | None = None,
    on: date | None = None,
) -> None:
    """Move a household to another courtyard (or area) of its community; its residents go with it, its book stays.

    :raises Invalid: for another community, or a day before it moved in.
    :raises Conflict: if the household is closed, or lives there already.
    """
    place = standing_in(courtyard, area)
    must_edit(actor, household.area, place)
    lock_register(place)
    _same_book(household, place)
    if not household.active:
        raise Conflict("这一户已经注销。请先恢复，再办理搬家。")
    if (household.courtyard_id, household.area_id) == (courtyard.id if courtyard else None, place.id):
        raise Conflict("这一户现在就住在这里，不用再搬。", field="courtyard_number")
    before = household.area.path
    day = day_of(on, now)
    _end_stay(household, day)
    _settle(household, courtyard, place, tenure, day)
    _log(actor, "moved", household, place, now, before=before, on=day)


def _same_book(household: Household, place: Area) -> None:
    if book_area(place).id != household.community_id:
        raise Invalid("只能在本社区里搬家。搬到别的社区，请在这里注销，再到那个社区登记。", field="courtyard_number")


def _settle(household: Household, courtyard: Courtyard | None, place: Area, tenure: str | None, on: date) -> None:
    household.courtyard_id = courtyard.id if courtyard else None
    household.area_id = place.id
    household.tenure = _tenure(tenure or household.tenure)
    household.active = True
    db.session.flush()
    _start_stay(household, on)
    residents = select(Person.id).where(Person.household_id == household.id)
    db.session.execute(
        update(Holder)
        .where(Holder.id.in_(residents))
        .values(area_id=place.id)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def close_household(*, actor: Actor, now: datetime, household: Household, on: date | None = None) -> None:
    """Take a household out of use: it has moved away or been dissolved. Its residents' stays end; the book stays.

    :raises Invalid: for a day before it moved in.
    """
    must_edit(actor, household.area)
    lock_register(household.area)
    if not household.active:
        return
    day = day_of(on, now)
    _end_stay(household, day)
    household.active = False
    _end_resident_stays(household, day)
    _log(actor, "closed", household, household.area, now, on=day)


def _end_resident_stays(household: Household, on: date) -> None:
    """Who serves the community stays in use, the other residents leave with the household."""
    stays = select(ResidentStay).where(ResidentStay.household_id == household.id, ResidentStay.ends_on.is_(None))
    for stay in db.session.scalars(stays):
        stay.ends_on = max(on, stay.starts_on)
    for person in db.session.scalars(select(Person).where(Person.household_id == household.id)):
        person.household_id = None
        person.active = person.staff
    db.session.flush()


def reopen_household(
    *,
    actor: Actor,
    now: datetime,
    household: Household,
    courtyard: Courtyard | None = None,
    area: Area | None = None,
    tenure: str | None = None,
    on: date | None = None,
) -> None:
    """A closed household lives here again. Its residents are moved in one by one.

    :raises Conflict: if it is not closed.
    """
    place = standing_in(courtyard, area)
    must_edit(actor, household.area, place)
    lock_register(place)
    _same_book(household, place)
    if household.active:
        raise Conflict("这一户没有注销，不用恢复。")
    _settle(household, courtyard, place, tenure, day_of(on, now))
    _log(actor, "reopened", household, place, now)


def _log(actor: Actor, verb: str, household: Household, area: Area, now: datetime, **detail: object) -> None:
    log(
        actor,
        f"household:{verb}",
        now=now,
        object_kind="household",
        object_id=household.id,
        area_path=area.path,
        number=household.number,
        **detail,
    )
