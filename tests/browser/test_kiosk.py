"""The kiosk in a real Chromium: card, PIN, redeeming, slip, idle time, Back button, network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from tests import factories
from tests.browser.tools import (
    KIOSK_LYING,
    KIOSK_STANDING,
    keep,
    patient,
    serving,
    started,
    too_small,
    violations,
    watched_page,
)
from tests.kiosk.conftest import make_kiosk
from tests.records.conftest import version_of
from webapp.core import clock
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit
from webapp.redemption.models import Voucher

pytestmark = pytest.mark.browser

SIZES = {"lying": KIOSK_LYING, "standing": KIOSK_STANDING}
LEAST = 60  # CSS px of a target
PRINTS_ARE_COUNTED = """window.print = () => {
    const page = document.documentElement.dataset;
    page.printed = Number(page.printed || 0) + 1;
}"""
COVERED = """() => {
    const cards = [...document.querySelectorAll("main .card")].map(el => [el, el.getBoundingClientRect()]);
    return cards.flatMap(([el, box]) => cards.filter(([other, its]) => other !== el && !el.contains(other)
        && !other.contains(el) && its.top < box.bottom - 1 && its.bottom > box.top + 1
        && its.left < box.right - 1 && its.right > box.left + 1).map(() => el.textContent.trim().slice(0, 30)));
}"""
TYPE_LIKE_A_SCANNER = """code => {
    const at = document.activeElement || document.body;
    for (const key of [...code, "Enter"]) {
        const down = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
        if (at.dispatchEvent(down) && at.matches("input") && key.length === 1) at.value += key;
    }
}"""


@dataclass(frozen=True)
class Facts:
    """What a test must know, as plain values: a look into the database from here would hold the one writer's turn
    against the server."""

    pairing: str
    card: str
    neighbours_card: str
    pin: str
    yard: int
    soap: int
    oil: int
    rules: dict[str, int]


@pytest.fixture
def kiosk(app) -> Facts:
    made = make_kiosk(app.config["VAR_DIR"])
    for number in range(11):
        yard = factories.make_courtyard(area=made.tree.micro_grid, number=f"Y{number}", name=f"1 排 {number} 号院")
        factories.give_points(factories.make_household(courtyard=yard), made.scheme, 40 + number)
        factories.make_item(area=made.tree.community, scheme=made.scheme, name=f"毛巾 {number}", price=5 + number)
    factories.make_item(area=made.tree.community, scheme=made.scheme, name="雨伞", price=4, left=0)
    for day in range(1, 9):
        factories.give_points(made.household, made.scheme, 1, now=clock.now() - timedelta(days=day))
    head = factories.make_person(area=made.tree.micro_grid, name="李秀梅")
    factories.make_appointment(
        person=head, post="courtyard_head", area=made.tree.micro_grid, courtyard=made.yard, phone="0358-2001202"
    )
    facts = Facts(
        pairing=made.pairing,
        card=made.card_of(made.household),
        neighbours_card=made.card_of(made.neighbour),
        pin=made.pins[made.household.id],
        yard=made.yard.id,
        soap=made.soap.id,
        oil=made.oil.id,
        rules={
            name: version_of(made.scheme, code).rule_id
            for name, code in (("given", "3.1"), ("told", "5.2"), ("kept", "2.1"))
        },
    )
    db.session.commit()
    return facts


@pytest.fixture
def address(app, kiosk) -> Iterator[str]:
    with serving(app) as where:
        yield where


@pytest.fixture
def page(chromium: Browser, address: str, kiosk: Facts) -> Iterator[Page]:
    """The paired kiosk's browser, at home. Printing is counted, not done."""
    with watched_page(chromium, address, KIOSK_LYING) as page:
        page.add_init_script(PRINTS_ARE_COUNTED)
        pair(page, kiosk)
        yield page


def pair(page: Page, kiosk: Facts) -> None:
    page.goto(f"/kiosk/pair/{kiosk.pairing}")
    page.get_by_role("button", name="配对这台终端").click()
    page.wait_for_url("**/kiosk/")


def scan(page: Page, code: str) -> None:
    """A scanner types faster than any hand; keys sent one by one from here can be slower on a busy machine."""
    started(page)
    page.evaluate(TYPE_LIKE_A_SCANNER, code)


