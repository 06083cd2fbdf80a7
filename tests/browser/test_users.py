"""Signing in, posts, PINs, kiosks and the audit log in a real browser, at the sizes of a phone and an office PC."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tools import DESK, PHONE, keep, serving, too_small, violations, watched_page
from tests.factories import make_appointment, make_courtyard, make_household, make_person, make_station
from tests.personas import Cast, make_cast
from webapp.extensions import db
from webapp.users.models import User
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"
NEW_PASSWORD = "槐树下的四只鸭子 88"


@pytest.fixture
def cast(app) -> Cast:
    """A community with people in all kinds of posts, a household and a station."""
    made = make_cast()
    logins = {"secretary": "zhang.jg", "clerk": "chen.lx", "grid_worker": "cao.jf", "inspector": "sun.zq"}
    for persona, login in {**logins, "administrator": "gao.my"}.items():
        user = getattr(made, persona)
        user.login, user.password_hash = login, slow_hash(PASSWORD)
    yard = make_courtyard(area=made.tree.micro_grid, number="1-07", name="1 排 7 号院")
    make_courtyard(area=made.tree.micro_grid, number="1-08", name="1 排 8 号院")
    head = make_person(household=make_household(courtyard=yard, number="01-07-01"), name="李玉梅")
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard, phone="0358-5550111")
    make_person(household=make_household(courtyard=yard, number="01-07-02"), name="欧阳秀英")
    make_station(area=made.tree.community, name="党群服务中心")
    return made


@pytest.fixture
def address(app, cast) -> Iterator[str]:
    with serving(app) as where:
        yield where


def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()


@pytest.fixture
def desk(address, chromium: Browser) -> Iterator[Page]:
    """The secretary at the desk."""
    with watched_page(chromium, address, DESK) as page:
        sign_in(page, "zhang.jg")
        page.wait_for_url("**/desk")
        yield page


def id_of(user: User) -> int:
    """Read it and let go: the test's own session must not keep the writer's turn while the server works."""
    person_id = user.person_id
    db.session.rollback()
    return person_id


def check(page: Page, name: str, least: int = 24) -> None:
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, least) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"


@pytest.mark.parametrize(("size", "least"), [(PHONE, 44), (DESK, 24)], ids=["phone", "desk"])
def test_signing_in_fits_phone_and_office(address, chromium, size, least):
    with watched_page(chromium, address, size) as page:
        page.goto("/sign-in")
        check(page, f"sign-in-{size['width']}", least)
        sign_in(page, "sun.zq", "wrong")
        assert page.get_by_role("alert").filter(has_text="登录名或密码不对").is_visible()
        assert page.get_by_label("登录名").input_value() == "sun.zq"
        check(page, f"sign-in-wrong-{size['width']}", least)
        sign_in(page, "sun.zq")
        page.wait_for_url("**/phone/")


def test_a_new_colleague_gets_a_login_and_chooses_a_password_on_the_phone(desk: Page, address, chromium):
    desk.goto("/desk/users")
    check(desk, "users")
    desk.get_by_role("link", name="新增任职").click()
    check(desk, "users-new")
    desk.get_by_label("新来的工作人员姓名").fill("王建军")
    desk.get_by_label("岗位").select_option("inspector")
    desk.get_by_label("服务电话").fill("0358-5550199")
    desk.get_by_label("登录名").fill("wang.jj")
    desk.get_by_role("button", name="保存").click()
    password = desk.locator(".one-time").inner_text()
    assert re.fullmatch(r"[a-z0-9]{12}", password)
    check(desk, "users-one-time")

    with watched_page(chromium, address, PHONE) as phone:
        sign_in(phone, "wang.jj", password)
        phone.wait_for_url("**/password")
        check(phone, "password", 44)
        phone.get_by_label("现在的密码").fill(password)
        phone.get_by_label("新密码", exact=True).fill("short")
        phone.get_by_label("再输一次新密码").fill("short")
        phone.get_by_role("button", name="保存新密码").click()
        assert phone.get_by_text("密码至少 10 位").first.is_visible()
        check(phone, "password-refused", 44)
        phone.get_by_label("现在的密码").fill(password)
        phone.get_by_label("新密码", exact=True).fill(NEW_PASSWORD)
        phone.get_by_label("再输一次新密码").fill(NEW_PASSWORD)
        phone.get_by_role("button", name="保存新密码").click()
        phone.wait_for_url("**/phone/")

        desk.reload()
        desk.get_by_role("button", name="停用账号").click()
        expect(desk.get_by_text("已停用", exact=True)).to_be_visible()
        check(desk, "users-disabled")
        phone.goto("/phone/")
        phone.wait_for_url("**/sign-in**")


def test_a_resident_becomes_head_of_a_courtyard(desk: Page):
    desk.goto("/desk/users/new")
    desk.get_by_label("在册居民").fill("欧阳秀英")
    desk.get_by_label("岗位").select_option("courtyard_head")
    desk.get_by_label("院落编号").fill("1-07")
    desk.get_by_role("button", name="保存").click()
    assert desk.get_by_text("已经有院长").first.is_visible()
    assert desk.get_by_label("在册居民").input_value() == "欧阳秀英"
    check(desk, "users-new-refused")
    desk.get_by_label("院落编号").fill("1-08")
    desk.get_by_role("button", name="保存").click()
    desk.get_by_role("heading", name="任职", exact=True).wait_for()
    assert desk.get_by_text("1 排 8 号院").is_visible()
    check(desk, "users-person")
    desk.get_by_role("link", name="结束任职").click()
    check(desk, "users-end")
    desk.get_by_role("button", name="登记结束").click()
    desk.get_by_text("已登记任职结束").wait_for()


def test_people_are_found_while_typing(desk: Page):
    desk.goto("/desk/users")
    desk.get_by_role("searchbox").fill("lym")
    expect(desk.locator("#list tbody tr")).to_have_count(1)
    assert desk.locator("#list").get_by_text("李*梅").is_visible()
    desk.get_by_role("searchbox").fill("没有这人")
    desk.get_by_text("没有找到符合条件的人").wait_for()
    check(desk, "users-empty")


def test_a_person_with_a_login_and_open_devices(desk: Page, cast: Cast):
    desk.goto(f"/desk/users/{id_of(cast.secretary)}")
    check(desk, "users-own")
    assert desk.get_by_role("button", name="停用账号").count() == 0
    desk.goto(f"/desk/users/{id_of(cast.clerk)}")
    desk.get_by_role("link", name="任命岗位").click()
    check(desk, "users-appoint")


def test_a_pin_is_printed_for_a_household(desk: Page, cast: Cast):
    desk.goto("/desk/households")
    desk.get_by_role("link", name="01-07-01").click()
    desk.get_by_role("link", name="查询密码").click()
    check(desk, "pin")
    desk.get_by_role("button", name="设新密码并打印").click()
    assert re.fullmatch(r"\d{3} \d{3}", desk.locator(".slip-big").inner_text())
    check(desk, "pin-sheet")
    desk.emulate_media(media="print")
    keep(desk, "pin-sheet-print")


def test_a_kiosk_is_added_paired_and_revoked(desk: Page, address, chromium):
    desk.goto("/desk/devices")
    check(desk, "devices-empty")
    desk.get_by_role("link", name="新增终端").first.click()
    check(desk, "devices-new")
    desk.get_by_role("button", name="保存").click()
    pairing = desk.locator(".one-time").inner_text()
    assert pairing.startswith(f"{address}/kiosk/pair/")
    check(desk, "devices-pairing")
    with watched_page(chromium, address, DESK) as kiosk:
        kiosk.goto(pairing)
        kiosk.get_by_role("button", name="配对").click()
        kiosk.wait_for_url("**/kiosk/")
        desk.goto("/desk/devices")
        assert desk.get_by_text("使用中").is_visible()
        check(desk, "devices")
        desk.get_by_role("button", name="停用").click()
        desk.get_by_text("已停用").first.wait_for()
        kiosk.goto("/kiosk/")
        assert kiosk.get_by_text("还没有配对").first.is_visible()


def test_the_audit_log_tells_what_happened(desk: Page, cast: Cast):
    desk.goto(f"/desk/users/{id_of(cast.clerk)}")
    desk.get_by_role("button", name="重设密码").click()
    desk.goto("/desk/audit")
    check(desk, "audit")
    desk.get_by_label("做了什么").select_option("user:password-reset")
    expect(desk.locator("#list tbody tr")).to_have_count(1)
    desk.locator("#list tbody a").click()
    desk.get_by_text("只看对象序号").wait_for()
    check(desk, "audit-object")
    desk.get_by_role("link", name="看全部").click()
    desk.get_by_role("link", name="导出 Excel").click()
    check(desk, "audit-export")
    desk.get_by_label("导出原因").fill("上级检查")
    with desk.expect_download() as download:
        desk.get_by_role("button", name="导出 Excel").click()
    assert download.value.suggested_filename.endswith("_审计日志.xlsx")
