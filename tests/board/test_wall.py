"""The wall screen and its page at the desk, through the client."""

from __future__ import annotations

import re

import pytest

from tests import personas
from tests.board.conftest import Hall, publish
from tests.conftest import NOON, both_databases
from tests.factories import make_area, make_household, make_station, make_user
from webapp.board import queries
from webapp.board.models import Board
from webapp.board.service import add_board, change_board
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Invalid, NotAllowed
from webapp.extensions import db
from webapp.reviews import sealing


@pytest.fixture(autouse=True)
def noon(at_noon):
    return at_noon


def fill(hall: Hall, count: int) -> None:
    """So many good deeds, a deduction and a veto of households, and a deduction of a shop."""
    street = hall.street
    for _ in range(count):
        street.make(make_household(courtyard=street.courtyard), "household", "1.1", 50, now=NOON)
    street.make(street.household, "household", "1.1", 30, now=NOON)
    street.make(street.household, "household", "1.6", now=NOON)
    street.make(street.shop, "shop", "3.5", now=NOON)


def turned(client, hall: Hall) -> list[str]:
    """All pages, each by the address that the one before names."""
    pages, address = [], hall.address
    while not pages or not address.endswith("/1"):
        pages.append(client.get(address).text)
        address = re.search(r'data-next="([^"]+)"', pages[-1])[1]
        assert len(pages) < 60
    return pages


@both_databases
def test_the_wall_shows_title_ranking_days_and_every_line_then_begins_again(hall, client):
    fill(hall, 30)
    row = publish(hall.street)
    pages = turned(client, hall)
    assert row.lines == 33
    assert [re.search(r'<main id="main" class="(\w+)"', page)[1] for page in pages] == [
        "title",
        "ranking",
        "days",
        "lines",
        "lines",
        "lines",
    ]
    assert sum(page.count('class="what"') for page in pages) == row.lines
    assert "11 月积分公示" in pages[0]
    assert sealing.code_of(row.signature).split()[0] in pages[0]
    assert hall.street.courtyard.name in pages[1]
    assert "党群服务中心" in pages[2]
    assert "12月2日" in pages[2]
    assert all("到自助终端或找网格员" in page for page in pages)


def test_a_deduction_or_a_veto_of_a_household_stands_on_the_wall_without_a_name(hall, client):
    fill(hall, 0)
    publish(hall.street)
    text = "".join(turned(client, hall))
    assert text.count("欧阳*娜家") == 1
    assert "娜娜" not in text
    assert "堆放杂物" in text
    assert "惠民超市" in text


def test_without_scripts_a_page_leads_to_the_next_by_itself(hall, client):
    fill(hall, 1)
    publish(hall.street)
    page = client.get(hall.address).text
    refresh = re.search(r'<noscript><meta http-equiv="refresh" content="15; url=([^"]+)"></noscript>', page)
    assert refresh[1] == f"{hall.address}/2"


