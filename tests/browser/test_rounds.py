"""The monthly yard inspection in a real browser: a tap an item, the running total, on to the next courtyard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_inspections import PASSWORD, check, photo
from tests.browser.tools import PHONE, serving, sign_in, watched_page
from tests.inspections.conftest import Yards, make_yards
from webapp.extensions import db
from webapp.users.models import User
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser


@pytest.fixture
def yards(app) -> Yards:
    made = make_yards()
    user = db.session.get(User, made.street.inspector.user_id)
    user.login, user.password_hash = "inspector", slow_hash(PASSWORD)
    return made


@pytest.fixture
def phone(app, yards, chromium: Browser) -> Iterator[Page]:
    """The grid worker's phone, signed in, on the route."""
    with serving(app) as address, watched_page(chromium, address, PHONE, has_touch=True) as page:
        sign_in(page, "inspector", PASSWORD, "/phone/rounds")
        yield page


def test_a_tap_an_item_shows_the_running_total_and_leads_to_the_next_courtyard(phone, yards):
    check(phone, "rounds-route")
    phone.locator(".next-yard").click()
    phone.wait_for_url("**/phone/rounds/*/*")
    phone.locator("html[data-started]").wait_for(state="attached")
    check(phone, "rounds-mark")
    groups = phone.locator(".marks")
    for number in range(groups.count()):
        groups.nth(number).locator("label").first.click()
        left = groups.count() - number - 1
        expect(phone.locator("[data-sum]")).to_contain_text(f"还有 {left} 项没打" if left else "现在 100 分，都打了")
    phone.get_by_role("button", name="保存").click()
    phone.wait_for_url("**/phone/rounds?**")
    expect(phone.get_by_text("已打 100 分")).to_be_visible()
    expect(phone.get_by_text("1 / 5 个院")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_an_item_that_was_left_out_is_named_and_nothing_else_has_to_be_done_again(phone, yards, tmp_path):
    phone.locator(".next-yard").click()
    phone.wait_for_url("**/phone/rounds/*/*")
    groups = phone.locator(".marks")
    for number in range(1, groups.count()):
        groups.nth(number).locator("label").nth(1).click()
    phone.locator("input[type=file]").first.set_input_files(photo(tmp_path))
    phone.locator(".photo.full img").wait_for()
    phone.get_by_label("说明").fill("楼道有纸箱")
    phone.get_by_role("button", name="保存").click()
    expect(phone.get_by_role("link", name="「院内地面」还没有打分。")).to_be_visible()
    check(phone, "rounds-refused")
    phone.get_by_label("说明").blur()
    expect(phone.locator(".photo-kept")).to_have_count(1)
    groups.nth(0).locator("label").first.click()
    phone.get_by_role("button", name="保存").click()
    phone.wait_for_url("**/phone/rounds?**")
    check(phone, "rounds-next")
