"""Where an honour is shown to everybody: the kiosk and the wall, as long as it holds."""

from __future__ import annotations

import re

import pytest

from tests.factories import make_station
from tests.honours.conftest import MET
from tests.rankings.conftest import at
from webapp.board.service import add_board
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.honours import service
from webapp.users.service import devices


@pytest.fixture(autouse=True)
def november(app):
    with clock.travel(MET):
        yield


@pytest.fixture
def station(hall):
    return make_station(area=hall.town.tree.community, name="党群服务中心")


def test_the_kiosk_names_who_holds_what_and_leads_there_from_the_rankings(hall, station, client):
    _, pairing = devices.add_device(station=station, name="1 号", paper="80", printer="", actor=SYSTEM, now=MET)
    db.session.commit()
    client.post(f"/kiosk/pair/{pairing}")
    assert "现在没有荣誉" in client.get("/kiosk/honours").text
    assert "/kiosk/honours" in client.get("/kiosk/rankings").text
    hall.decide(hall.town.liu)
    db.session.commit()
    page = client.get("/kiosk/honours?title=nonsense").text
    assert "文明家庭" in page
    assert "刘*梅家" in page
    assert "刘红梅" not in page


def test_the_wall_has_a_page_of_honours_while_somebody_holds_one(hall, station, client):
    board = add_board(actor=SYSTEM, station=station, name="大厅电视", seconds=15, now=MET)
    db.session.commit()
    assert "荣誉榜" not in "".join(kinds_of(client, board).values())
    (one,) = hall.decide(hall.town.liu)
    db.session.commit()
    pages = kinds_of(client, board)
    assert list(pages) == ["title", "ranking", "honours", "days"]
    assert "刘*梅家" in pages["honours"]
    service.withdraw(actor=SYSTEM, honour=one, reason="弄虚作假", now=at(29))
    db.session.commit()
    assert "honours" not in kinds_of(client, board)


def kinds_of(client, board) -> dict[str, str]:
    """What stands on the wall's pages, in their order."""
    found, address = {}, f"/board/{board.code}"
    for _ in range(9):
        page = client.get(address).text
        found[re.search(r'<main id="main" class="(\w+)"', page)[1]] = page
        address = re.search(r'data-next="([^"]+)"', page)[1]
        if address.endswith("/1"):
            break
    return found
