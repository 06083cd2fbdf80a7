"""The kiosk's pages in the states that fill them most: the lapse warning, a full notice board, a claim that came back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.browser.kiosk.conftest import SIZES, pair, show_card
from tests.browser.kiosk.test_every_page import look_at
from tests.browser.tools import KIOSK_LYING, serving, watched_page
from tests.honours.conftest import a_rule
from tests.kiosk.conftest import make_kiosk
from tests.kiosk.test_publication import publish, record
from tests.records.conftest import actor_of, version_of
from webapp.claims.service import claim
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.honours import service as honours
from webapp.ledger import service as ledger
from webapp.places.models import Household
from webapp.qrcodes.service import make_missing
from webapp.records import service as records
from webapp.redemption.service import vouchers

pytestmark = pytest.mark.browser
YARDS = 14
STATES = (
    "balance",
    "publication",
    "publication?start=5",
    "publication?mine=1",
    "rankings",
    "rankings?period=year",
    "rankings?improved=1",
    "honours",
    "vouchers",
    "claims",
    "claims/{claim}",
    "claims/new?mends={claim}",
    "claims/new?mends={claim}&step=note",
    "claims/new?mends={claim}&step=day",
)


@dataclass(frozen=True)
class Facts:
    pairing: str
    card: str
    claim: int


@pytest.fixture
def facts(app) -> Facts:
    """A household brings points of last year along that lapse in three weeks, waits for a thing it redeemed and for
    a review, and a claim of it came back."""
    kiosk, now = make_kiosk(app.config["VAR_DIR"]), clock.now()
    home = factories.make_household(courtyard=kiosk.yard, number="03-12-09", name="李秀梅")
    make_missing(holder_ids=[home.id], actor=SYSTEM, now=now)
    factories.give_points(home, kiosk.scheme, 35, now=now.replace(year=now.year - 1))
    factories.give_points(home, kiosk.scheme, 128, now=now - timedelta(days=3))
    for number in range(YARDS):
        yard = factories.make_courtyard(area=kiosk.tree.micro_grid, number=f"Y{number}", name=f"文林路 {number} 号院")
        neighbour = factories.make_household(courtyard=yard)
        factories.give_points(neighbour, kiosk.scheme, 40 + number)
        record(kiosk, neighbour, "3.2")
    for code in ("3.2", "1.6"):
        record(kiosk, home, code)
    last_day = clock.today() + timedelta(days=21)
    kiosk.scheme.lapse_month, kiosk.scheme.lapse_day = last_day.month, last_day.day
    db.session.flush()
    ledger.announce(now=now - timedelta(days=40))
    redeemed = {"household_id": home.id, "item_id": kiosk.soap.id, "quantity": 1, "station_id": kiosk.station.id}
    vouchers.redeem(actor=SYSTEM, **redeemed, expected=Points.whole(20), key="k" * 32, now=now)
    returned = [come_back(kiosk, home, code) for code in ("2.1", "5.2")]
    publish(kiosk)
    kind = honours.add_kind(
        actor=SYSTEM, community=kiosk.tree.community, scheme=kiosk.scheme, rule=a_rule(), now=now - timedelta(days=60)
    )
    month, met = clock.month_of(now), now + timedelta(days=1)
    honours.decide(actor=SYSTEM, kind=kind, holder_ids=[home.id], month=month, note="支委会 9 人同意", now=met)
    made = Facts(kiosk.pairing, kiosk.card_of(home), returned[-1])
    db.session.commit()
    return made


def come_back(kiosk: Any, home: Household, code: str) -> int:
    rule = version_of(kiosk.scheme, code)
    (made,) = claim(
        actor=Actor(kind="resident", label="李*梅家", household_id=home.id),
        holder_ids=[home.id],
        rule_version_id=rule.id,
        points=Points(rule.lowest),
        happened_on=clock.today() - timedelta(days=1),
        note="和邻居一起做的",
        photos=(),
        form_key=f"form-{code}",
        now=clock.now(),
    )
    lead = factories.make_user(post="grid_worker", area=kiosk.tree.community)
    records.give_back(
        actor=actor_of(lead, "grid_worker", kiosk.tree.community.path),
        record_id=made.id,
        reason="请写明是哪一次、在哪里，网格员好去问一问",
        now=clock.now(),
    )
    return int(made.id)


@pytest.fixture
def page(app, chromium: Browser, facts: Facts) -> Iterator[Page]:
    """The paired kiosk, and the card was shown."""
    with serving(app) as address, watched_page(chromium, address, KIOSK_LYING) as page:
        pair(page, facts)
        yield page


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("size", SIZES)
def test_full_pages_are_accessible_big_enough_and_need_no_scrolling(
    page: Page, facts: Facts, size: str, large: bool
) -> None:
    page.set_viewport_size(SIZES[size])
    if large:
        page.get_by_role("button", name="大字").click()
    for path in ("publication", "rankings", "honours"):
        look_at(page, path, size, large)
    page.goto("/kiosk/")
    show_card(page, facts)
    expect(page.get_by_text("到期清零")).to_be_visible()
    expect(page.get_by_role("link", name="我的积分券")).to_be_visible()
    for path in STATES:
        look_at(page, path.format(claim=facts.claim), size, large)


@pytest.mark.parametrize("size", SIZES)
def test_a_publication_is_turned_without_skipping_a_line_whichever_way_the_kiosk_hangs(page: Page, size: str) -> None:
    page.set_viewport_size(SIZES[size])
    page.goto("/kiosk/publication")
    seen = numbers(page)
    while page.get_by_role("link", name="下一页").count():
        page.goto(str(page.get_by_role("link", name="下一页").get_attribute("href")))
        seen += numbers(page)
    assert seen == sorted(set(seen))
    assert len(seen) == YARDS + 3  # and the three of the household


def numbers(page: Page) -> list[int]:
    """The numbers of the lines that are seen."""
    words = page.locator(".line:visible .pill .vh").all_inner_texts()
    return [int(one.split("第 ")[1].split(" 条")[0]) for one in words]


def test_a_claim_that_came_back_is_mended_by_taps_alone(page: Page, facts: Facts) -> None:
    show_card(page, facts)
    page.goto(f"/kiosk/claims/{facts.claim}")
    page.get_by_role("link", name="补好再报").click()
    expect(page.get_by_text("退回的原因：请写明是哪一次")).to_be_visible()
    page.get_by_role("link", name=re.compile("^改.*说明")).click()
    expect(page.get_by_label("和邻居一起做的")).to_be_checked()
    page.get_by_text("网格员在场").click()
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".claim-facts")).to_contain_text("和邻居一起做的；网格员在场")
    page.get_by_role("button", name="补好了，再报").dblclick()
    expect(page.get_by_role("heading", name="已报上去，等初审")).to_be_visible()


def test_home_asks_for_no_icon_and_has_no_idle_dialog(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/kiosk/")
    assert not [url for url in asked if "seal" in url or "favicon" in url]
    assert page.locator("#idle, #leave").count() == 0
    page.goto("/kiosk/rules")
    assert page.locator("#idle, #leave").count() == 2
