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
from webapp.users.models import POSTS, Appointment
from webapp.users.permissions import permissions_of


def appoint(
    *,
    person: Person,
    post: str,
    area: Area,
    courtyard: Courtyard | None,
    starts_on: date,
    ends_on: date | None,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Give a person a post. Nobody gives a right that they do not hold over that area themselves.

    :raises Invalid: for an unknown post, a courtyard where none belongs, or a term that ends before it starts.
    :raises Conflict: if the person holds the post there already.
    :raises NotAllowed: outside the actor's areas, or for a post above the actor's own.
    """
    actor.must("users.edit", area.path)
    if post not in POSTS:
        raise Invalid("请选择岗位。", field="post")
    if (post == "courtyard_head") != (courtyard is not None):
        raise Invalid("院长要填院落编号，其他岗位不填。", field="courtyard_number")
    if ends_on is not None and ends_on < starts_on:
        raise Invalid("结束日期不能早于开始日期。", field="ends_on")
    _may_give(actor, post, area)
    _not_yet(person, post, area, courtyard, now)
    made = Appointment(
        person_id=person.id,
        post=post,
        area_id=courtyard.area_id if courtyard else area.id,
        courtyard_id=courtyard.id if courtyard else None,
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
    :raises NotAllowed: for one's own post, or outside the actor's areas.
    """
    actor.must("users.edit", appointment.area.path)
    if appointment.person_id == actor.person_id:
        raise NotAllowed("不能结束自己的任职，请让另一位管理员来做。")
    if last_day < appointment.starts_on:
        raise Invalid("结束日期不能早于开始日期。", field="last_day")
    appointment.ends_on = last_day
    db.session.flush()
    _log(actor, "appointment:ended", appointment, appointment.area, now)


def _may_give(actor: Actor, post: str, area: Area) -> None:
    """Points are recorded by posts that administrators lack on purpose, so that right may be given by whoever edits."""
    lacking = [right for right in permissions_of(post) - {"records.make"} if not actor.may(right, area.path)]
    if lacking:
        raise NotAllowed(f"您不能任命「{POSTS[post]}」：这个岗位有您自己没有的权限。")


def _not_yet(person: Person, post: str, area: Area, courtyard: Courtyard | None, now: datetime) -> None:
    holds = select(Appointment.id).where(
        Appointment.person_id == person.id,
        Appointment.post == post,
        Appointment.area_id == (courtyard.area_id if courtyard else area.id),
        Appointment.courtyard_id == (courtyard.id if courtyard else None),
        Appointment.ends_on.is_(None) | (Appointment.ends_on >= clock.local_date(now)),
    )
    if db.session.scalar(holds) is not None:
        raise Conflict("这个人在这里已经担任这个岗位。", field="post")


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