def show_card(page: Page, kiosk: Facts) -> None:
    scan(page, kiosk.card)
    page.wait_for_url("**/kiosk/balance")


def press(page: Page, keys: str) -> None:
    started(page)
    for key in keys:
        page.locator(f'[data-key="{key}"]').click()


def open_visits() -> int:
    """Looks, and gives the writer's turn back at once."""
    found = db.session.scalar(select(func.count()).where(KioskVisit.ended_at.is_(None)))
    db.session.rollback()
    return int(found or 0)


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
    context = chromium.new_context(viewport=KIOSK_LYING, base_url=address)  # type: ignore[arg-type]  # a typed dict
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


PAGES_OF_ANYBODY = ("", "number", "goods", "rankings", "honours", "publication", "rules", "services", "services/{yard}")
PAGES_OF_A_VISIT = (
    "balance",
    "why/2",
    "why/record/2",
    "months/{month}",
    "months/202501",
    "rankings",
    "redeem",
    "redeem/confirm?item={soap}",
    "redeem/confirm?item={oil}",
    "vouchers",
    "pin",
    "claims",
    "claims/2",
    "claims/2/withdraw",
    "claims/new",
    "claims/new?category=0",
    "claims/new?rule={given}",
    "claims/new?rule={given}&day={today}",
    "claims/new?rule={told}&day={today}",
    "claims/new?rule={kept}&day={today}",
)


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_is_accessible_big_enough_and_needs_no_scrolling(
    page: Page, kiosk: Facts, size: str, large: bool
) -> None:
    page.set_viewport_size(SIZES[size])  # type: ignore[arg-type]  # a typed dict
    if large:
        page.get_by_role("button", name="大字").click()
    facts = {
        "yard": kiosk.yard,
        "soap": kiosk.soap,
        "oil": kiosk.oil,
        "month": clock.month_of(clock.now()),
        "today": clock.today(),
        **kiosk.rules,
    }
    for path in PAGES_OF_ANYBODY:
        look_at(page, path.format(**facts), size, large)
    page.goto("/kiosk/")
    show_card(page, kiosk)
    for path in PAGES_OF_A_VISIT:
        look_at(page, path.format(**facts), size, large)
    press_pin_and_look_at_papers(page, kiosk, size, large)


def press_pin_and_look_at_papers(page: Page, kiosk: Facts, size: str, large: bool) -> None:
    page.goto(f"/kiosk/pin?next=/kiosk/redeem/confirm?item={kiosk.soap}")
    press(page, kiosk.pin)
    page.get_by_role("button", name="确定").click()
    page.get_by_role("button", name="确认兑换").click()
    page.wait_for_url("**/kiosk/vouchers/*")
    judge(page, "voucher", size, large)
    page.get_by_role("link", name="取消兑换").click()
    judge(page, "cancel", size, large)
    look_at(page, "vouchers", size, large)
    page.goto("/kiosk/balance")
    page.get_by_role("button", name="打印小票").click()
    page.wait_for_url("**/kiosk/slips/*")
    judge(page, "slip", size, large)


def look_at(page: Page, path: str, size: str, large: bool) -> None:
    page.goto(f"/kiosk/{path}")
    judge(page, path or "home", size, large)


def judge(page: Page, name: str, size: str, large: bool) -> None:
    keep(page, f"kiosk-{name.replace('/', '-').split('?')[0]}-{size}{'-large' if large else ''}")
    assert violations(page, strict=True) == [], name
    assert too_small(page, LEAST) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
    assert page.evaluate("(m => m.scrollHeight - m.clientHeight)(document.querySelector('main'))") <= 0, (
        f"{name} scrolls"
    )
    assert page.evaluate(COVERED) == [], f"{name}: something lies over it"


@pytest.mark.parametrize("path", ["/kiosk/", "/kiosk/balance", "/kiosk/nowhere", "/verify", "/slip/000001-AAAAAAAA"])
def test_refusals_and_the_public_page_are_accessible(chromium: Browser, address: str, path: str) -> None:
    with watched_page(chromium, address, KIOSK_LYING) as page:
        page.goto(path)
        assert violations(page) == []
