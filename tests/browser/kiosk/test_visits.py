"""The kiosk in a real Chromium: card, PIN, redeeming, slip, idle time, Back button, network."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests.browser.kiosk.conftest import Facts, open_visits, pair, press, scan, show_card
from tests.browser.tools import (
    KIOSK_LYING,
    patient,
    started,
    watched_page,
)
from webapp.extensions import db
from webapp.redemption.models import Voucher

pytestmark = pytest.mark.browser


def test_a_card_on_the_scanner_shows_the_balance_from_any_page(page: Page, kiosk: Facts) -> None:
    page.goto("/kiosk/rules")
    show_card(page, kiosk)

    expect(page.get_by_role("heading", level=1)).to_have_text("李*梅家 · 3 排 12 号院")
    expect(page.locator(".balance")).to_contain_text("136")


def test_a_card_scanned_while_a_field_has_the_focus_is_not_typed_into_it(page: Page, kiosk: Facts) -> None:
    page.goto("/kiosk/number")
    field = page.get_by_label("户号", exact=True)
    expect(field).to_be_focused()
    page.evaluate("document.querySelector('[data-scan-form]').addEventListener('submit', (e) => e.preventDefault())")
    scan(page, kiosk.card)
    expect(field).to_have_value("")
    assert page.locator("[data-scan-input]").input_value() == kiosk.card


def test_the_next_card_during_a_visit_replaces_the_first(page: Page, kiosk: Facts) -> None:
    show_card(page, kiosk)
    page.goto("/kiosk/redeem")
    scan(page, kiosk.neighbours_card)

    expect(page.get_by_role("heading", level=1)).to_contain_text("王*国家")
    assert open_visits() == 1


def test_number_and_pin_by_touch(page: Page, kiosk: Facts) -> None:
    page.get_by_text("查积分").click()
    press(page, "031202")
    page.get_by_role("button", name="下一步").click()
    press(page, "999999")
    page.get_by_role("button", name="确定").click()
    expect(page.locator("#pin-error")).to_contain_text("还可以再试 4 次")
    assert page.get_by_label("六位查询密码").get_attribute("type") == "password"
    press(page, kiosk.pin)
    page.get_by_role("button", name="确定").click()
    page.wait_for_url("**/kiosk/balance")


def test_number_and_pin_by_keyboard_alone(page: Page, kiosk: Facts) -> None:
    page.goto("/kiosk/number")
    expect(page.get_by_label("户号")).to_be_focused()
    page.keyboard.type("03-12-02", delay=80)
    page.keyboard.press("Enter")
    expect(page.get_by_label("六位查询密码")).to_be_focused()
    page.keyboard.type(kiosk.pin, delay=80)
    page.keyboard.press("Enter")
    page.wait_for_url("**/kiosk/balance")


def test_from_choosing_to_the_printed_voucher(page: Page, kiosk: Facts) -> None:
    show_card(page, kiosk)
    page.get_by_role("link", name="去兑换").click()
    page.get_by_text("毛巾 1", exact=True).click()
    expect(page.locator("p.sum")).to_have_text("毛巾 1 × 1　用 6 分，剩 130 分")
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("link", name="多一件").click()
    expect(page.locator(".deal-sum")).to_have_text("用 12 分，剩 124 分")
    page.get_by_role("link", name="下一步：输密码").click()
    press(page, kiosk.pin)
    page.get_by_role("button", name="确定").click()
    expect(page.locator(".deal-sum")).to_have_text("用 12 分，剩 124 分")
    page.get_by_role("button", name="确认兑换").dblclick()
    page.wait_for_url("**/kiosk/vouchers/*")

    shown = zxingcpp.read_barcodes(_picture(page.locator(".voucher").screenshot()))
    quantities = db.session.scalars(select(Voucher.quantity)).all()
    db.session.rollback()
    assert page.locator(".voucher-code").inner_text().replace("-", "") == shown[0].text
    assert quantities == [2], "two taps, one voucher"
    page.get_by_role("button", name="打印积分券").click()
    expect(page.locator("html")).to_have_attribute("data-printed", "1")
    page.get_by_role("link", name="取消兑换").click()
    page.get_by_role("button", name="取消兑换，退回 12 分").click()
    expect(page.get_by_role("status")).to_contain_text("12 分已退回")


def _picture(png: bytes) -> Image.Image:
    return Image.open(BytesIO(png)).convert("L")


def test_the_slip_prints_once_on_paper_as_long_as_it_is_and_its_qr_agrees_with_the_book(
    page: Page, kiosk: Facts, address: str
) -> None:
    show_card(page, kiosk)
    page.get_by_role("button", name="打印小票").click()
    page.wait_for_url("**/kiosk/slips/*")
    expect(page.locator("html")).to_have_attribute("data-printed", "1")

    document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert len(document) == 1
    wide, high = (side / 72 * 25.4 for side in document[0].get_size())
    assert round(wide) == 80
    assert 90 < high < 160
    paper = document[0].render(scale=203 / 72).to_pil().convert("L")  # the dots of a slip printer
    link = zxingcpp.read_barcodes(paper)[0].text
    assert link.startswith(f"{address}/slip/".upper())

    page.reload()
    page.wait_for_timeout(300)
    expect(page.locator("[data-printed]"), "opened again, it is not printed again").to_have_count(0)
    page.goto(link.lower().replace("/slip/", "/SLIP/"))
    expect(page.get_by_text("与账本一致")).to_be_visible()


def test_sixty_seconds_without_a_touch_ask_and_thirty_more_end_the_visit(page: Page, kiosk: Facts) -> None:
    page.clock.install()
    show_card(page, kiosk)
    started(page)
    page.clock.run_for(30_000)
    expect(page.locator("[data-idle-left]")).to_have_text("30 秒后自动退出")
    page.clock.run_for(31_000)
    expect(page.get_by_role("dialog")).to_contain_text("还在吗？")
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert open_visits() == 1

    page.clock.run_for(61_000)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.clock.run_for(31_000)
    page.wait_for_url("**/kiosk/")
    expect(page.get_by_text("查积分")).to_be_visible()
    assert open_visits() == 0


def test_the_back_button_shows_nothing_of_the_one_before(page: Page, kiosk: Facts) -> None:
    show_card(page, kiosk)
    page.goto("/kiosk/redeem")
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/kiosk/")
    for _ in range(3):
        page.go_back()
        page.wait_for_load_state()
        text = page.inner_text("body")
        assert "李*梅" not in text
        assert "03-12-02" not in text
        assert "136" not in text


def test_nothing_of_a_visit_stays_in_the_browser(page: Page, kiosk: Facts) -> None:
    show_card(page, kiosk)
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/kiosk/")

    assert "visit" not in [cookie["name"] for cookie in page.context.cookies()]
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.request.get("/kiosk/balance").status == 401


def test_a_lost_network_is_said_and_nothing_can_be_sent_until_it_is_back(
    chromium: Browser, address: str, kiosk: Facts
) -> None:
    """In a context of its own: a browser without network complains aloud."""
    context = chromium.new_context(viewport=KIOSK_LYING, base_url=address)
    page = patient(context.new_page())
    pair(page, kiosk)
    page.goto("/kiosk/number")
    context.set_offline(True)
    expect(page.get_by_text("网络断开，暂停办理")).to_be_visible()
    expect(page.get_by_role("button", name="下一步")).to_be_disabled()
    expect(page.get_by_role("button", name="大字")).to_be_disabled()

    context.set_offline(False)
    expect(page.get_by_text("网络断开，暂停办理")).to_be_hidden()
    expect(page.get_by_role("button", name="下一步")).to_be_enabled()
    context.close()


def test_everything_works_with_scripts_off(chromium: Browser, address: str, kiosk: Facts) -> None:
    with watched_page(chromium, address, KIOSK_LYING, java_script_enabled=False) as page:
        pair(page, kiosk)
        page.goto("/kiosk/number")
        page.get_by_label("户号", exact=True).fill("03-12-02")
        page.get_by_role("button", name="下一步").click()
        page.get_by_label("六位查询密码").fill(kiosk.pin)
        page.get_by_role("button", name="确定").click()
        page.get_by_role("link", name="去兑换").click()
        page.get_by_text("毛巾 1", exact=True).click()
        page.get_by_role("button", name="下一步").click()
        page.get_by_role("button", name="确认兑换").click()
        expect(page.get_by_role("heading", name="已兑换 毛巾 1")).to_be_visible()
        page.goto("/kiosk/balance")
        page.get_by_role("button", name="打印小票").click()
        page.wait_for_url("**/kiosk/slips/*")
        document = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
        assert len(document) == 1
        assert round(document[0].get_size()[0] / 72 * 25.4) == 80
        page.get_by_role("button", name="退出").click()
        expect(page.get_by_text("查积分")).to_be_visible()


def test_a_claim_by_taps_alone_is_sent_once_and_withdrawn(page: Page, kiosk: Facts) -> None:
    show_card(page, kiosk)
    page.get_by_role("link", name="报积分").click()
    page.get_by_role("link", name="其他").click()
    page.get_by_role("link", name="好人好事").click()
    page.get_by_role("link", name="昨天").click()
    page.get_by_text("和邻居一起做的").click()
    page.get_by_text("网格员在场").click()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".claim-facts")).to_contain_text("和邻居一起做的；网格员在场")
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_label("网格员在场")).to_be_checked()
    page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="就这样报").dblclick()
    expect(page.get_by_role("heading", name="已报上去，等初审")).to_be_visible()
    page.get_by_role("link", name="返回").click()
    expect(page.get_by_role("link", name="好人好事")).to_have_count(1)
    page.get_by_role("link", name="好人好事").click()
    page.get_by_role("link", name="撤回").click()
    page.get_by_role("button", name="撤回这一条").click()
    expect(page.get_by_role("heading", name="已经撤回")).to_be_visible()
