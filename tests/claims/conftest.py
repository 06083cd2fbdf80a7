"""A courtyard with its head and neighbours, each on a phone of their own, and the grid worker."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image

from tests.conftest import Browser
from tests.factories import make_appointment, make_household, make_person
from tests.personas import sign_in, sign_in_resident
from tests.records.conftest import Street, make_street, version_of
from webapp.core import clock
from webapp.extensions import db
from webapp.places.models import Household
from webapp.records.models import Record
from webapp.users.models import User


def picture(colour: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    return out.getvalue()


def proof(colour: str = "green") -> tuple[io.BytesIO, str]:
    """A photo as a form sends it."""
    return (io.BytesIO(picture(colour)), "photo.jpg")


@dataclass
class Yard:
    """``resident`` 刘红梅 lives in the courtyard that ``head`` 曹大锋 heads; ``neighbour`` 李强 too."""

    street: Street
    resident: Household
    neighbour: Household
    head: Household
    worker: User

    def rule(self, code: str) -> int:
        return version_of(self.street.schemes["household"], code).id

    def fields(self, code: str = "2.1", **more: Any) -> dict[str, Any]:
        """A filled-in form: 参加居民会议, today."""
        today = clock.today().isoformat()
        return {"rule": self.rule(code), "happened_on": today, "note": "", "_once": clock.now().isoformat(), **more}


def make_yard() -> Yard:
    street = make_street()
    street.courtyard.name = "文林路 3 号院"
    head = make_household(courtyard=street.courtyard, name="曹大锋", number="A-01")
    person = make_person(household=head, name="曹大锋")
    make_appointment(person=person, post="courtyard_head", area=street.tree.micro_grid, courtyard=street.courtyard)
    neighbour = make_household(courtyard=street.courtyard, name="李强", number="A-02")
    worker = db.session.get_one(User, street.inspector.user_id)
    return Yard(street, street.household, neighbour, head, worker)


@pytest.fixture
def yard(app) -> Yard:
    made = make_yard()
    db.session.commit()
    return made


def phone_of(app, household: Household) -> FlaskClient:
    app.test_client_class = Browser
    return sign_in_resident(app.test_client(), household)


@pytest.fixture
def at_home(app, yard) -> FlaskClient:
    """The phone of 刘红梅's household."""
    return phone_of(app, yard.resident)


@pytest.fixture
def head(app, yard) -> FlaskClient:
    """The head's phone."""
    return phone_of(app, yard.head)


@pytest.fixture
def staff(app, yard) -> FlaskClient:
    """The grid worker's phone."""
    app.test_client_class = Browser
    return sign_in(app.test_client(), yard.worker)


def claims() -> list[Record]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Record).order_by(Record.id)))


def words(answer: Any) -> str:
    return str(answer.get_data(as_text=True))