def test_a_piece_is_what_stands_on_the_page(hall, client):
    publish(hall.street)
    piece = client.get(f"{hall.address}/2", headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    assert piece.strip() in client.get(f"{hall.address}/2").text


def test_the_first_pages_come_again_among_many_lines(hall, client, monkeypatch):
    monkeypatch.setattr(queries, "RUN", 2)
    fill(hall, 60)
    publish(hall.street)
    kinds = [re.search(r'class="(title|ranking|days|lines)"', page)[1] for page in turned(client, hall)]
    assert kinds == ["title", "ranking", "days", "lines", "lines"] * 2 + ["title", "ranking", "days", "lines", "lines"]


def test_before_the_first_publication_the_wall_says_so_and_turns_all_the_same(hall, client):
    pages = turned(client, hall)
    assert "还没有公示" in pages[0]
    assert "申报 11 月的积分" in "".join(pages)


def test_an_empty_month_is_a_publication_too(hall, client):
    publish(hall.street)
    assert len(turned(client, hall)) == 3


def test_a_number_that_is_no_page_is_the_first(hall, client):
    for number in ("0", "999"):
        assert 'data-here="' + hall.address + '/1"' in client.get(f"{hall.address}/{number}").text


def test_the_code_is_folded_as_everywhere(hall, client):
    code = hall.board.code
    assert client.get(f"/board/{code.lower()}").status_code == 200
    assert client.get(f"/board/{code[:5]}-{code[5:]}").status_code == 200


def test_a_revoked_or_unknown_wall_says_so_in_large_type_and_asks_again(hall, client):
    unknown = client.get("/board/0000000000")
    assert unknown.status_code == 404
    assert 'content="60; url=/board/0000000000"' in unknown.text
    secretary = personas.sign_in(client, make_user(post="secretary", area=hall.street.tree.community))
    said = secretary.post(f"/desk/boards/{hall.board.id}/revoke", follow_redirects=True)
    assert "已停用" in said.text
    gone = client.get(hall.address)
    assert gone.status_code == 410
    assert "这块公示屏已停用" in gone.text
    assert 'class="screen"' in gone.text


def test_a_new_address_closes_the_old_one_and_opens_a_revoked_wall(hall, client):
    secretary = personas.sign_in(client, make_user(post="secretary", area=hall.street.tree.community))
    old = hall.address
    secretary.post(f"/desk/boards/{hall.board.id}/revoke")
    secretary.post(f"/desk/boards/{hall.board.id}/address")
    assert client.get(old).status_code == 404
    assert client.get(hall.address).status_code == 200


def test_a_wall_above_communities_says_that_it_has_no_publication(hall, client):
    station = make_station(area=make_area(kind="street", name="城关街道"))
    board = add_board(actor=SYSTEM, station=station, name="电视", seconds=15, now=clock.now())
    answer = client.get(f"/board/{board.code}")
    assert answer.status_code == 404
    assert "不在哪一个社区里" in answer.text


@both_databases
def test_the_desk_adds_and_changes_walls(hall, client):
    secretary = personas.sign_in(client, make_user(post="secretary", area=hall.street.tree.community))
    form = {"station_id": hall.board.station_id, "name": "二楼电视", "seconds": 30}
    assert "已新增" in secretary.post("/desk/boards/new", data=form, follow_redirects=True).text
    made = db.session.scalars(db.select(Board).where(Board.name == "二楼电视")).one()
    assert made.code in secretary.get("/desk/boards").text
    wrong = secretary.post(f"/desk/boards/{made.id}/edit", data={"name": "", "seconds": 30})
    assert wrong.status_code == 422
    assert secretary.post(f"/desk/boards/{made.id}/edit", data={"name": "三楼", "seconds": 60}).status_code == 303
    assert 'data-seconds="60"' in client.get(f"/board/{made.code}").text


def test_the_desk_without_walls_says_what_to_do(app, client):
    boss = personas.sign_in(client, make_user(post="administrator"))
    assert "还没有公示屏" in boss.get("/desk/boards").text


def test_another_communitys_walls_are_not_found(hall, client):
    other = personas.sign_in(client, make_user(post="secretary"))
    assert other.get(f"/desk/boards/{hall.board.id}/edit").status_code == 404
    assert other.post(f"/desk/boards/{hall.board.id}/revoke").status_code == 404
    assert hall.board.code not in other.get("/desk/boards").text


def test_the_verbs_hold_their_rules(hall):
    station = hall.board.station
    given = {"actor": SYSTEM, "now": NOON}
    with pytest.raises(Invalid, match="名称"):
        add_board(station=station, name=" ", seconds=15, **given)
    with pytest.raises(Invalid, match="停留"):
        change_board(board=hall.board, name="电视", seconds=7, **given)
    with pytest.raises(NotAllowed):
        add_board(station=station, name="电视", seconds=15, actor=hall.street.inspector, now=NOON)


def test_calls_of_one_network_are_limited(hall, client):
    answers = {client.get("/board/1111111111").status_code for _ in range(600)}
    assert answers == {404}
    assert client.get(hall.address).status_code == 429
