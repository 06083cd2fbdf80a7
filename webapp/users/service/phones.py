"""Sign-ins of households on their phones, from the first page to the last. Only these verbs write ``resident_sign_in``."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, update

from webapp.core import signing
from webapp.extensions import db
from webapp.users.models import ResidentSignIn

#: However often it is used: whoever finds an old phone does not stay in for ever.
LASTS = timedelta(days=30)


def start(*, household_id: int, network: str, now: datetime) -> str:
    """Begin one. Returns its token, which only the phone keeps."""
    token = signing.random_token()
    db.session.add(
        ResidentSignIn(
            token_print=signing.fingerprint(token),
            household_id=household_id,
            started_at=now,
            expires_at=now + LASTS,
            where=network,
        )
    )
    db.session.flush()
    return token


def end(token: str, now: datetime) -> None:
    """End the one with this token: an old cookie opens nothing."""
    _end(ResidentSignIn.token_print == signing.fingerprint(token), now)


def end_all_of(household_id: int, now: datetime) -> None:
    """Every phone that this household has signed in on."""
    _end(ResidentSignIn.household_id == household_id, now)


def _end(which: ColumnElement[bool], now: datetime) -> None:
    db.session.execute(update(ResidentSignIn).where(which, ResidentSignIn.ended_at.is_(None)).values(ended_at=now))
