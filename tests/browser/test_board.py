"""The wall screen in a real Chromium: fits two televisions, turns without growing, outlives a lost network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.board.conftest import Hall, make_hall, publish
from tests.browser.tools import KIOSK_STANDING, keep, serving, violations, watched_page
from tests.conftest import NOON
from tests.factories import make_courtyard, make_household
from webapp.board.service import revoke
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db

pytestmark = pytest.mark.browser

TELEVISIONS = {"lying": ViewportSize(width=1920, height=1080), "standing": KIOSK_STANDING}
ROUNDS = 12  # of all six pages: 72 turns
#: What is cut off, and the smallest letters in CSS px.
LOOK = """() => {
    const main = document.querySelector("main");
    const words = [...document.querySelectorAll("body *")].filter(el => el.offsetParent && !el.closest(".vh")
        && [...el.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()));
    return { cut: Math.max(main.scrollHeight - main.clientHeight, main.scrollWidth - main.clientWidth),
             smallest: Math.min(...words.map(el => parseFloat(getComputedStyle(el).fontSize))) };
}"""


@pytest.fixture
def hall(app) -> Hall:
    with clock.travel(NOON):
        made = make_hall(seconds=60)  # nobody waits for it: the tests turn by the arrow key
        for number in range(30):
            yard = make_courtyard(area=made.street.tree.micro_grid, name=f"文林路西段 {number} 号院")
            made.street.make(make_household(courtyard=yard), "household", "1.1", 50, now=NOON)
        publish(made.street)
    return made


@pytest.fixture
def place(hall) -> str:
    """The wall's address, as a plain value: a look into the database from here would hold the server up."""
    return hall.address


@pytest.fixture
def address(app, hall) -> Iterator[str]:
    with clock.travel(NOON), serving(app) as base:
        yield base


def turn(page: Page) -> None:
    before = int(page.evaluate("document.documentElement.dataset.turns"))
    page.keyboard.press("ArrowRight")
    page.wait_for_function("turns => document.documentElement.dataset.turns == turns", arg=before + 1)


@pytest.mark.parametrize("size", TELEVISIONS)
def test_every_page_fits_is_large_and_accessible(chromium: Browser, address: str, place: str, size: str) -> None:
    with watched_page(chromium, address, TELEVISIONS[size]) as page:
        page.goto(place)
        for number in range(6):
            seen: dict[str, Any] = page.evaluate(LOOK)
            assert (seen["cut"], seen["smallest"] >= 32) == (0, True), (number, seen)
            assert violations(page, strict=True) == []
            keep(page, f"board-{size}-{number}")
            turn(page)
        expect(page.locator("main.title")).to_be_visible()


def test_sixty_turns_leave_as_many_nodes_as_before(chromium: Browser, address: str, place: str) -> None:
    with watched_page(chromium, address, TELEVISIONS["lying"]) as page:
        page.goto(place)
        devtools = page.context.new_cdp_session(page)

        def nodes() -> int:
            for _ in range(6):  # all pages once, and back at the first
                turn(page)
            devtools.send("HeapProfiler.collectGarbage")
            metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
            return int(metrics["Nodes"])

        devtools.send("Performance.enable")
        counted = [nodes() for _ in range(ROUNDS)]
        assert len(set(counted[2:])) == 1, counted


def test_a_lost_network_leaves_the_page_says_so_and_goes_on_when_it_is_back(
    chromium: Browser, address: str, place: str
) -> None:
    """In a context of its own: a browser without network complains aloud."""
    context = chromium.new_context(viewport=TELEVISIONS["lying"], base_url=address)
    page = context.new_page()
    page.goto(place)
    context.set_offline(True)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("网络断开，12:00 起没有更新")).to_be_visible()
    expect(page.locator("main.title")).to_be_visible()
    context.set_offline(False)
    expect(page.locator("main.ranking")).to_be_visible()
    expect(page.get_by_text("网络断开")).to_be_hidden()
    context.close()


def test_a_server_in_trouble_leaves_the_page_and_is_asked_again(chromium: Browser, address: str, place: str) -> None:
    context = chromium.new_context(viewport=TELEVISIONS["lying"], base_url=address)
    page = context.new_page()
    page.goto(place)
    page.route("**/board/**", lambda route: route.fulfill(status=503, body="busy"))
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("网络断开")).to_be_visible()
    page.unroute("**/board/**")
    page.route("**/board/**", lambda route: route.fulfill(status=200, body="<h1>Sign in to this network</h1>"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("main.title")).to_be_visible()
    page.unroute("**/board/**")
    page.keyboard.press("ArrowRight")
    expect(page.locator("main.ranking")).to_be_visible()
    context.close()


def test_a_revoked_wall_says_so_by_itself(chromium: Browser, address: str, hall: Hall, place: str) -> None:
    with watched_page(chromium, address, TELEVISIONS["lying"]) as page:
        page.goto(place)
        revoke(actor=SYSTEM, board=hall.board, now=NOON)
        db.session.commit()
        page.keyboard.press("ArrowRight")
        expect(page.get_by_text("这块公示屏已停用")).to_be_visible()
        assert page.evaluate(LOOK)["cut"] == 0
        assert violations(page, strict=True) == []


def test_a_new_day_loads_the_whole_document_again(chromium: Browser, address: str, place: str) -> None:
    with watched_page(chromium, address, TELEVISIONS["lying"]) as page:
        page.goto(place)
        turn(page)
        with clock.travel(NOON.replace(day=26)):
            page.keyboard.press("ArrowRight")
            page.wait_for_url("**/3")
            expect(page.locator("main.days")).to_be_visible()
        assert page.evaluate("document.documentElement.dataset.turns") == "0"


def test_without_scripts_the_wall_goes_on_by_itself(chromium: Browser, address: str, place: str) -> None:
    with watched_page(chromium, address, TELEVISIONS["lying"], java_script_enabled=False) as page:
        page.goto(place)
        leads = page.locator("meta[http-equiv=refresh]").get_attribute("content")
        assert leads == f"60; url={place}/2"
