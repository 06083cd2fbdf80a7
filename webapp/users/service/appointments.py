"""Appointments: who holds which post, where, from when to when. They end by a date and are never removed."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, NotAllowed
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Person
from webapp.places.service.checks import phone_of
from webapp.users.models import POSTS, Appointment
from webapp.users.permissions import may_appoint


def appoint(
    *,
    person: Person,
    post: str,
    area: Area,
    courtyard: Courtyard | None,
    starts_on: date,
    ends_on: date | None,
    phone: str = "",
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Give a person a post in an area; a courtyard's head in the area of the courtyard, one at a time.

    ``phone`` is the one residents may call: it is shown in public.

    :raises Invalid: for an unknown post, no phone, a courtyard where none belongs, a term that ends before it starts.
    :raises Conflict: if the person holds the post there already, or the courtyard has a head.
    :raises NotAllowed: outside the actor's areas, or for a post above the actor's own (``users.permissions``).
    """
    if courtyard is not None:
        area = db.session.get_one(Area, courtyard.area_id)
    _check(post, courtyard, starts_on, ends_on)
    _must_appoint(actor, post, area)
    _not_yet(person, post, area, courtyard, now)
    made = Appointment(
        person_id=person.id,
        post=post,
        area_id=area.id,
        courtyard_id=courtyard.id if courtyard else None,
        phone=phone_of(phone),
        starts_on=starts_on,
        ends_on=ends_on,
    )
    db.session.add(made)
    db.session.flush()
    _log(actor, "appointment:made", made, area, now)
    return made


def end(*, appointment: Appointment, last_day: date, actor: Actor, now: datetime) -> None:
    """The post is held until the end of ``last_day``; its rights end with it.

    :raises Invalid: for a day before the first.
    :raises NotAllowed: for one's own post, one above one's own, or outside the actor's areas.
    """
    _must_appoint(actor, appointment.post, appointment.area)
    if appointment.person_id == actor.person_id:
        raise NotAllowed("不能结束自己的任职，请让另一位管理员来做。")
    if last_day < appointment.starts_on:
        raise Invalid("结束日期不能早于开始日期。", field="last_day")
    appointment.ends_on = last_day
    db.session.flush()
    _log(actor, "appointment:ended", appointment, appointment.area, now)


def _check(post: str, courtyard: Courtyard | None, starts_on: date, ends_on: date | None) -> None:
    if post not in POSTS:
        raise Invalid("请选择岗位。", field="post")
    if (post == "courtyard_head") != (courtyard is not None):
        raise Invalid("院长要填院落编号，其他岗位不填。", field="courtyard_number")
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("结束日期不能早于开始日期。", field="ends_on")


def _must_appoint(actor: Actor, post: str, area: Area) -> None:
    if not may_appoint(actor, post, area.path):
        raise NotAllowed(
            f"「{area.name}」的「{POSTS[post]}」不由您任免：岗位高于您的岗位，或不在您负责的区域。请找系统管理员。",
            field="post",
        )


def _not_yet(person: Person, post: str, area: Area, courtyard: Courtyard | None, now: datetime) -> None:
    running = select(Appointment.person_id).where(
        Appointment.post == post,
        Appointment.area_id == area.id,
        Appointment.courtyard_id == (courtyard.id if courtyard else None),
        Appointment.ends_on.is_(None) | (Appointment.ends_on >= clock.local_date(now)),
    )
    holders = set(db.session.scalars(running))
    if person.id in holders:
        raise Conflict("这个人在这里已经担任这个岗位。", field="post")
    if courtyard is not None and holders:
        raise Conflict("这个院落已经有院长，请先结束他的任职。", field="courtyard_number")


def _log(actor: Actor, action: str, appointment: Appointment, area: Area, now: datetime) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="appointment",
        object_id=appointment.id,
        area_path=area.path,
        post=appointment.post,
        person=appointment.person_id,
        ends_on=appointment.ends_on,
    )
