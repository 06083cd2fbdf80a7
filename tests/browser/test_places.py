"""The registers in a real Chromium: the import flow from template to confirmation, and searching households by typing."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from werkzeug.serving import make_server

from tests import factories
from tests.browser.tools import patient
from tests.factories import CommunityTree
from webapp.core.sheets import write_table
from webapp.extensions import db
from webapp.places.models import Courtyard, Household, Person, Shop, Station
from webapp.places.service import imports
from webapp.users.passwords import slow_hash
from webapp.web.application import Application

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"
SIZES = [(1366, 768), (1920, 1080)]


@pytest.fixture
def tree(app: Application) -> CommunityTree:
    """A community with five grids, twelve courtyards and thirty households."""
    tree = factories.make_community(grids=5)
    surnames, given = "王李张刘陈杨黄赵吴周", "小雪建国红梅志强丽华"
    for number in range(12):
        area = tree.micro_grids[number % 10]
        courtyard = factories.make_courtyard(
            area=area, number=f"Y{number:03}", name=f"文林路{number + 1}号院", lane="文林路", position=number
        )
        for door in range(3 if number % 2 else 2):
            name = surnames[(number + door) % 10] + given[number % 5 * 2 : number % 5 * 2 + 2]
            household = factories.make_household(
                courtyard=courtyard,
                number=f"{number + 1:02}-{door + 101}",
                name=name,
                tenure="renter" if door else "owner",
            )
            factories.make_person(household=household, name=name, party_member=not number % 4)
    factories.make_shop(area=tree.grid, number="S001")
    factories.make_station(area=tree.community, name="昌宁社区服务站")
    factories.make_household(courtyard=None, area=tree.grids[1], number="90-101", name="单小雪", phone="13912344321")
    factories.make_user(post="secretary", area=tree.community, login="shuji", password_hash=slow_hash(PASSWORD))
    db.session.commit()
    return tree


@pytest.fixture
def address(app: Application, tree: CommunityTree) -> Iterator[str]:
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    """The secretary at the desk; the test fails when the browser complains."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, base_url=address)
    page, complaints = patient(context.new_page()), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/desk/households")
    page.get_by_label("登录名").fill("shuji")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/desk/households")
    yield page
    context.close()
    assert [words for words in complaints if "422" not in words] == []  # Chromium reports a refused form too


def roster(rows: list[dict[str, str]]) -> bytes:
    return write_table("住户", imports.register_of("households").columns, rows)


def choose(page: Page, data: bytes, name: str = "住户.xlsx") -> None:
    page.goto("/desk/import")
    page.get_by_label("住户和居民").check()
    page.get_by_label("导入到").select_option(label="昌宁社区")
    page.get_by_label("表格文件").set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    )
    page.get_by_role("button", name="上传并预览").click()
    page.wait_for_url("**/desk/import/households/**")


def test_a_roster_is_mended_and_imported(page: Page, record: Callable[[Page, str], None]) -> None:
    page.goto("/desk/import")
    with page.expect_download() as download:
        page.get_by_role("link", name="住户和居民模板").click()
    book = CalamineWorkbook.from_path(str(download.value.path()))
    assert "户号*" in book.get_sheet_by_index(0).to_python()[0]

    good = {
        "number": "77-101",
        "head": "欧阳娜娜",
        "courtyard": "Y003",
        "name": "欧阳娜娜",
        "relation": "户主",
        "party_member": "是",
    }
    choose(page, roster([good, {"number": "77-102", "head": "王五", "courtyard": "Y999"}]))
    expect(page.get_by_text("有 1 处要改")).to_be_visible()
    expect(page.get_by_role("cell", name="本社区没有这个院落编号")).to_be_visible()
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    record(page, "preview-errors")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载错误清单").click()
    rows = CalamineWorkbook.from_path(str(download.value.path())).get_sheet_by_index(0).to_python()
    assert rows[1][:3] == [3.0, "院落编号", "Y999"]

    choose(page, roster([good]))
    record(page, "preview-good")
    page.get_by_role("button", name="确认导入 1 行").click()
    expect(page.get_by_text("导入完成：新增 1 行")).to_be_visible()
    record(page, "imported")
    page.get_by_role("searchbox").fill("oynn")
    expect(page.get_by_role("cell", name="欧阳*娜")).to_be_visible()


