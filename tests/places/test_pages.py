"""The desk's pages: lists, forms that keep what was typed, masks, looks with a reason, exports; nobody else's places."""

from __future__ import annotations

import io
import json
import re
from urllib.parse import unquote

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from tests import factories
from tests.factories import CommunityTree
from tests.personas import sign_in
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, Courtyard, Household, Person, Shop, Station
from webapp.web.application import Application


class World:
    """One of each kind in the clerk's community, and one of each next door."""

    def __init__(self, tree: CommunityTree, neighbour: CommunityTree) -> None:
        self.tree, self.neighbour = tree, neighbour
        self.ours = self._fill(tree)
        self.theirs = self._fill(neighbour)

    def _fill(self, tree: CommunityTree) -> dict[str, int]:
        courtyard = factories.make_courtyard(
            area=tree.micro_grid, number="Y12", name=f"{tree.community.name}文林路12号院"
        )
        household = factories.make_household(courtyard=courtyard, number="12-101", name="刘红梅")
        person = factories.make_person(household=household, name="王小明", phone="13900005678", party_member=True)
        shop = factories.make_shop(area=tree.grid, number="S8", keeper="王建国", owner=person)
        station = factories.make_station(area=tree.community, name="服务站")
        return {
            "courtyard_id": courtyard.id,
            "household_id": household.id,
            "person_id": person.id,
            "shop_id": shop.id,
            "station_id": station.id,
            "area_id": tree.grid.id,
        }


@pytest.fixture
def world(tree: CommunityTree, neighbour: CommunityTree) -> World:
    return World(tree, neighbour)


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    """The clerk of the community at the desk."""
    return sign_in(client, factories.make_user(post="clerk", area=world.tree.community))


def actions() -> list[tuple[str, dict[str, object]]]:
    db.session.rollback()
    lines = db.session.execute(select(AuditLine.action, AuditLine.detail).order_by(AuditLine.id))
    return [(action, json.loads(detail)) for action, detail in lines if not action.startswith("user:")]


