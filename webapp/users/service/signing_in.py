"""Signing staff in and out; the verbs on users, appointments, PINs and devices stand beside it in this feature."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update

from webapp.audit.service import log
from webapp.core import signing
from webapp.core.actor import PUBLIC, Actor
from webapp.core.errors import Invalid
from webapp.extensions import db, reading
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
        user = db.session.scalars(select(User).where(User.login == login)).one_or_none()
        usable = user is not None and user.active
        usable = usable and not (user.password_expires_at and user.password_expires_at < now)  # type: ignore[union-attr]  # usable: there is a user
        user_id = user.id if user else None
        fits = passwords.matches(user.password_hash if usable and user else None, password)
    if not fits or user_id is None:
        passwords.count_wrong(now, account=login, network=network)
        log(PUBLIC, "user:sign-in-failed", now=now, object_kind="user", object_id=user_id, network=network)
        raise WrongPassword("登录名或密码不对，请再输一次。")
    passwords.forget_tries(now, account=login)
    token = signing.random_token()
    db.session.add(
        SignIn(
            token_print=signing.fingerprint(token),
            user_id=user_id,
            started_at=now,
            expires_at=now + timedelta(hours=hours),
            where=network,
        )
    )
    log(
        Actor("staff", login, user_id=user_id, where=network),
        "user:signed-in",
        now=now,
        object_kind="user",
        object_id=user_id,
    )
    return token


def sign_out(*, actor: Actor, token: str, now: datetime) -> None:
    """End one sign-in on the server: an old cookie opens nothing."""
    print_ = signing.fingerprint(token)
    db.session.execute(
        update(SignIn).where(SignIn.token_print == print_, SignIn.ended_at.is_(None)).values(ended_at=now)
    )
    log(actor, "user:signed-out", now=now, object_kind="user", object_id=actor.user_id)


def end_all_sign_ins(*, user_id: int, now: datetime) -> None:
    """Everything this user has open is closed within one request: disabled, password changed, phone lost."""
    db.session.execute(update(SignIn).where(SignIn.user_id == user_id, SignIn.ended_at.is_(None)).values(ended_at=now))
