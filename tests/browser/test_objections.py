"""A resident taps a line on the kiosk, says why it is wrong, and finds the answer there; a phone and the desk beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import personas
from tests.browser.kiosk.conftest import LEAST, SIZES, scan
from tests.browser.tools import PHONE, keep, serving, too_small, violations, watched_page
from tests.factories import make_user
from tests.kiosk.conftest import make_kiosk
from tests.kiosk.test_publication import publish, record
from webapp.users.residents_gate import COOKIE

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Facts:
    pairing: str
    card: str
    resident: str
    staff: str


@pytest.fixture
def facts(app) -> Facts:
    """A published month with a good deed and a deduction of 李秀梅's household."""
    kiosk = make_kiosk(app.config["VAR_DIR"])
    record(kiosk, kiosk.household, "3.2")
    record(kiosk, kiosk.household, "1.6")
    publish(kiosk)
    lead = make_user(post="grid_lead", area=kiosk.tree.community, name="赵公正")
    client = app.test_client()
    personas.sign_in(client, lead)
    staff = client.get_cookie("shanzhi").value
    personas.sign_in_resident(client, kiosk.household)
    return Facts(kiosk.pairing, kiosk.card_of(kiosk.household), client.get_cookie(COOKIE).value, staff)


@pytest.fixture
def address(app, facts) -> Iterator[str]:
    with serving(app) as where:
        yield where


def fits(page: Page, name: str, least: int) -> None:
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, least) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    high = page.evaluate("document.documentElement.scrollHeight - document.documentElement.clientHeight")
    assert wide <= 0, f"{name} scrolls sideways by {wide} px"
    assert high <= 0 or least < LEAST, f"{name} scrolls by {high} px"


def signed_in(page: Page, address: str, name: str, value: str) -> Page:
    page.context.add_cookies([{"name": name, "value": value, "url": address}])
    return page


@pytest.mark.parametrize("size", SIZES)
def test_from_the_tap_on_a_line_to_the_answer_on_the_kiosk(chromium: Browser, address, facts, size):
    with watched_page(chromium, address, SIZES[size]) as page:
        page.goto(f"/kiosk/pair/{facts.pairing}")
        page.get_by_role("button", name="配对这台终端").click()
        page.wait_for_url("**/kiosk/")
        page.goto("/kiosk/publication")
        fits(page, f"objection-lines-{size}", LEAST)
        page.locator("li", has_text="堆放杂物").get_by_role("link", name="有异议").click()
        page.wait_for_url(re.compile("/kiosk/number"))
        scan(page, facts.card)
        page.wait_for_url(re.compile("/kiosk/objections/new/"))
        fits(page, f"objection-why-{size}", LEAST)
        page.get_by_role("link", name="不是我家的").click()
        page.wait_for_url(re.compile("kind=not_me"))
        fits(page, f"objection-send-{size}", LEAST)
        page.get_by_role("button", name="提交异议").click()
        expect(page.get_by_role("heading", level=2)).to_contain_text("第 1 号")
        fits(page, f"objection-sent-{size}", LEAST)
        with watched_page(chromium, address, {"width": 1440, "height": 900}) as desk:
            answer(signed_in(desk, address, "shanzhi", facts.staff))
        page.goto("/kiosk/objections")
        fits(page, f"objection-mine-{size}", LEAST)
        page.get_by_role("link", name="看答复").click()
        expect(page.get_by_text("问了邻居")).to_be_visible()
        fits(page, f"objection-answer-{size}", LEAST)


def answer(desk: Page) -> None:
    desk.goto("/desk/objections")
    assert violations(desk) == []
    desk.get_by_role("link", name="看 ").first.click()
    desk.get_by_label("成立，冲正这一条").check()
    desk.get_by_label("答复").fill("问了邻居，东西不是这一户的")
    assert violations(desk) == []
    desk.get_by_role("button", name="答复").click()
    expect(desk.get_by_text("异议成立")).to_be_visible()
    assert violations(desk) == []


def test_the_same_on_a_phone(chromium: Browser, address, facts):
    with watched_page(chromium, address, PHONE) as page:
        signed_in(page, address, COOKIE, facts.resident).goto("/home/publication")
        fits(page, "objection-phone-lines", 48)
        page.get_by_role("link").filter(has_text="堆放杂物").click()
        page.get_by_text("没有这回事").click()
        page.get_by_label("说明").fill("那天没有这回事")
        fits(page, "objection-phone-why", 48)
        page.get_by_role("button", name="提交异议").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("第 1 号")
        fits(page, "objection-phone-sent", 48)
        page.goto("/home/objections")
        fits(page, "objection-phone-mine", 48)
