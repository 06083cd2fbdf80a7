"""A community with a published month, and a wall screen in its station."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.conftest import KEY, NOON
from tests.factories import make_station
from tests.records.conftest import Street, make_street
from webapp.board.models import Board
from webapp.board.service import add_board
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.reviews import service as reviews
from webapp.reviews.models import CommunityMonth

MONTH = 202611


@dataclass
class Hall:
    """The hall of a station: its street, its wall screen."""

    street: Street
    board: Board

    @property
    def address(self) -> str:
        return f"/board/{self.board.code}"


def make_hall(*, seconds: int = 15) -> Hall:
    street = make_street(name="欧阳娜娜")
    station = make_station(area=street.tree.community, name="党群服务中心", phone="0358-2001234")
    board = add_board(actor=SYSTEM, station=station, name="大厅电视", seconds=seconds, now=clock.now())
    db.session.commit()
    return Hall(street, board)


def publish(street: Street, month: int = MONTH, now: datetime = NOON) -> CommunityMonth:
    given: dict[str, Any] = {"actor": SYSTEM, "community": street.tree.community, "month": month, "now": now}
    reviews.note_meeting(**given, attendees="书记", minutes="")
    row = reviews.publish(**given)
    while not reviews.go_on(month_id=row.id, key=KEY, now=now).done:
        pass
    db.session.commit()
    return row


@pytest.fixture
def hall(app) -> Hall:
    with clock.travel(NOON):
        return make_hall()
