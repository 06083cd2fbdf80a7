"""Appointments, and users who hold one."""

from __future__ import annotations

from datetime import date

from tests.factories.areas import make_community
from tests.factories.holders import make_person
from tests.factories.saving import CREATED_AT, MOVED_IN, save, serial
from webapp.extensions import db
from webapp.places.models import (
    Area,
    Courtyard,
    Person,
)
from webapp.users.models import Appointment, User


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
