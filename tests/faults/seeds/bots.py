"""Faults by which bots could move a shop's stars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from webapp.core import signing
from webapp.ratings import queries, service
from webapp.ratings.models import Rating

_keep = service._keep


def _with_another(column: str) -> object:
    def keep(rating: Rating) -> None:
        setattr(rating, column, signing.fingerprint(signing.random_token()))
        _keep(rating)

    return keep


@contextmanager
def phones_unknown() -> Iterator[None]:
    """A phone may rate a shop as often as it likes."""
    with patch.object(service, "_keep", _with_another("device_print")):
        yield


@contextmanager
def tickets_reusable() -> Iterator[None]:
    """A form that was used once can be sent again."""
    with patch.object(service, "_keep", _with_another("ticket_print")):
        yield


@contextmanager
def networks_unlimited() -> Iterator[None]:
    """Any number from one address counts."""
    with patch.object(service, "COUNTED_PER_NETWORK", 10**6):
        yield


@contextmanager
def floods_unflagged() -> Iterator[None]:
    """A flood is set aside, but nobody is told."""
    with patch.object(service, "_flag", lambda *_: None):
        yield


@contextmanager
def days_unlimited() -> Iterator[None]:
    """A day with ten times the usual shows like any other."""
    with patch.object(queries, "USUAL_OF_A_DAY", 10**6):
        yield


SEEDS = {
    "phones-unknown": phones_unknown,
    "tickets-reusable": tickets_reusable,
    "networks-unlimited": networks_unlimited,
    "floods-unflagged": floods_unflagged,
    "days-unlimited": days_unlimited,
}
