"""Residents sign in on their own phone, by household number and PIN, and out again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core.actor import PUBLIC, Actor
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.places.models import Area, Household
from webapp.users.service import phones
from webapp.users.service.pins import Guess, WrongPin, check_pin


def actor_of(household_id: int, name: str, where: str) -> Actor:
    """A household as the one who acts; ``name`` is its householder's in full."""
    return Actor(kind="resident", label=f"{mask_name(name)}家"[:80], household_id=household_id, where=where)


def sign_in(*, community_id: int, number: str, pin: str, guess: Guess, now: datetime) -> str:
    """Check number and PIN and start a sign-in. Returns its token, which only the phone keeps.

    :raises TooManyTries: when guesses about this number, from this phone or this network are throttled.
    :raises WrongPin: for anything else that does not fit; it is counted and logged.
    """
    try:
        household_id = check_pin(community_id=community_id, number=number, pin=pin, guess=guess, now=now)
    except WrongPin:
        _log(replace(PUBLIC, where=guess.network), "resident:sign-in-failed", _known(community_id, number), now)
        raise
    household = db.session.get_one(Household, household_id)
    actor = actor_of(household_id, household.name, guess.network)
    _log(actor, "resident:signed-in", _known(community_id, number), now)
    return phones.start(household_id=household_id, network=guess.network, now=now)


def sign_out(*, actor: Actor, token: str, area_path: str, now: datetime) -> None:
    phones.end(token, now)
    _log(actor, "resident:signed-out", (actor.household_id, area_path), now)


def _known(community_id: int, number: str) -> tuple[int | None, str]:
    """(id, area path) of a household in use. A number that does not exist is not written down: it may be a PIN."""
    row = db.session.execute(
        select(Household.id, Area.path)
        .join(Area, Area.id == Household.area_id)
        .where(Household.community_id == community_id, Household.number == number, Household.active)
    ).one_or_none()
    return (row[0], row[1]) if row else (None, "")


def _log(actor: Actor, action: str, household: tuple[int | None, str], now: datetime) -> None:
    log(actor, action, now=now, object_kind="household", object_id=household[0], area_path=household[1])
