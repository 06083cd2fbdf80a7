"""A paired kiosk in a real Chromium, and the hands of a resident: the card, the keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from tests import factories
from tests.browser.tools import (
    KIOSK_LYING,
    KIOSK_STANDING,
    serving,
    started,
    watched_page,
)
from tests.kiosk.conftest import make_kiosk
from tests.records.conftest import version_of
from webapp.core import clock
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit

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
