"""Signing staff in and out; the verbs on users, appointments, PINs and devices stand beside it in this feature."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select, update

from webapp.audit.service import log
from webapp.core import signing
from webapp.core.actor import PUBLIC, Actor
from webapp.core.errors import Invalid
from webapp.core.text import mask_name
from webapp.extensions import db, reading
from webapp.places.models import Area, Person
from webapp.users import passwords
from webapp.users.models import SignIn, User


class WrongPassword(Invalid):
    """The same words for an unknown name, a disabled login and a wrong password."""

    title = "没有登录"
    keeps_changes = True


def sign_in(*, login: str, password: str, network: str, now: datetime, hours: int) -> str:
    """Check a login and start a sign-in. Returns its token, which only the browser keeps.

    :raises TooManyTries: when guesses about this login or from this network are throttled.
    :raises WrongPassword: for anything else that does not fit; it is counted and logged.
    """
    with reading():
        passwords.check_tries(now, account=login, network=network)
        known = _known(login)
        fits = passwords.matches(known.password_hash if known and known.may_try(now) else None, password)
    passwords.settle(now, fits=fits, account=login, network=network)
    if not fits or known is None:
        _log(replace(PUBLIC, where=network), "user:sign-in-failed", known, now)
        raise WrongPassword("登录名或密码不对，请再输一次。")
    _log(Actor("staff", mask_name(known.name), user_id=known.user_id, where=network), "user:signed-in", known, now)
    return _begin(known.user_id, network, now, timedelta(hours=hours))


@dataclass(frozen=True, slots=True)
class _Known:
    """A login that exists."""

    user_id: int
    login: str
    password_hash: str
    active: bool
    password_expires_at: datetime | None
    name: str
    path: str

    def may_try(self, now: datetime) -> bool:
        return self.active and (self.password_expires_at is None or self.password_expires_at >= now)


def _known(login: str) -> _Known | None:
    row = db.session.execute(
        select(User.id, User.login, User.password_hash, User.active, User.password_expires_at, Person.name, Area.path)
        .join(Person, Person.id == User.person_id)
        .join(Area, Area.id == Person.area_id)
        .where(User.login == login)
    ).one_or_none()
    return _Known(*row) if row else None


def _begin(user_id: int, network: str, now: datetime, lasts: timedelta) -> str:
    token = signing.random_token()
    db.session.add(
        SignIn(
            token_print=signing.fingerprint(token),
            user_id=user_id,
            started_at=now,
            expires_at=now + lasts,
            where=network,
        )
    )
    db.session.flush()
    return token


def _log(actor: Actor, action: str, known: _Known | None, now: datetime) -> None:
    """A login that does not exist is not written down: it may be somebody's password in the wrong field."""
    log(
        actor,
        action,
        now=now,
        object_kind="user",
        object_id=known.user_id if known else None,
        area_path=known.path if known else "",
        login=known.login if known else None,
    )


def sign_out(*, actor: Actor, token: str, now: datetime) -> None:
    """End one sign-in on the server: an old cookie opens nothing."""
    print_ = signing.fingerprint(token)
    db.session.execute(
        update(SignIn).where(SignIn.token_print == print_, SignIn.ended_at.is_(None)).values(ended_at=now)
    )
    log(actor, "user:signed-out", now=now, object_kind="user", object_id=actor.user_id, area_path=_path_of(actor))


def note_denial(*, actor: Actor, page: str, method: str, now: datetime) -> None:
    """A member of staff was refused a page or a form: who, what, when, from where. ``page`` is the view's name, which
    holds nobody's data, unlike its address."""
    path = _path_of(actor)
    log(
        actor,
        "user:denied",
        now=now,
        object_kind="user",
        object_id=actor.user_id,
        area_path=path,
        page=page,
        form=method,
    )


def _path_of(actor: Actor) -> str:
    found = select(Area.path).join(Person, Person.area_id == Area.id).where(Person.id == actor.person_id)
    return db.session.scalar(found) or ""


def end_all_sign_ins(*, user_id: int, now: datetime) -> None:
    """Everything this user has open is closed within one request: disabled, password changed, phone lost."""
    db.session.execute(update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None)).values(ended_at=now))
