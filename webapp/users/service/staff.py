"""Logins of staff. A password is chosen by its owner; what others hand out works once and expires."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from sqlalchemy import func, select, update

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, NotAllowed
from webapp.extensions import db
from webapp.places.models import Area, Person
from webapp.places.service import add_person
from webapp.users import passwords
from webapp.users.models import SignIn, User
from webapp.users.permissions import may_appoint
from webapp.users.queries import posts_from
from webapp.users.service.signing_in import end_all_sign_ins

ONE_TIME_FOR = timedelta(hours=24)
SHORTEST = 10
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")


@cache
def common_passwords() -> frozenset[str]:
    """The passwords that are guessed first (data/common-passwords.txt says where the list comes from)."""
    text = files("webapp.users").joinpath("data/common-passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().lower() for line in text.splitlines() if line and not line.startswith("#"))


def check_password(password: str, login: str) -> None:
    """:raises Invalid: for a password that is too short, common, or contains the login."""
    if len(password) < SHORTEST:
        raise Invalid(f"密码至少 {SHORTEST} 位。", field="password")
    if len(password) > 200:
        raise Invalid("密码太长了，最多 200 位。", field="password")
    if password.lower() in common_passwords() or len(set(password)) < 4:
        raise Invalid("这个密码太常见，容易被猜到，请换一个。", field="password")
    if login.lower() in password.lower():
        raise Invalid("密码里不要包含登录名。", field="password")


def enlist(*, name: str, area: Area, phone: str, actor: Actor, now: datetime) -> Person:
    """Register somebody who only serves here. Whoever keeps staff may do so without keeping the registers."""
    rights = {**actor.grants, "places.edit": actor.scope("users.edit")}
    return add_person(actor=replace(actor, grants=rights), now=now, name=name, area=area, phone=phone, staff=True)


def add_user(*, person: Person, login: str, actor: Actor, now: datetime) -> tuple[User, str]:
    """Give a person a login. Returns it with its one-time password, which is shown once and kept nowhere.

    :raises Conflict: if the person has a login, or the name is taken.
    """
    _must_manage(actor, person, now)
    login = login.lower()
    if not _LOGIN.fullmatch(login):
        raise Invalid("登录名用小写字母和数字，3 到 40 位。", field="login")
    if db.session.scalar(select(User.id).where(User.person_id == person.id)) is not None:
        raise Conflict("这个人已经有登录账号了。", field="login")
    if db.session.scalar(select(User.id).where(User.login == login)) is not None:
        raise Conflict("这个登录名已经有人用了，请换一个。", field="login")
    password = passwords.one_time_password()
    user = User(
        person_id=person.id,
        login=login,
        password_hash=passwords.slow_hash(password),
        must_change=True,
        password_expires_at=now + ONE_TIME_FOR,
        active=True,
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    _log(actor, "user:added", user, person, now, login=login)
    return user, password


def reset_password(*, user: User, actor: Actor, now: datetime) -> str:
    """A new one-time password; everything the user has open is closed.

    :raises NotAllowed: for a login that the actor may not touch (``may_manage``).
    """
    _must_manage(actor, user.person, now)
    password = passwords.one_time_password()
    user.password_hash = passwords.slow_hash(password)
    user.must_change, user.password_expires_at = True, now + ONE_TIME_FOR
    end_all_sign_ins(user_id=user.id, now=now)
    db.session.flush()
    _log(actor, "user:password-reset", user, user.person, now)
    return password


def choose_password(
    *, user: User, present_hash: str, password: str, keep_token: str, actor: Actor, now: datetime
) -> None:
    """The owner's own choice, already hashed; other browsers are signed out.

    ``present_hash`` is what was verified before the transaction: a change in between is refused.

    :raises Conflict: if the password was changed at the same moment.
    """
    changed = (
        update(User)
        .where(User.id == user.id, User.password_hash == present_hash)
        .values(password_hash=password, must_change=False, password_expires_at=None)
        .execution_options(synchronize_session=False)
    )
    if getattr(db.session.execute(changed), "rowcount", 0) != 1:
        raise Conflict("密码刚刚被改过，请重新登录再试。")
    others = update(SignIn).where(
        SignIn.user_id == user.id, SignIn.ended_at.is_(None), SignIn.token_print != keep_token
    )
    db.session.execute(others.values(ended_at=now).execution_options(synchronize_session=False))
    _log(actor, "user:password-changed", user, user.person, now)


def set_active(*, user: User, active: bool, actor: Actor, now: datetime) -> None:
    """Disable a login at once, or let it sign in again.

    :raises NotAllowed: for one's own login, or one that the actor may not touch (``may_manage``).
    """
    _must_manage(actor, user.person, now)
    if user.id == actor.user_id:
        raise NotAllowed("不能停用自己的账号，请让另一位管理员来做。")
    user.active = active
    if not active:
        end_all_sign_ins(user_id=user.id, now=now)
    db.session.flush()
    _log(actor, "user:enabled" if active else "user:disabled", user, user.person, now)


def end_sign_in(*, user: User, sign_in_id: int, actor: Actor, now: datetime) -> None:
    """Close one browser of a user: a lost phone."""
    _must_manage(actor, user.person, now)
    ended = update(SignIn).where(SignIn.id == sign_in_id, SignIn.user_id == user.id, SignIn.ended_at.is_(None))
    db.session.execute(ended.values(ended_at=now).execution_options(synchronize_session=False))
    _log(actor, "user:sign-in-ended", user, user.person, now)


def any_user() -> bool:
    """Whether the instance has been set up."""
    return bool(db.session.scalar(select(func.count()).select_from(User)))


def may_manage(actor: Actor, person: Person, now: datetime) -> bool:
    """Whether the actor keeps this person's login: every post that it opens is one the actor could give.

    Else a secretary could reset the password of a county's administrator who lives in the community, and use it.
    """
    posts = posts_from(person.id, clock.local_date(now))
    if not posts:
        return actor.may("users.edit", db.session.get_one(Area, person.area_id).path)
    return all(may_appoint(actor, post, path) for post, path in posts)


def _must_manage(actor: Actor, person: Person, now: datetime) -> None:
    if not may_manage(actor, person, now):
        raise NotAllowed("这个人担任的岗位高于您的岗位，或在您负责的区域以外。请找系统管理员处理。")


def _log(actor: Actor, action: str, user: User, person: Person, now: datetime, **detail: object) -> None:
    path = db.session.get_one(Area, person.area_id).path
    log(actor, action, now=now, object_kind="user", object_id=user.id, area_path=path, **detail)
