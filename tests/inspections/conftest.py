"""A community with a sheet and some courtyards, and an open round over them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import (
    make_courtyard,
    make_household,
    make_user,
)
from tests.inspections.tools import all_records, fields
from tests.personas import sign_in
from tests.records.conftest import PHOTO, Street, actor_of, make_street
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.inspections import service
from webapp.inspections.models import Round, RoundPlace
from webapp.inspections.queries import rounds as queries
from webapp.places.models import Courtyard
from webapp.records.models import Record
from webapp.users.models import User


@dataclass
class Yards:
    """``courtyards`` in route order; the first seven live in the same league."""

    street: Street
    courtyards: list[Courtyard]
    secretary: Actor
    secretary_user: User
    round: Round

    @property
    def items(self) -> int:
        return len(self.round.sheet.text.items)

    def marks(self, lost: int = 0) -> list[Points]:
        """Full marks, less ``lost`` steps at the first items, one a step."""
        left, given = lost, []
        for item in self.round.sheet.text.items:
            taken = min(left, len(item.steps) - 1)
            left -= taken
            given.append(Points(item.full - taken * item.step))
        return given

    def score(self, courtyard: Courtyard, lost: int = 0, **more: Any) -> RoundPlace:
        given: dict[str, Any] = {
            "actor": self.street.inspector,
            "round_id": self.round.id,
            "courtyard_id": courtyard.id,
            "marks": self.marks(lost),
            "note": "",
            "photos": [PHOTO] if lost else [],
            "seen": 0,
            "now": clock.now(),
        }
        return service.score(**{**given, **more})

    def place(self, courtyard: Courtyard) -> RoundPlace:
        return queries.stand(self.round.id, courtyard.id, ("/",)).place

    def close(self, actor: Actor | None = None) -> None:
        service.close(actor=actor or self.secretary, round_id=self.round.id, now=clock.now())
        while not service.go_on(round_id=self.round.id, now=clock.now()).done:
            pass


def make_yards(count: int = 5) -> Yards:
    street = make_street()
    yards = [street.courtyard]
    for number in range(count - 1):
        yards.append(make_courtyard(area=street.tree.micro_grids[0], lane="文林路", position=number + 1))
        make_household(courtyard=yards[-1])
    service.load_sheet(actor=SYSTEM, scheme=street.schemes["courtyard"], now=clock.now())
    user = make_user(post="secretary", area=street.tree.community, name="张建国")
    secretary = actor_of(user, "secretary", street.tree.community.path)
    begun = service.start(
        actor=secretary, community=street.tree.community, month=clock.month_of(clock.now()), now=clock.now()
    )
    db.session.flush()
    return Yards(street, yards, secretary, user, begun)


@pytest.fixture
def yards(app) -> Yards:
    return make_yards()


@pytest.fixture
def make(app) -> Callable[..., Yards]:
    return make_yards


@pytest.fixture
def street(app) -> Street:
    made = make_street()
    db.session.commit()
    return made


@pytest.fixture
def desk(client, yards):
    return sign_in(client, yards.secretary_user)


@pytest.fixture
def phone(client, street):
    """The grid worker's phone."""
    return sign_in(client, db.session.get(User, street.inspector.user_id))


@pytest.fixture
def recorded(phone, street) -> Record:
    phone.post(f"/phone/score/{street.shop.id}", data=fields(street))
    return all_records()[0]
