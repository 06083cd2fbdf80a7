"""Households' PINs: six random digits, shown once on paper, checked with throttled guesses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Invalid
from webapp.extensions import db, reading
from webapp.places.models import Area, Household
from webapp.places.queries import digits_of
from webapp.users import passwords
from webapp.users.models import HouseholdPin
from webapp.users.passwords import tries_left
from webapp.users.service import phones


class WrongPin(Invalid):
    """The same words and about the same time, whether the household exists or not."""

    title = "户号或密码不对"
    keeps_changes = True


@dataclass(frozen=True, slots=True)
class Guess:
    """Where a guess comes from: the kiosk or phone (``device``) and its network address."""

    device: str
    network: str


def set_pin(*, household: Household, actor: Actor, now: datetime) -> str:
    """A new PIN for a household; the old one is worth nothing from now on, and no phone stays signed in by it. Returned
    once, kept only as a slow hash."""
    path = db.session.get_one(Area, household.area_id).path
    actor.must("pins.set", path)
    pin = passwords.random_pin()
    db.session.execute(delete(HouseholdPin).where(HouseholdPin.household_id == household.id))
    db.session.add(HouseholdPin(household_id=household.id, pin_hash=passwords.slow_hash(pin), set_at=now))
    passwords.forget_tries(now, account=_account(household.community_id, household.number))
    phones.end_all_of(household.id, now)
    db.session.flush()
    log(actor, "pin:set", now=now, object_kind="household", object_id=household.id, area_path=path)
    return pin


def check_pin(
    *, community_id: int, number: str, pin: str, guess: Guess, now: datetime, asked: str = "户号或密码"
) -> int:
    """The household with this number and PIN, by its id. ``asked``: what was typed and may be wrong.

    :raises TooManyTries: when guesses about this number, from this device or this network are throttled.
    :raises WrongPin: for anything else that does not fit; it is counted.
    """
    account = _account(community_id, number)
    subjects = {"account": account, "device": guess.device, "network": guess.network}
    with reading():
        passwords.check_tries(now, **subjects)
        row = db.session.execute(
            select(Household.id, HouseholdPin.pin_hash)
            .outerjoin(HouseholdPin, HouseholdPin.household_id == Household.id)
            .where(Household.community_id == community_id, Household.number == number, Household.active)
        ).one_or_none()
        fits = passwords.matches(row[1] if row else None, pin)
    passwords.settle(now, fits=fits, **subjects)
    if not fits or row is None:
        left = tries_left(now, account=account)
        raise WrongPin(
            f"{asked}不对，还可以再试 {left} 次。"
            if left
            else f"{asked}不对。试的次数已用完，请 15 分钟后再来，或请工作人员帮忙。",
            field="pin",
        )
    return int(row[0])


def has_pin(household_id: int) -> bool:
    return db.session.get(HouseholdPin, household_id) is not None


def _account(community_id: int, number: str) -> str:
    """What guesses are counted by. ``031202`` is read as 03-12-02 if there is such a household: were the two counted
    apart, or together only then, the tries that are left would tell which numbers exist."""
    return f"household:{community_id}:{digits_of(number) or number}"[:60]
