"""A new installation: the first area and the first administrator, with one secret that works once."""

from __future__ import annotations

from datetime import datetime

from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict
from webapp.places.service import add_area
from webapp.users.models import User
from webapp.users.service.appointments import appoint
from webapp.users.service.staff import add_user, any_user, enlist


def set_up(*, county: str, name: str, login: str, now: datetime) -> tuple[User, str]:
    """Make the root of the area tree and its administrator. Returns the login and its one-time password.

    There is no default password: this one is random, shown once, and good for a day.

    :raises Conflict: if the instance has logins already. :raises Invalid: for an unfit name or login.
    """
    if any_user():
        raise Conflict("这里已经有登录账号，不能再初始化。")
    root = add_area(actor=SYSTEM, now=now, parent=None, kind="county", name=county)
    person = enlist(name=name, area=root, phone="", actor=SYSTEM, now=now)
    appoint(
        person=person,
        post="administrator",
        area=root,
        courtyard=None,
        starts_on=clock.local_date(now),
        ends_on=None,
        actor=SYSTEM,
        now=now,
    )
    return add_user(person=person, login=login, actor=SYSTEM, now=now)