def test_households_are_found_while_typing_and_opened(page: Page, record: Callable[[Page, str], None]) -> None:
    page.goto("/desk/households")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("sxx")
    rows = page.locator("#list tbody tr")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("单*雪")
    page.wait_for_url(re.compile(r"/desk/households\?q=~[^&]+"))  # what was typed stands in no address
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_role("searchbox").fill("4321")
    expect(page.locator("#list")).to_contain_text("90-101")
    page.get_by_role("searchbox").fill("没有这样的人")
    expect(page.get_by_text("没有找到符合条件的住户")).to_be_visible()
    page.get_by_role("searchbox").fill("")
    page.get_by_label("居住情况").select_option(label="租户")
    expect(page.locator("#list tbody")).not_to_contain_text("房主")

    page.goto("/desk/households?q=90-101")
    page.get_by_role("link", name="90-101").click()
    page.get_by_label("原因").fill("电话核实入住情况")
    page.get_by_role("button", name="查看完整信息").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("单小雪")
    expect(page.get_by_text("13912344321")).to_be_visible()
    record(page, "unmasked")
    page.goto(page.url.removesuffix("/full"))
    expect(page.get_by_text("单小雪")).to_have_count(0)


def every_page(tree: CommunityTree) -> dict[str, str]:
    """A name and an address of each kind of page."""
    first = {
        kind.__tablename__: db.session.scalars(select(kind.id)).first()
        for kind in (Courtyard, Household, Person, Shop, Station)
    }
    db.session.rollback()
    return {
        "courtyards": "/desk/courtyards",
        "courtyard": f"/desk/courtyards/{first['courtyard']}",
        "courtyard-new": "/desk/courtyards/new",
        "courtyard-move": f"/desk/courtyards/{first['courtyard']}/move",
        "courtyard-close": f"/desk/courtyards/{first['courtyard']}/close",
        "households": "/desk/households",
        "households-none": "/desk/households?q=zzz",
        "household": f"/desk/households/{first['household']}",
        "household-new": "/desk/households/new",
        "household-edit": f"/desk/households/{first['household']}/edit",
        "household-move": f"/desk/households/{first['household']}/move",
        "household-close": f"/desk/households/{first['household']}/close",
        "people": "/desk/people",
        "person": f"/desk/people/{first['person']}",
        "person-new": "/desk/people/new",
        "shops": "/desk/shops",
        "shop": f"/desk/shops/{first['shop']}",
        "shop-edit": f"/desk/shops/{first['shop']}/edit",
        "stations": "/desk/stations",
        "station": f"/desk/stations/{first['station']}",
        "areas": "/desk/areas",
        "area": f"/desk/areas/{tree.grid.id}",
        "area-new": f"/desk/areas/new?area={tree.community.id}",
        "area-move": f"/desk/areas/{tree.micro_grid.id}/move",
        "export": "/desk/exports/households?tenure=renter",
        "import": "/desk/import",
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_page_is_accessible_and_fits_the_screen(
    page: Page, tree: CommunityTree, size: tuple[int, int], record: Callable[[Page, str], None]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for name, where in every_page(tree).items():
        page.goto(where)
        record(page, f"{name}-{size[0]}")
        found = Axe().run(page)
        assert found.violations_count == 0, f"{where}: {found.generate_report()}"
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size[0], f"{where} is {wide} wide"


@pytest.fixture
def record() -> Callable[[Page, str], None]:
    """With SCREENSHOTS=<folder> in the environment, keeps a picture of each page to look at."""
    folder = os.environ.get("SCREENSHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png")

    return keep


def test_an_upload_that_is_no_roster_is_refused_in_place(page: Page) -> None:
    page.goto("/desk/import")
    page.get_by_label("表格文件").set_input_files({"name": "照片.xlsx", "mimeType": "image/png", "buffer": b"\x89PNG"})
    page.get_by_role("button", name="上传并预览").click()
    expect(page.locator("#file-error")).to_be_visible()
