"""Every page of the kiosk in both sizes: accessible, big enough, without scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.kiosk.conftest import COVERED, LEAST, SIZES, Facts, press, show_card
from tests.browser.tools import (
    KIOSK_LYING,
    keep,
    too_small,
    violations,
    watched_page,
)
from webapp.core import clock

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
    page.set_viewport_size(SIZES[size])
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
