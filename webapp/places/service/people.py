"""People: residents with their stays, and who serves here without living here."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.signing import keyed_digest
from webapp.core.text import random_code
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, Household, Person, ResidentStay, area_rank
from webapp.places.service.checks import day_of, identity_number_of, line, lock_register, must_edit, phone_of, put


def identity_of(number: str, secret: str) -> tuple[str, str | None]:
    """What is kept of an identity number: its last four characters, and a digest that only the installation's key
    can make, to recognise the same person again. Empty and None for an empty number.
    """
    if not number:
        return "", None
    return number[-4:], keyed_digest(secret, "identity", number).hex()


def person_number(person_id: int) -> str:
    """People are many and move: their number comes from the key and never collides."""
    return f"P{person_id:06}"


def add_person(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    household: Household | None = None,
    area: Area | None = None,
    phone: str = "",
    identity: str = "",
    secret: str = "",
    relation: str = "",
    party_member: bool = False,
    volunteer: bool = False,
    staff: bool = False,
    on: date | None = None,
) -> Person:
    """A resident of ``household`` since ``on`` (today), or somebody who only serves in ``area``.

    :raises Invalid: for an unfit value. :raises Conflict: if the identity number is registered in the community.
    """
    place = _place(household, area)
    must_edit(actor, place)
    lock_register(place)
    community = queries.community_of(place)
    person = Person(area_id=place.id, community_id=community.id, created_at=now, active=True)
    put(person, number=random_code(12), **_facts(name, phone, party_member, volunteer, staff))
    _identify(person, identity, secret)
    db.session.add(person)
    db.session.flush()
    person.number = person_number(person.id)
    if household is not None:
        _start_stay(person, household, day_of(on, now), relation)
    db.session.flush()
    _log(actor, "added", person, place, now)
    return person


def _place(household: Household | None, area: Area | None) -> Area:
    if household is not None:
        if not household.active:
            raise Invalid("这一户已经注销，不能再登记居民。", field="household_number")
        return db.session.get_one(Area, household.area_id)
    if area is None or not area.active:
        raise Invalid("请填写户号，或选择服务的区域。", field="household_number")
    return area


def change_person(
    *,
    actor: Actor,
    now: datetime,
    person: Person,
    name: str,
    phone: str = "",
    identity: str = "",
    secret: str = "",
    party_member: bool = False,
    volunteer: bool = False,
    staff: bool = False,
) -> None:
    """Correct what is known of a person; an empty ``identity`` leaves what is kept. Raises what ``add_person`` raises."""
    must_edit(actor, person.area)
    lock_register(person.area)
    changed = put(person, **_facts(name, phone, party_member, volunteer, staff))
    before = person.identity_digest
    _identify(person, identity, secret)
    changed += ["identity"] if person.identity_digest != before else []
    db.session.flush()
    if changed:
        _log(actor, "changed", person, person.area, now, fields=changed)


def _facts(name: str, phone: str, party_member: bool, volunteer: bool, staff: bool) -> dict[str, object]:
    return {
        "name": line(name, label="姓名", field="name", limit=60, needed=True),
        "phone": phone_of(phone),
        "party_member": party_member,
        "volunteer": volunteer,
        "staff": staff,
    }


def _identify(person: Person, identity: str, secret: str) -> None:
    number = identity_number_of(identity)
    if not number:
        return
    tail, digest = identity_of(number, secret)
    same = db.session.scalar(
        select(Person).where(
            Person.identity_digest == digest, Person.community_id == person.community_id, Person.id != (person.id or 0)
        )
    )
    if same is not None:
        state = "" if same.active else "（已迁出，可以重新办理入住）"
        raise Conflict(f"这个证件号码已经登记过，居民编号 {same.number}{state}。", field="identity")
    person.identity_tail, person.identity_digest = tail, digest


def move_in(
    *,
    actor: Actor,
    now: datetime,
    person: Person,
    household: Household,
    relation: str = "",
    on: date | None = None,
) -> None:
    """A person joins a household of the community, leaving the one before; who had left is in use again.

    :raises Invalid: for another community, or a day before the last move. :raises Conflict: if already there.
    """
    place = _place(household, None)
    must_edit(actor, person.area, place)
    lock_register(place)
    if area_rank(person.community.kind) >= area_rank("community") and household.community_id != person.community_id:
        raise Invalid("只能迁入本社区的住户。到别的社区，请在这里迁出，再到那个社区登记。", field="household_number")
    if person.household_id == household.id:
        raise Conflict("这位居民已经在这一户。", field="household_number")
    day = day_of(on, now)
    _end_stay(person, day)
    person.area_id, person.community_id, person.active = place.id, household.community_id, True
    _start_stay(person, household, day, relation)
    _log(actor, "moved-in", person, place, now, household=household.number, on=day)


def move_out(*, actor: Actor, now: datetime, person: Person, on: date | None = None) -> None:
    """A person leaves the household. Who serves the community stays in use; the others are kept for their book.

    :raises Conflict: if in no household. :raises Invalid: for a day before moving in.
    """
    must_edit(actor, person.area)
    lock_register(person.area)
    if person.household_id is None:
        raise Conflict("这位居民现在不在任何一户，不用迁出。")
    day = day_of(on, now)
    _end_stay(person, day)
    person.household_id, person.active = None, person.staff
    db.session.flush()
    _log(actor, "moved-out", person, person.area, now, on=day)


def _start_stay(person: Person, household: Household, on: date, relation: str) -> None:
    person.household_id = household.id
    related = line(relation, label="与户主关系", field="relation", limit=20)
    db.session.add(ResidentStay(person_id=person.id, household_id=household.id, relation=related, starts_on=on))
    db.session.flush()
    db.session.expire(person, ["household", "area", "community"])


def _end_stay(person: Person, on: date) -> None:
    stay = db.session.scalar(
        select(ResidentStay).where(ResidentStay.person_id == person.id, ResidentStay.ends_on.is_(None))
    )
    if stay is None:
        return
    if on < stay.starts_on:
        raise Invalid(f"日期早于入住日期 {stay.starts_on}，请改正。", field="on")
    stay.ends_on = on
    db.session.flush()


def _log(actor: Actor, verb: str, person: Person, area: Area, now: datetime, **detail: object) -> None:
    log(
        actor,
        f"person:{verb}",
        now=now,
        object_kind="person",
        object_id=person.id,
        area_path=area.path,
        number=person.number,
        **detail,
    )
