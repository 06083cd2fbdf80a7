"""A household on its own phone in a real browser: from the card to the first page and out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tools import PHONE, keep, serving, too_small, violations, watched_page
from tests.factories import (
    CommunityTree,
    give_points,
    make_appointment,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_scheme,
)
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.places.models import Household
from webapp.qrcodes.queries import active_code
from webapp.qrcodes.service import make_missing
from webapp.users.service import pins
from webapp.web import home
from webapp.web.home import HomeLink

pytestmark = pytest.mark.browser
NUMBER = "03-12-02"


@dataclass(frozen=True)
class Home:
    """What the household has in its hands: the paper with the PIN, and the card."""

    tree: CommunityTree
    household: Household
    pin: str
    card: str


@pytest.fixture
def at_home(app) -> Home:
    """A household whose oldest is head of the courtyard, in a community where people serve."""
    tree = make_community()
    yard = make_courtyard(area=tree.micro_grid, number="3-12", name="3 排 12 号院")
    household = make_household(courtyard=yard, number=NUMBER, name="李玉梅")
    head = make_person(household=household, name="李玉梅")
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard, phone="0358-5550111")
    for post, name, area in (("secretary", "张建国", tree.community), ("grid_worker", "曹建锋", tree.grid)):
        serves = make_person(area=tree.community, name=name)
        make_appointment(person=serves, post=post, area=area, phone="0358-5550199")
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    make_missing(holder_ids=[household.id], actor=SYSTEM, now=clock.now())
    card = active_code(household.id)
    assert card is not None
    return Home(tree, household, pin, card.token)


@pytest.fixture
def phone(app, at_home: Home, chromium: Browser) -> Iterator[Page]:
    with serving(app) as address, watched_page(chromium, address, PHONE) as page:
        yield page


def sign_in_at_home(phone: Page, at_home: Home) -> None:
    phone.goto("/home/")
    phone.get_by_label("户号").fill(NUMBER)
    phone.get_by_label("查询密码").fill(at_home.pin)
    phone.get_by_role("button", name="登录").click()
    phone.wait_for_url("**/home/")


def check(page: Page, name: str) -> None:
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, 48) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"


def test_from_the_card_to_the_first_page_and_out_again(phone: Page, at_home: Home):
    phone.goto(f"/q/{at_home.card}")
    check(phone, "resident-card")
    phone.get_by_role("button", name="登录查看、申报").click()
    phone.wait_for_url("**/home/sign-in")
    assert phone.get_by_label("户号").input_value() == NUMBER
    expect(phone.get_by_label("查询密码")).to_be_focused()
    check(phone, "resident-sign-in-card")
    phone.get_by_label("查询密码").fill(at_home.pin)
    phone.get_by_role("button", name="登录").click()
    phone.wait_for_url("**/home/")
    expect(phone.get_by_role("heading", name="李*梅家")).to_be_visible()
    check(phone, "resident-home")
    phone.get_by_role("button", name="退出登录").click()
    phone.get_by_text("已退出登录").wait_for()
    check(phone, "resident-signed-out")
    phone.go_back()
    assert phone.get_by_text("李*梅家").count() == 0


def test_a_wrong_pin_is_said_and_the_number_stays(phone: Page, at_home: Home):
    phone.goto("/home/")
    phone.wait_for_url("**/home/sign-in?**")
    check(phone, "resident-sign-in")
    phone.get_by_label("户号").fill("031202")
    phone.get_by_label("查询密码").fill(f"{(int(at_home.pin) + 1) % 10**6:06}")
    phone.get_by_label("查询密码").press("Enter")
    expect(phone.get_by_role("alert").filter(has_text="还可以再试 4 次")).to_be_visible()
    assert phone.get_by_label("户号").input_value() == "031202"
    check(phone, "resident-sign-in-wrong")
    phone.get_by_label("查询密码").fill(at_home.pin)
    phone.get_by_role("button", name="登录").click()
    phone.wait_for_url("**/home/")


def test_where_there_are_several_communities_one_is_chosen(app, at_home: Home, chromium: Browser):
    make_household(area=make_community(street=at_home.tree.street, name="永安社区").micro_grid)
    with serving(app) as address, watched_page(chromium, address, PHONE) as phone:
        phone.goto("/home/sign-in")
        phone.get_by_role("button", name="登录").click()
        expect(phone.get_by_text("请输入户号。")).to_be_visible()
        check(phone, "resident-sign-in-community")
        phone.get_by_label("社区").select_option("昌宁社区")
        phone.get_by_label("户号").fill(NUMBER)
        phone.get_by_label("查询密码").fill(at_home.pin)
        phone.get_by_role("button", name="登录").click()
        phone.wait_for_url("**/home/")


def test_the_first_page_with_what_features_add(app, at_home: Home, phone: Page):
    links = (
        HomeLink("我家的积分", "余额、每一笔怎么来的", "users.home", "coins", 10),
        HomeLink("申报积分", "做了好事，自己报上来", "users.home", "hand-heart", 20),
        HomeLink("院长初审", "本院的申报，先由您看", "users.home", "list-checks", 30, heads_only=True, badge=lambda: 3),
    )
    home.add(app, links)
    sign_in_at_home(phone, at_home)
    expect(phone.get_by_role("link", name="院长初审")).to_contain_text("3 条")
    check(phone, "resident-home-links")


def test_the_book_of_the_household_from_the_balance_to_the_objection(app, at_home: Home, phone: Page):
    give_points(at_home.household, make_scheme(area=at_home.tree.community), 30)
    db.session.commit()
    sign_in_at_home(phone, at_home)
    phone.get_by_role("link", name="我家积分").click()
    expect(phone.locator(".balance")).to_contain_text("30 分")
    check(phone, "resident-points")
    phone.get_by_role("link", name="参加志愿活动").click()
    expect(phone.get_by_text("核对码")).to_be_visible()
    check(phone, "resident-line")
