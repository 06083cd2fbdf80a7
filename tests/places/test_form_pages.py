"""Forms of the registers: what was typed is kept, what is wrong is said in words."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.places.conftest import World, fill
from tests.places.test_pages import object_pages
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, Courtyard, Household, Person, Shop, Station
from webapp.web.application import Application


def test_a_courtyard_is_added_changed_moved_closed_and_reopened(desk: FlaskClient, world: World) -> None:
    tree = world.tree
    answer = desk.post(
        "/desk/courtyards/new", data={"area_id": tree.micro_grid.id, "number": "ｙ９", "name": "九号院", "position": ""}
    )
    assert answer.status_code == 303
    address = answer.headers["Location"]
    assert "九号院" in desk.get(address).text

    assert (
        desk.post(
            f"{address}/edit", data={"number": "Y9", "name": "新九号院", "lane": "东街", "position": "4"}
        ).status_code
        == 303
    )
    assert desk.post(f"{address}/move", data={"area_id": tree.grids[1].id}).status_code == 303
    assert "黄色网格" in desk.get(address).text
    assert desk.post(f"{address}/close").status_code == 303
    assert "已停用" in desk.get(address).text
    assert desk.post(f"{address}/reopen").status_code == 303
    found = db.session.scalars(select(Courtyard).where(Courtyard.number == "Y9")).one()
    assert (found.name, found.lane, found.position, found.active) == ("新九号院", "东街", 4, True)


def test_a_form_that_is_refused_keeps_what_was_typed(desk: FlaskClient, world: World) -> None:
    typed = {
        "area_id": world.tree.grid.id,
        "number": "y12",
        "name": "另一个院",
        "address": "东街 1 号",
        "position": "3",
    }
    answer = desk.post("/desk/courtyards/new", data=typed)

    assert answer.status_code == 422
    assert "编号 Y12 在昌宁社区已经有了" in answer.text
    assert 'value="另一个院"' in answer.text
    assert 'value="东街 1 号"' in answer.text
    assert f'<option selected value="{world.tree.grid.id}">' in answer.text


@pytest.mark.parametrize("number", ["", "\0", "９" * 31, "一" * 500])
def test_odd_numbers_are_refused_in_words(desk: FlaskClient, world: World, number: str) -> None:
    answer = desk.post("/desk/courtyards/new", data={"area_id": world.tree.grid.id, "number": number, "name": "院"})
    assert answer.status_code == 422
    assert "院落编号" in answer.text


def test_an_area_of_others_cannot_be_chosen_by_hand(desk: FlaskClient, world: World) -> None:
    for address in ("courtyards", "shops", "stations", "households"):
        data = {"area_id": world.neighbour.grid.id, "number": "N1", "name": "院", "tenure": "owner", "on": "2026-01-01"}
        assert desk.post(f"/desk/{address}/new", data=data).status_code == 404, address


def test_a_household_is_registered_moved_closed_and_restored(desk: FlaskClient, world: World) -> None:
    data = {"area_id": world.tree.micro_grid.id, "courtyard_number": "y12", "number": "12-102", "name": "单小雪", "tenure": "renter", "phone": "0571 88001234", "on": "2026-03-01"}  # fmt: skip
    answer = desk.post("/desk/households/new", data=data)
    address = answer.headers["Location"]
    assert "单*雪" in desk.get(address).text

    other = factories.make_courtyard(area=world.tree.micro_grids[2], number="Y13", name="十三号院")
    db.session.commit()
    moved = desk.post(
        f"{address}/move",
        data={"courtyard_number": "Y13", "area_id": world.tree.grid.id, "tenure": "owner", "on": "2026-10-01"},
    )
    assert moved.status_code == 303
    page = desk.get(address).text
    assert "十三号院" in page
    assert "2026-10-01" in page
    assert desk.post(f"{address}/close", data={"on": "2026-09-01"}).status_code == 422
    assert desk.post(f"{address}/close", data={"on": "2026-11-01"}).status_code == 303
    assert "已注销" in desk.get(address).text
    assert (
        desk.post(
            f"{address}/move",
            data={"courtyard_number": "Y13", "area_id": world.tree.grid.id, "tenure": "owner", "on": "2026-11-02"},
        ).status_code
        == 303
    )
    db.session.rollback()
    household = queries.household_by_number(world.tree.community.id, "12-102")
    assert household is not None
    assert household.courtyard_id == other.id


def test_an_unknown_courtyard_is_said_under_its_field(desk: FlaskClient, world: World) -> None:
    data = {
        "area_id": world.tree.grid.id,
        "courtyard_number": "Y77",
        "number": "7",
        "name": "甲",
        "tenure": "owner",
        "on": "2026-01-01",
    }
    answer = desk.post("/desk/households/new", data=data)
    assert answer.status_code == 422
    assert 'id="courtyard_number-error"' in answer.text
    assert "没有编号为 Y77 的院落" in answer.text


def test_an_empty_name_or_phone_leaves_what_is_kept(desk: FlaskClient, world: World) -> None:
    household = f"/desk/households/{world.ours['household_id']}/edit"
    person = f"/desk/people/{world.ours['person_id']}/edit"
    shop = f"/desk/shops/{world.ours['shop_id']}/edit"
    assert "现在是 刘*梅，不改请留空" in desk.get(household).text
    desk.post(household, data={"number": "12-101", "name": "", "phone": "", "tenure": "renter"})
    desk.post(person, data={"name": "", "phone": "", "volunteer": "y"})
    desk.post(
        shop,
        data={"number": "S8", "name": "老王五金", "keeper": "", "phone": "", "clear_phone": "y", "owner": "王小明"},
    )
    db.session.rollback()

    found = db.session.get_one(Household, world.ours["household_id"])
    assert (found.name, found.phone, found.tenure) == ("刘红梅", "13800001234", "renter")
    one = db.session.get_one(Person, world.ours["person_id"])
    assert (one.name, one.phone, one.volunteer, one.party_member) == ("王小明", "13900005678", True, False)
    store = db.session.get_one(Shop, world.ours["shop_id"])
    assert (store.name, store.keeper, store.phone, store.owner_id) == ("老王五金", "王建国", "", one.id)


def test_a_resident_is_registered_moved_and_moved_out(desk: FlaskClient, world: World) -> None:
    factories.make_household(area=world.tree.grid, number="30-1")
    db.session.commit()
    page = desk.get(f"/desk/people/new?household={world.ours['household_id']}").text
    assert 'value="12-101"' in page
    data = {"area_id": world.tree.grid.id, "household_number": "12-101", "name": "王小花", "relation": "女儿", "identity": "11010519491231002X", "on": "2026-05-01"}  # fmt: skip
    assert (
        desk.post("/desk/people/new", data=data)
        .headers["Location"]
        .endswith(f"/desk/households/{world.ours['household_id']}")
    )
    again = desk.post("/desk/people/new", data=data)
    assert again.status_code == 422
    assert "已经登记过" in again.text

    person = db.session.scalars(select(Person).where(Person.name == "王小花")).one()
    address = f"/desk/people/{person.id}"
    assert "11010519491231002X" not in desk.get(address).text
    assert desk.post(f"{address}/move-in", data={"household_number": "30-1", "on": "2026-06-01"}).status_code == 303
    assert desk.post(f"{address}/move-out", data={"on": "2026-07-01"}).status_code == 303
    page = desk.get(address).text
    assert "30-1" in page
    assert "已迁出" in page


def test_stations_and_areas_are_kept(desk: FlaskClient, world: World) -> None:
    tree = world.tree
    station = desk.post(
        "/desk/stations/new", data={"area_id": tree.community.id, "name": "东驿站", "hours": "8:30–17:30"}
    ).headers["Location"]
    assert (
        desk.post(f"{station}/edit", data={"area_id": tree.grid.id, "name": "东驿站", "phone": "0571-1"}).status_code
        == 303
    )
    assert desk.post(f"{station}/close").status_code == 303
    assert desk.post(f"{station}/reopen").status_code == 303
    area = desk.post(
        f"/desk/areas/new?area={tree.grid.id}", data={"kind": "micro_grid", "name": "五片区", "colour": ""}
    ).headers["Location"]
    assert desk.post(f"{area}/edit", data={"name": "第五片区", "number": "05", "position": "5"}).status_code == 303
    assert desk.post(f"{area}/move", data={"parent_id": tree.grids[1].id}).status_code == 303
    assert "黄色网格" in desk.get(area).text
    assert desk.post(f"{area}/close").status_code == 303
    assert desk.post(f"{area}/reopen").status_code == 303
    assert desk.post(f"/desk/areas/{tree.grid.id}/close").status_code == 409
    wrong = desk.post(f"/desk/areas/new?area={tree.micro_grid.id}", data={"kind": "community", "name": "社区"})
    assert wrong.status_code == 422
    db.session.rollback()
    assert db.session.scalars(select(Station).where(Station.name == "东驿站")).one().area_id == tree.grid.id
    assert db.session.scalars(select(Area).where(Area.number == "05")).one().parent_id == tree.grids[1].id


def test_a_form_with_nothing_in_it_is_refused_in_words(app: Application, desk: FlaskClient, world: World) -> None:
    """Browsers send every field; others may not. The addresses that act without fields come last: they close things."""
    addresses = [address for method, address in object_pages(app) if method == "POST"]
    addresses += [
        f"/desk/{register}/new" for register in ("areas", "courtyards", "households", "people", "shops", "stations")
    ]
    for address in sorted(addresses, key=lambda one: "close" in one):
        for data in ({}, {"area_id": "x", "parent_id": "", "position": "1e9", "on": "2026-13-45", "tenure": "\0"}):
            answer = desk.post(fill(address, world.ours), data=data)
            assert answer.status_code in (303, 404, 409, 422), (address, answer.status_code)


def test_a_form_sent_twice_adds_once(desk: FlaskClient, world: World) -> None:
    data = {"area_id": world.tree.grid.id, "number": "Y77", "name": "七七院", "_once": "abcdefgh12345678"}
    first = desk.post("/desk/courtyards/new", data=data)
    second = desk.post("/desk/courtyards/new", data=data)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.headers["Location"] == second.headers["Location"]
