"""The book in a real Chromium: find an account by typing, open why below its line, narrow to a month, take it along."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from tests import factories
from tests.browser.tools import patient
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.photo_store import PhotoStore
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account, last_entries
from webapp.records.service import make
from webapp.schemes.queries import current_rules
from webapp.users.passwords import slow_hash
from webapp.web.application import Application

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"
NAMES = ("刘红梅", "王建国", "李志强", "欧阳娜娜", "赵小雪", "陈丽华", "周国强", "吴玉兰")


@pytest.fixture
def household_id(app: Application) -> int:
    """Eight households with some months of points; the first has a photo, a reversal, a purchase and a hold."""
    tree = factories.make_community(grids=5)
    scheme = factories.make_scheme(area=tree.community)
    shops = factories.make_scheme(area=tree.community, code="shop")
    factories.make_user(post="secretary", area=tree.community, login="shuji", password_hash=slow_hash(PASSWORD))
    photo = _photo(app)
    homes = []
    for number, name in enumerate(NAMES):
        yard = factories.make_courtyard(
            area=tree.micro_grids[number], number=f"Y{number:03}", name=f"文林路{number + 1}号院"
        )
        homes.append(factories.make_household(courtyard=yard, name=name, number=f"{number + 1:02}-101"))
    shop = factories.make_shop(area=tree.grid, number="S001")
    rules = [rule for rule in current_rules(scheme.id, clock.today()) if not rule.deducts]
    for day in reversed(range(12)):
        for number, home in enumerate(homes):
            _record(home.id, rules[(day + number) % len(rules)], clock.now() - timedelta(days=5 * day), photo)
    _record(shop.id, next(rule for rule in current_rules(shops.id, clock.today()) if rule.deducts), clock.now(), photo)
    _spend(find_account(homes[0].id, scheme.id).id)
    found = homes[0].id
    db.session.commit()
    return found


def _photo(app: Application) -> str:
    picture, thumb = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (1280, 960), "#7a9a7e").save(picture, "JPEG")
    Image.new("RGB", (320, 240), "#7a9a7e").save(thumb, "JPEG")
    return PhotoStore(app.config["VAR_DIR"] / "photos").put(picture.getvalue(), thumb.getvalue())


def _record(holder_id, rule, now, photo: str) -> None:
    with clock.travel(now):
        make(
            actor=SYSTEM,
            holder_id=holder_id,
            rule_version_id=rule.version_id,
            points=rule.highest,
            source="inspection",
            note="和邻居一起",
            photos=[photo],
            client_key=f"{factories.serial():032x}",
            now=clock.now(),
        )


def _spend(account_id: int) -> None:
    now = clock.now()
    for number, amount in ((1, 80), (2, 150)):
        held = service.hold(
            account_id=account_id, amount=Points(amount), cause=Cause("voucher", number), reason="兑换 洗衣液", now=now
        )
        if number == 1:
            service.spend(
                hold_id=held.id, cause=held.cause, title="兑换 洗衣液", note="券 K7M2Q9", actor=SYSTEM, now=now
            )
    wrong = last_entries(account_id, 3)[2]
    service.reverse(entry=wrong, cause=Cause("undo", 1), reason="扫错了门牌", actor=SYSTEM, now=now)


@pytest.fixture
def page(chromium: Browser, app: Application, household_id: int) -> Iterator[Page]:
    """The secretary at the desk; the test fails when the browser complains."""
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, base_url=address)
    page, complaints = patient(context.new_page()), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto("/desk/accounts")
    page.get_by_label("登录名").fill("shuji")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url("**/desk/accounts")
    yield page
    context.close()
    server.shutdown()
    thread.join()
    assert [words for words in complaints if "422" not in words] == []


@pytest.fixture
def check() -> Callable[[Page, str], None]:
    """A page has nothing that axe complains of and does not scroll sideways; SHOTS keeps its picture."""

    def look(page: Page, name: str) -> None:
        if os.environ.get("SHOTS"):
            page.screenshot(path=Path(os.environ["SHOTS"]) / f"ledger-{name}.png", full_page=True)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    return look


def test_an_account_is_found_and_every_line_explains_itself(page: Page, check) -> None:
    check(page, "accounts")
    page.get_by_role("searchbox").fill("lhm")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).not_to_contain_text("刘红梅")
    page.get_by_role("link", name="01-101").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("刘")
    check(page, "account")

    page.locator("a[href$='/entries/13']").click()
    expect(page.locator("#why-13")).to_contain_text("K7M2Q9")
    page.locator("a[href$='/entries/12']").click()
    expect(page.locator("#why-12 img")).to_be_visible()
    expect(page.locator("#why-12")).to_contain_text("校验码")
    check(page, "why")
    assert page.url.split("?")[0].rstrip("/").split("/")[-2] == "accounts"

    page.goto(page.url + "/entries/14")
    expect(page.get_by_text("这一笔冲正")).to_be_visible()
    check(page, "entry")


def test_lines_are_narrowed_to_a_month_and_taken_along(page: Page, check) -> None:
    page.get_by_role("link", name="01-101").click()
    last_month = clock.month_of(clock.now() - timedelta(days=31))
    page.get_by_label("月份").select_option(str(last_month))
    expect(page.locator("caption")).to_contain_text("月入账")
    page.wait_for_url(f"**month={last_month}**")
    page.reload()
    expect(page.get_by_label("月份")).to_have_value(str(last_month))
    page.get_by_role("link", name="导出 Excel").click()
    expect(page.get_by_text("月入账")).to_be_visible()
    check(page, "export")
    page.get_by_label("导出原因").fill("住户申请打印上月流水")
    with page.expect_download() as download:
        page.get_by_role("button", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith("_积分台账_住户01-101.xlsx")


def test_the_months_totals_are_a_tab_away(page: Page, check) -> None:
    page.get_by_role("link", name="月度汇总").click()
    expect(page.get_by_role("cell", name="合计").first).to_be_visible()
    check(page, "months")
