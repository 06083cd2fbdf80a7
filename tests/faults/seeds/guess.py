"""Faults that a guesser would find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from werkzeug.security import check_password_hash

from webapp import config
from webapp.users import passwords


@contextmanager
def accounts_unlocked() -> Iterator[None]:
    """Guesses about one account are counted by device and network only."""
    with patch.dict(passwords.LIMITS, {"account": (10**6, timedelta(minutes=15))}):
        yield


@contextmanager
def unknown_is_quick() -> Iterator[None]:
    """For an account that does not exist nothing is worked out."""
    with patch.object(passwords, "matches", lambda kept, guess: bool(kept) and check_password_hash(kept, guess)):
        yield


@contextmanager
def proxies_believed() -> Iterator[None]:
    """X-Forwarded-For counts, whoever sends it."""
    with patch.dict(config.SETTINGS, {"TRUSTED_PROXIES": ("1", "")}):
        yield


@contextmanager
def told_apart() -> Iterator[None]:
    """A wrong PIN of a household that exists is answered in other words."""
    left = passwords.tries_left

    def more(now: object, *, account: str) -> int:
        from webapp.extensions import db
        from webapp.places.models import Household
        from webapp.places.queries import digits_of

        known = sum(digits_of(home.number) == account.rsplit(":", 1)[1] for home in db.session.query(Household))
        return left(now, account=account) + known

    with patch("webapp.users.service.pins.tries_left", more):
        yield


@contextmanager
def look_ups_unlimited() -> Iterator[None]:
    """Codes may be tried as fast as the line carries them."""
    with patch("limits.strategies.MovingWindowRateLimiter.hit", lambda *_: True):
        yield


SEEDS = {
    "accounts-unlocked": accounts_unlocked,
    "unknown-is-quick": unknown_is_quick,
    "proxies-believed": proxies_believed,
    "told-apart": told_apart,
    "look-ups-unlimited": look_ups_unlimited,
}
