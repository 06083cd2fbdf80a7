"""Claims in a real browser: a head claims for three households, the grid worker passes two and returns one, the head mends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.test_inspections import photo
from tests.browser.tools import DESK, PHONE, keep, serving, too_small, violations, watched_page
from tests.claims.conftest import Yard, make_yard
from webapp.core import clock
from webapp.extensions import db
from webapp.records.models import Record
from webapp.users.passwords import slow_hash
from webapp.users.residents_gate import COOKIE
from webapp.users.service import phones

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@pytest.fixture
def yard(app) -> Yard:
    made = make_yard()
    made.worker.login, made.worker.password_hash = "worker", slow_hash(PASSWORD)
    return made


def check(page: Page, name: str, least: int = 48) -> None:
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, least) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


@contextmanager
def phone_at_home(chromium: Browser, address: str, household, **more) -> Iterator[Page]:
    token = phones.start(household_id=household.id, network="127.0.0.1", now=clock.now())
    db.session.commit()
    with watched_page(chromium, address, PHONE, has_touch=True, **more) as page:
        page.context.add_cookies([{"name": COOKIE, "value": token, "url": address}])
        yield page


@contextmanager
def at_work(chromium: Browser, address: str, first: str, viewport=PHONE) -> Iterator[Page]:
    with watched_page(chromium, address, viewport, has_touch=True) as page:
        page.goto(first)
        page.get_by_label("登录名").fill("worker")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url(f"**{first}")
        yield page


def states() -> list[str]:
    db.session.rollback()
    found = list(db.session.scalars(db.select(Record.state).order_by(Record.id)))
    db.session.rollback()
    return found


def test_a_head_claims_for_three_the_grid_worker_passes_two_and_returns_one_the_head_mends_it(
    app, yard, chromium: Browser, tmp_path
):
    with serving(app) as address, phone_at_home(chromium, address, yard.head) as head:
        head.goto("/home/")
        check(head, "claims-home")
        head.get_by_role("link", name="申报积分").tap()
        head.get_by_role("heading", name="申报积分").wait_for()
        check(head, "claims-new")
        for name in ("自己家", "刘*梅家", "李*家"):
            head.get_by_text(name).tap()
        head.locator("summary", has_text="小区建设").tap()
        head.get_by_text("参与楼院共建出工出力").tap()
        head.locator(".pick select:visible").select_option("4.5")
        assert head.locator(".actions .btn").first.inner_text() == "申报 +4.5 分"
        head.locator("#note").fill("周六一起砌花坛")
        head.locator("input[type=file]").first.set_input_files(photo(tmp_path))
        head.locator(".photo.full img").wait_for()
        head.get_by_text("草稿存于").wait_for()
        check(head, "claims-new-filled")
        head.get_by_role("button", name="申报 +4.5 分").tap()
        head.get_by_text("已给 3 户申报，等初审。").wait_for()
        check(head, "claims-mine")
        assert states() == ["waiting"] * 3
        head.goto("/home/reviews")
        check(head, "claims-head-own")

        with at_work(chromium, address, "/phone/") as worker:
            check(worker, "claims-day")
            worker.get_by_role("link", name="申报初审").tap()
            worker.get_by_role("heading", name="申报初审").wait_for()
            check(worker, "claims-inbox")
            ticks = worker.get_by_text("勾选", exact=False).locator("xpath=ancestor-or-self::label")
            ticks.nth(0).tap()
            ticks.nth(1).tap()
            worker.get_by_role("button", name="通过勾选的").tap()
            worker.get_by_text("通过 2 条").wait_for()
            worker.get_by_text("退回，写明原因").tap()
            worker.get_by_label("退回的原因").fill("请补一张完工的照片")
            check(worker, "claims-returning")
            worker.get_by_role("button", name="退回给申报人").tap()
            worker.get_by_text("都审完了").wait_for()
            check(worker, "claims-inbox-empty")
        assert sorted(states()) == ["passed", "passed", "returned"]

        head.goto("/home/claims")
        head.get_by_role("link", name="已退回").tap()
        head.get_by_text("请补一张完工的照片").first.wait_for()
        check(head, "claims-returned")
        head.get_by_role("link", name="补好再报").tap()
        head.get_by_role("heading", name="补好再报").wait_for()
        assert head.locator("#note").input_value() == "周六一起砌花坛"
        check(head, "claims-mend")
        head.get_by_role("button", name="申报 +4.5 分").tap()
        head.get_by_text("已申报，等初审。").wait_for()
        check(head, "claims-one")
    assert sorted(states()) == ["passed", "passed", "returned", "waiting"]


def test_a_head_reviews_a_neighbours_claim_and_the_desk_shows_the_same(app, yard, chromium: Browser, tmp_path):
    with serving(app) as address, phone_at_home(chromium, address, yard.resident) as resident:
        resident.goto("/home/claims")
        check(resident, "claims-mine-empty")
        resident.get_by_role("link", name="申报积分").tap()
        resident.get_by_text("种花种菜、美化院落").tap()
        resident.get_by_role("button", name="申报 +3 分").tap()
        resident.get_by_text("要附照片").first.wait_for()
        check(resident, "claims-refused")
        resident.locator("input[type=file]").first.set_input_files(photo(tmp_path))
        resident.locator(".photo.full img").wait_for()
        resident.get_by_role("button", name="申报 +3 分").tap()
        resident.get_by_text("已申报，等初审。").wait_for()
        check(resident, "claims-one-waiting")
        with phone_at_home(chromium, address, yard.head) as head:
            head.goto("/home/reviews")
            check(head, "claims-head-inbox")
        with at_work(chromium, address, "/desk/claims", DESK) as desk:
            check(desk, "claims-desk", least=24)
            desk.goto(f"/desk/claims/day?courtyard={yard.street.courtyard.id}")
            db.session.rollback()
            check(desk, "claims-day-sheet", least=24)
        with at_work(chromium, address, "/phone/claims/new") as worker:
            worker.get_by_role("searchbox").fill("liq")
            worker.get_by_role("searchbox").fill("李")
            worker.get_by_text("李*家").wait_for()
            check(worker, "claims-find")
            worker.get_by_text("李*家").tap()
            worker.get_by_label("谁送来的").fill("女儿")
            check(worker, "claims-for")


def test_a_claim_is_sent_with_scripts_off(app, yard, chromium: Browser):
    with (
        serving(app) as address,
        phone_at_home(chromium, address, yard.resident, java_script_enabled=False) as page,
    ):
        page.goto("/home/claims/new")
        page.get_by_text("垃圾分类投放").click()
        page.get_by_role("button", name="先存着").click()
        page.get_by_role("link", name="有一份没报完的草稿").click()
        page.get_by_role("button", name="申报", exact=True).click()
        assert page.get_by_text("已申报，等初审。").is_visible()
        keep(page, "claims-no-scripts")
    assert states() == ["waiting"]
