"""Phones from end to end: a shop puts right what cost it points, photos outlive a refusal, anybody compares a publication."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_claims import check, phone_at_home
from tests.browser.test_inspections import PASSWORD
from tests.browser.tools import PHONE, serving, sign_in, watched_page
from tests.factories import make_person
from tests.records.conftest import Street, make_street
from tests.reviews.test_month import publish
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.records.models import Record, RecordPhoto
from webapp.users.models import User
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser


@pytest.fixture
def street(app) -> Street:
    """刘红梅 owns the shop; the grid worker can sign in."""
    made = make_street()
    made.shop.owner_id = make_person(household=made.household, name="刘红梅").id
    user = db.session.get_one(User, made.inspector.user_id)
    user.login, user.password_hash = "inspector", slow_hash(PASSWORD)
    return made


def picture(folder: Path, colour: str) -> Path:
    path = folder / f"{colour}.jpg"
    Image.new("RGB", (800, 600), colour).save(path, "JPEG")
    return path


def choose(page: Page, path: Path) -> None:
    """Into the first free place, as a thumb would."""
    shown = page.locator(".photo.full")
    number = shown.count()
    page.locator(".photo:not(.full):not(.photo-kept):visible input[type=file]").set_input_files(path)
    expect(shown).to_have_count(number + 1)


def test_the_owner_shows_what_was_put_right_and_the_points_come_back(app, street, chromium: Browser, tmp_path):
    street.make(street.shop, "shop", "1.6", now=clock.now())
    with serving(app) as address:
        with phone_at_home(chromium, address, street.household) as owner:
            owner.goto("/home/")
            owner.get_by_role("link", name="我的商铺和整改").tap()
            owner.get_by_role("heading", name="惠民超市").wait_for()
            check(owner, "rectify-mine")
            owner.get_by_role("link", name="店外堆放杂物").tap()
            owner.get_by_label("说明").fill("搬进店里了")
            owner.get_by_role("button", name="报上去，等复查").tap()
            owner.get_by_text("请拍一张整改后的照片").first.wait_for()
            expect(owner.get_by_label("说明")).to_have_value("搬进店里了")
            check(owner, "rectify-refused")
            choose(owner, picture(tmp_path, "green"))
            owner.get_by_role("button", name="报上去，等复查").tap()
            owner.get_by_text("复查合格，返还 2 分").wait_for()
            check(owner, "rectify-reported")
        with watched_page(chromium, address, PHONE, has_touch=True) as inspector:
            sign_in(inspector, "inspector", PASSWORD, "/phone/re-inspections")
            check(inspector, "rectify-waiting")
            inspector.get_by_role("link", name="已报整改").tap()
            inspector.get_by_text("搬进店里了").wait_for()
            check(inspector, "rectify-look")
            inspector.get_by_role("button", name="整改合格，返还 2 分").tap()
            inspector.get_by_role("heading", name="已返还").wait_for()
            check(inspector, "rectify-done")
    db.session.rollback()
    assert street.balance(street.shop, "shop") == Points(0)


def test_photos_are_still_there_after_a_refusal_and_one_is_dropped_with_a_tap(app, street, chromium: Browser, tmp_path):
    with serving(app) as address, phone_at_home(chromium, address, street.household) as page:
        page.goto("/home/claims/new")
        for colour in ("red", "green"):
            choose(page, picture(tmp_path, colour))
        page.locator("#note").fill("院里的月季")
        page.get_by_role("button", name="申报", exact=True).tap()
        page.get_by_text("请先点选一条细则").first.wait_for()
        expect(page.locator(".photo-kept")).to_have_count(2)
        expect(page.locator("#note")).to_have_value("院里的月季")
        page.locator(".photo-kept .photo-off").first.tap()
        expect(page.locator(".photo-kept").first.get_by_text("不用了")).to_be_visible()
        expect(page.locator(".photo-kept img")).to_have_count(2)
        check(page, "claims-photos-kept")
        page.get_by_text("种花种菜、美化院落").tap()
        page.get_by_role("button", name="申报 +3 分").tap()
        page.get_by_text("已申报，等初审。").wait_for()
        check(page, "claims-photos-sent")
    db.session.rollback()
    assert len(db.session.scalars(db.select(RecordPhoto)).all()) == 1
    assert db.session.scalars(db.select(Record.note)).one() == "院里的月季"


def test_anybody_reads_the_chat_link_and_compares_it_with_the_book(app, street, chromium: Browser):
    street.make(street.household, "household", "1.1", 35, now=clock.now())
    street.make(street.shop, "shop", "1.1", now=clock.now())
    row = publish(street, SYSTEM, clock.now())
    token, code = row.token, " ".join(re.findall("....", row.signature[:16].upper()))
    with serving(app) as address, watched_page(chromium, address, PHONE, has_touch=True) as page:
        page.goto(f"/p/{token}")
        check(page, "public")
        page.get_by_label("看哪个院落").select_option(index=1)
        page.get_by_role("button", name="只看这里").tap()
        page.wait_for_url("**place=**")
        expect(page.get_by_text(re.compile("第 \\d+ 条"))).to_have_count(1)
        page.get_by_role("link", name="核对这份公示").tap()
        page.get_by_text("与公示账一致").wait_for()
        check(page, "verify-sheet")
        page.get_by_role("link", name="核对另一张").tap()
        field = page.get_by_label("纸上的码")
        field.fill("1111 2222 3333 4444")
        page.get_by_role("button", name="核对").tap()
        page.get_by_text("没有这个号").wait_for()
        expect(field).to_have_value("1111 2222 3333 4444")
        check(page, "verify-unknown")
        field.fill(f"{code} 1")
        page.get_by_role("button", name="核对").tap()
        page.get_by_role("link", name="核对整份公示").wait_for()
        check(page, "verify-line")
