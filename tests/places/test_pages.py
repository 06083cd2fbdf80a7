"""The desk's pages: who opens which, lists with masked names, nobody else's places."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from tests import factories
from tests.factories import CommunityTree
from tests.personas import sign_in
from tests.places.conftest import World, fill
from webapp.extensions import db
from webapp.web.application import Application


def object_pages(app: Application) -> list[tuple[str, str]]:
    """(method, address with the name of an id) of every page about one object."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("places.") and re.search(r"<int:(\w+)>", str(rule)) and "<sha256>" not in str(rule):
            found += [(method, str(rule)) for method in sorted(rule.methods or ()) if method in ("GET", "POST")]
    return sorted(found)


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