def object_pages(app: Application) -> list[tuple[str, str]]:
    """(method, address with the name of an id) of every page about one object."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("places.") and re.search(r"<int:(\w+)>", str(rule)) and "<sha256>" not in str(rule):
            found += [(method, str(rule)) for method in sorted(rule.methods or ()) if method in ("GET", "POST")]
    return sorted(found)


def fill(address: str, ids: dict[str, int]) -> str:
    return re.sub(r"<int:(\w+)>", lambda name: str(ids[name[1]]), address)


# Access ---------------------------------------------------------------------------------------------------------------


def test_every_page_about_something_next_door_says_that_there_is_none(
    app: Application, desk: FlaskClient, world: World
) -> None:
    pages = object_pages(app)
    assert len(pages) > 35
    for method, address in pages:
        answer = desk.open(fill(address, world.theirs), method=method)
        assert answer.status_code == 404, (method, address)
        if method == "GET":
            assert desk.get(fill(address, world.ours)).status_code == 200, address


def test_lists_and_forms_open_for_the_clerk(desk: FlaskClient) -> None:
    for address in (
        "/desk/courtyards",
        "/desk/households",
        "/desk/people",
        "/desk/shops",
        "/desk/stations",
        "/desk/areas",
        "/desk/courtyards/new",
        "/desk/households/new",
        "/desk/people/new",
        "/desk/shops/new",
        "/desk/stations/new",
        "/desk/areas/new",
        "/desk/import",
        *(
            f"/desk/exports/{register}"
            for register in ("areas", "courtyards", "households", "people", "shops", "stations")
        ),
        *(f"/desk/import/{register}/template" for register in ("areas", "courtyards", "households", "shops")),
    ):
        assert desk.get(address).status_code == 200, address


def test_who_may_only_look_sees_no_button_and_opens_no_form(client: FlaskClient, world: World) -> None:
    sign_in(client, factories.make_user(post="group_head", area=world.tree.community))
    page = client.get(f"/desk/households/{world.ours['household_id']}").text

    for hidden in ("搬家", "注销", "登记居民", "查看完整信息", "导出 Excel", "Excel 导入"):
        assert hidden not in page
    assert client.get("/desk/courtyards/new").status_code == 403
    assert (
        client.post(f"/desk/households/{world.ours['household_id']}/full", data={"reason": "电话核实情况"}).status_code
        == 403
    )
    assert client.post("/desk/exports/people", data={"reason": "月底核对名册"}).status_code == 403
    assert client.get("/desk/import").status_code == 403


def test_nobody_looks_without_signing_in(client: FlaskClient, world: World) -> None:
    db.session.commit()
    answer = client.get("/desk/households")
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]


# Lists ----------------------------------------------------------------------------------------------------------------


def test_names_and_phones_are_masked_in_every_list_and_on_every_page(desk: FlaskClient, world: World) -> None:
    addresses = ["/desk/households", "/desk/people", "/desk/shops", "/desk/courtyards"]
    addresses += [
        fill(address, world.ours) for address in ("/desk/households/<int:household_id>", "/desk/people/<int:person_id>")
    ]
    addresses += [
        fill(address, world.ours) for address in ("/desk/courtyards/<int:courtyard_id>", "/desk/shops/<int:shop_id>")
    ]
    addresses += [f"{address}/edit" for address in addresses[4:]]
    for address in addresses:
        page = desk.get(address).text
        for secret in ("刘红梅", "王小明", "王建国", "13800001234", "13900005678", "13700004321"):
            assert secret not in page, (address, secret)
    assert "刘*梅" in desk.get("/desk/households").text
    assert "138****1234" in desk.get("/desk/households").text


def test_a_list_shows_only_the_own_community(desk: FlaskClient) -> None:
    page = desk.get("/desk/courtyards?state=all").text
    assert "昌宁社区文林路12号院" in page
    assert "安和社区" not in page


def test_typing_swaps_only_the_list(desk: FlaskClient) -> None:
    page = desk.get("/desk/households?q=lhm", headers={"HX-Request": "true"})

    assert "刘*梅" in page.text
    assert "<html" not in page.text
    assert "HX-Request" in page.headers["Vary"]
    assert "没有找到符合条件的住户" in desk.get("/desk/households?q=没有这人").text


def test_an_empty_register_says_what_to_do(client: FlaskClient, tree: CommunityTree) -> None:
    sign_in(client, factories.make_user(post="clerk", area=tree.community))
    for address, words in (("courtyards", "还没有院落"), ("households", "还没有住户"), ("shops", "还没有商铺")):
        assert words in client.get(f"/desk/{address}").text


def test_a_long_list_comes_in_pages_with_the_same_filter(desk: FlaskClient, world: World) -> None:
    for number in range(60):
        factories.make_shop(area=world.tree.grid, name=f"长街{number}号店")
    db.session.commit()

    page = desk.get("/desk/shops?q=长街&page=2").text
    assert "第 2 / 2 页" in page
    assert page.count("长街") >= 10
    first = re.search(r'href="([^"]*page=1)"', page)
    assert first is not None
    assert "第 1 / 2 页" in desk.get(first[1].replace("&amp;", "&")).text
    assert desk.get("/desk/shops?page=99999999999999999999&area=&state=zzz&tenure=%00").status_code == 200


def test_an_area_of_others_in_the_filter_is_not_found(desk: FlaskClient, world: World) -> None:
    assert desk.get(f"/desk/households?area={world.tree.micro_grid.id}").status_code == 200
    assert desk.get(f"/desk/households?area={world.neighbour.grid.id}").status_code == 404


# Forms ----------------------------------------------------------------------------------------------------------------


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


# Looks at personal data -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("/desk/households/<int:household_id>/full", ("刘红梅", "13800001234", "王小明")),
        ("/desk/people/<int:person_id>/full", ("王小明", "13900005678")),
        ("/desk/shops/<int:shop_id>/full", ("王建国", "13700004321")),
    ],
)
def test_full_names_and_phones_are_shown_for_a_reason_that_is_kept(
    desk: FlaskClient, world: World, address: str, seen: tuple[str, ...]
) -> None:
    refused = desk.post(fill(address, world.ours), data={"reason": "看"})
    assert refused.status_code == 422
    assert not any(secret in refused.text for secret in seen)
    assert actions() == []

    page = desk.post(fill(address, world.ours), data={"reason": "电话核实入住情况"})
    assert all(secret in page.text for secret in seen)
    ((action, detail),) = actions()
    assert action.endswith(":unmasked")
    assert detail["reason"] == "电话核实入住情况"
    assert "no-store" in page.headers["Cache-Control"]


# Exports --------------------------------------------------------------------------------------------------------------


def sheet(data: bytes) -> list[list[object]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def test_an_export_is_exactly_the_filtered_list_masked_and_logged(desk: FlaskClient, world: World) -> None:
    factories.make_household(area=world.tree.grid, number="30-1", name="=1+1", tenure="renter")
    factories.make_household(area=world.tree.grid, number="31-1", name="钱多", active=False)
    db.session.commit()
    assert desk.post("/desk/exports/households", data={"reason": ""}).status_code == 422

    answer = desk.post(
        "/desk/exports/households", data={"reason": "月底核对名册", "q": "", "state": "active", "tenure": ""}
    )
    month = clock.local(clock.now()).strftime("%Y-%m")
    assert unquote(answer.headers["Content-Disposition"].split("UTF-8''")[1]) == f"{month}_住户_昌宁社区.xlsx"
    assert "no-store" in answer.headers["Cache-Control"]
    head, *rows = sheet(answer.data)
    assert head[:3] == ["户号", "户主", "院落编号"]
    assert [row[0] for row in rows] == ["12-101", "30-1"]
    assert [row[1] for row in rows] == ["刘*梅", "=***"]
    assert "刘红梅" not in str(rows)
    ((action, detail),) = actions()
    assert (action, detail["register"], detail["rows"], detail["full"]) == ("register:exported", "households", 2, False)
    assert detail["reason"] == "月底核对名册"

    renters = desk.post("/desk/exports/households", data={"reason": "月底核对名册", "tenure": "renter"})
    assert [row[0] for row in sheet(renters.data)[1:]] == ["30-1"]


def test_a_full_export_can_be_imported_again_and_changes_nothing(desk: FlaskClient, world: World) -> None:
    answer = desk.post("/desk/exports/households", data={"reason": "月底核对名册", "full": "y"})
    assert sheet(answer.data)[1][1] == "刘红梅"

    upload = {
        "register": "households",
        "area_id": world.tree.community.id,
        "file": (io.BytesIO(answer.data), "住户.xlsx"),
    }
    preview = desk.get(desk.post("/desk/import", data=upload).headers["Location"]).text
    assert "文件里的内容和系统里的一样" in preview


@pytest.mark.parametrize("register", ["areas", "courtyards", "people", "shops", "stations"])
def test_every_register_is_exported(desk: FlaskClient, world: World, register: str) -> None:
    answer = desk.post(f"/desk/exports/{register}", data={"reason": "月底核对名册"})
    assert answer.status_code == 200
    rows = sheet(answer.data)
    assert len(rows) > 1
    assert "安和社区" not in str(rows)


def test_an_export_of_others_areas_is_not_found(desk: FlaskClient, world: World) -> None:
    assert (
        desk.post("/desk/exports/shops", data={"reason": "月底核对名册", "area": world.neighbour.grid.id}).status_code
        == 404
    )
    assert desk.post("/desk/exports/passwords", data={"reason": "月底核对名册"}).status_code == 404
