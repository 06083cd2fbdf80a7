"""A household with a PIN, and its phone at the door."""

from __future__ import annotations

import pytest

from tests.factories import make_community, make_courtyard, make_household
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.users.service import pins

DOOR = "/home/sign-in"


@pytest.fixture
def tree(app):
    return make_community()


@pytest.fixture
def household(tree):
    yard = make_courtyard(area=tree.micro_grid, name="3 排 12 号院")
    return make_household(courtyard=yard, number="03-12-02", name="李玉梅")


@pytest.fixture
def pin(household):
    made = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    return made


def give(client, number, pin, **more):
    return client.post(DOOR, data={"number": number, "pin": pin, **more.pop("data", {})}, **more)


def another(pin):
    """A PIN that is not this one."""
    return f"{(int(pin) + 1) % 10**6:06}"


def phone_cookie(answer):
    return next(value for value in answer.headers.getlist("Set-Cookie") if "resident=" in value)
