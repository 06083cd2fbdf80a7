"""An inspector's phone in a real browser: three taps to a score, a photo, a capped rule, the day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.tools import PHONE, keep, serving, sign_in, too_small, violations, watched_page
from tests.factories import make_courtyard, make_household, make_shop
from tests.records.conftest import Street, make_street
from webapp.extensions import db
from webapp.records.models import Record, RecordPhoto
from webapp.users.models import User
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@pytest.fixture
def street(app) -> Street:
    """A street with more shops and courtyards than one page of the day shows."""
    made = make_street()
    made.shop.address = "人民路 18 号"
    for number in range(24):
        make_shop(area=made.tree.micro_grids[3], name=f"人民路 {number + 20} 号小店", position=number)
    make_courtyard(area=made.tree.micro_grids[1], name="3 排 14 号院", lane="三巷")
    make_household(courtyard=made.courtyard, name="欧阳秀英")
    user = db.session.get(User, made.inspector.user_id)
    user.login, user.password_hash = "inspector", slow_hash(PASSWORD)
    return made


@pytest.fixture
def phone(app, street, chromium: Browser) -> Iterator[Page]:
    """The grid worker's phone, signed in, on the shop's scoring page."""
    first = f"/phone/score/{street.shop.id}"
    with serving(app) as address, watched_page(chromium, address, PHONE, has_touch=True) as page:
        sign_in(page, "inspector", PASSWORD, first)
        yield page


def check(page: Page, name: str) -> None:
    """Keep a picture; no violation, and nothing too small for a thumb or wider than the screen."""
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, 48) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def photo(folder: Path) -> Path:
    path = folder / "photo.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(path)
    return path


def test_an_inspector_scores_with_a_photo_in_three_taps_and_takes_it_back(phone: Page, street: Street, tmp_path: Path):
    check(phone, "phone-score")
    phone.get_by_text("占道经营已整改").tap()
    assert phone.locator(".actions button").inner_text() == "记 +2 分"
    phone.locator("input[type=file]").first.set_input_files(photo(tmp_path))
    phone.locator(".photo.full img").wait_for()
    check(phone, "phone-score-chosen")
    phone.get_by_role("button", name="记 +2 分").tap()

    phone.wait_for_url("**/phone/records/*")
    assert phone.get_by_role("heading", name="已记 +2 分").is_visible()
    assert phone.get_by_text("惠民超市现有 2 分。").is_visible()
    check(phone, "phone-result")
    db.session.rollback()
    assert db.session.scalars(db.select(RecordPhoto)).one().hash
    db.session.rollback()

    phone.get_by_role("button", name="撤回").tap()
    phone.get_by_role("heading", name="已撤回").wait_for()
    check(phone, "phone-result-undone")
    db.session.rollback()
    assert db.session.scalars(db.select(Record.state)).all() == ["reversed"]


def test_rules_are_found_by_category_and_by_a_word_and_what_was_written_stays(phone: Page):
    phone.get_by_label("说明").fill("早上七点")
    phone.get_by_role("link", name="弘扬美德").tap()
    phone.get_by_text("拾金不昧").wait_for()
    phone.get_by_role("link", name="全部 37").tap()
    phone.get_by_role("searchbox").fill("垃圾")
    phone.get_by_text("找到 2 条").wait_for()
    check(phone, "phone-score-search")
    phone.get_by_text("门前垃圾未清").tap()
    assert phone.locator(".actions button").inner_text() == "记 −2 分"
    phone.get_by_label("记多少分").select_option("-3.5")
    assert phone.locator(".actions button").inner_text() == "记 −3.5 分"
    check(phone, "phone-score-range")
    phone.locator(".actions button").tap()
    phone.get_by_text("要附照片，请拍一张再记").first.wait_for()
    assert phone.get_by_label("说明").input_value() == "早上七点"
    assert phone.get_by_label("记多少分").input_value() == "-3.5"
    assert phone.locator(".actions button").inner_text() == "记 −3.5 分"
    check(phone, "phone-score-refused")


def test_a_rule_that_is_full_cannot_be_chosen_and_says_why(phone: Page, street: Street):
    phone.get_by_text("门前整洁、无垃圾").tap()
    phone.get_by_role("button", name="记 +2 分").tap()
    phone.get_by_role("link", name="再记一条").tap()
    phone.get_by_text("今天已记 1 次，到上限了").wait_for()
    assert phone.get_by_label("门前整洁、无垃圾").is_disabled()
    check(phone, "phone-score-capped")
    phone.get_by_text("车辆停放有序").tap()
    phone.get_by_role("button", name="记 +1 分").tap()
    phone.get_by_role("heading", name="已记 +1 分").wait_for()
    phone.goto("/phone/")
    check(phone, "phone-day")
    phone.get_by_role("link", name="下一页").tap()
    phone.get_by_text("第 2 /").wait_for()
    phone.get_by_role("button", name="撤回").first.tap()
    phone.get_by_text("已撤回，积分恢复到记之前。").wait_for()
    assert phone.get_by_text("1 条").is_visible()


def test_a_courtyard_leads_to_its_households_and_ones_own_shop_is_closed_to_one(phone: Page, street: Street):
    courtyard, shop = (f"/phone/score/{place.id}" for place in (street.courtyard, street.shop))
    db.session.rollback()  # a test that looks holds the writer's turn on SQLite
    phone.goto(courtyard)
    phone.get_by_text("改记院里的住户（2 户）").tap()
    check(phone, "phone-courtyard")
    phone.get_by_role("link", name="欧阳*英家").tap()
    phone.get_by_role("heading", name="欧阳*英家").wait_for()
    check(phone, "phone-household")
    street.shop.owner_id = street.person.id
    db.session.commit()
    phone.goto(shop)
    assert phone.get_by_text("这是您自己家的店").is_visible()
    check(phone, "phone-recused")


def test_scores_are_recorded_with_scripts_off(app, street, chromium: Browser):
    first = f"/phone/score/{street.shop.id}"
    with serving(app) as address, watched_page(chromium, address, PHONE, java_script_enabled=False) as page:
        sign_in(page, "inspector", PASSWORD, first)
        page.get_by_text("门前整洁、无垃圾").click()
        page.get_by_role("button", name="提交记录").click()
        assert page.get_by_role("heading", name="已记 +2 分").is_visible()
        keep(page, "phone-result-no-scripts")
