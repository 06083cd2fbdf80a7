"""Passwords, PINs and the throttling of guesses.

A guess is counted by what it was about (an account or household), by device and by network, in the database; too many
lock that subject for a while, with the same answer and about the same time whether it exists or not.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, delete, func, select
from werkzeug.security import check_password_hash, generate_password_hash

from webapp.core.errors import TooManyTries
from webapp.extensions import db
from webapp.users.models import FailedTry

SLOW = "scrypt:16384:8:1"  # about 30 ms on an office PC: slow for a guesser, unnoticed by a person
PIN_LENGTH = 6
#: (what is counted, wrong guesses allowed, within). MLPS hardening guides: at most 5 tries, at least 10 minutes.
LIMITS = {
    "account": (5, timedelta(minutes=15)),
    "device": (10, timedelta(minutes=15)),
    "network": (30, timedelta(minutes=15)),
}


def slow_hash(secret: str) -> str:
    return generate_password_hash(secret, method=SLOW)


@cache
def _nobody() -> str:
    """A hash that nothing matches, so that an unknown name costs the same time as a wrong password."""
    return slow_hash(secrets.token_urlsafe(24))


def matches(kept: str | None, guess: str) -> bool:
    """Whether the guess is the secret; takes its time even if there is none. Call it outside a write transaction."""
    nobody = _nobody()  # first, so that the very first guess of a process costs the same for everybody
    fits = check_password_hash(kept or nobody, guess)
    return fits and kept is not None


def random_pin() -> str:
    """Six random digits that are not all alike and do not simply count."""
    while True:
        pin = f"{secrets.randbelow(10**PIN_LENGTH):0{PIN_LENGTH}d}"
        if len(set(pin)) > 2 and pin not in "01234567890" and pin not in "09876543210":
            return pin


def one_time_password() -> str:
    """Twelve characters without look-alikes, about 60 bits."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"
    return "".join(secrets.choice(alphabet) for _ in range(12))


def check_tries(now: datetime, **subjects: str) -> None:
    """Refuse a guess when one of its subjects (``account=``, ``device=``, ``network=``) has had too many wrong ones.

    :raises TooManyTries: says how many minutes to wait.
    """
    for kind, subject in subjects.items():
        allowed, window = LIMITS[kind]
        statement = select(func.count(), func.min(FailedTry.at)).where(
            FailedTry.subject == f"{kind}:{subject}", _counts_still(now, window)
        )
        count, first = db.session.execute(statement).one()
        if count >= allowed:
            minutes = max(1, -(-int((first + window - now).total_seconds()) // 60))
            raise TooManyTries(f"输错次数太多，为了安全先停一停。请 {minutes} 分钟后再试，或请工作人员帮忙。")


def _counts_still(now: datetime, window: timedelta) -> ColumnElement[bool]:
    """Guesses of the last minutes. What a clock that ran days ahead has noted locks nobody out for days; set back by less
    than the window, it forgets nothing."""
    return FailedTry.at.between(now - window + timedelta(seconds=1), now + window)


def settle(now: datetime, *, fits: bool, account: str, **subjects: str) -> None:
    """Count a guess that was looked at, or forget the wrong ones before it. Belongs into the write transaction.

    Guesses about one subject are settled one after the other (SQLite has one writer, PostgreSQL takes locks that end
    with the transaction), so that a hundred at once get no further than five in a row.

    :raises TooManyTries: if others came first; the caller must not say whether this one was right.
    """
    _queue({"account": account, **subjects})
    check_tries(now, account=account, **subjects)
    if fits:
        forget_tries(now, account=account)
    else:
        count_wrong(now, account=account, **subjects)


def _queue(subjects: dict[str, str]) -> None:
    if db.engine.dialect.name == "postgresql":
        for name in sorted(f"{kind}:{subject}" for kind, subject in subjects.items()):
            db.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def tries_left(now: datetime, *, account: str) -> int:
    """How many wrong guesses about an account are still allowed."""
    allowed, window = LIMITS["account"]
    statement = select(func.count()).where(FailedTry.subject == f"account:{account}", _counts_still(now, window))
    return max(0, allowed - int(db.session.scalar(statement) or 0))


def count_wrong(now: datetime, **subjects: str) -> None:
    """Remember a wrong guess. The caller's refusal must keep it (``keeps_changes``)."""
    db.session.add_all(FailedTry(subject=f"{kind}:{subject}", at=now) for kind, subject in subjects.items())
    db.session.flush()


def forget_tries(now: datetime, **subjects: str) -> None:
    """A right guess clears the account's own count, and everything too old to matter."""
    names = [f"{kind}:{subject}" for kind, subject in subjects.items() if kind == "account"]
    db.session.execute(delete(FailedTry).where(FailedTry.subject.in_(names)))
    db.session.execute(delete(FailedTry).where(FailedTry.at < now - timedelta(days=1)))
