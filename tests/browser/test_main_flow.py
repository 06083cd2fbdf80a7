"""The whole main job in a real Chromium: a plate is printed, decoded from its picture, scanned by an inspector who scores
with a photo; the household sees it at the kiosk, redeems, fetches at the desk, prints a slip, and anybody checks it.
And a customer: opens a shop's plate, rates, and the mean moves."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.tools import (
    DESK,
    KIOSK_LYING,
    PHONE,
    keep,
    serving,
    sign_in,
    started,
    too_small,
    violations,
    watched_page,
)
from tests.factories import (
    CommunityTree,
    give_points,
    make_community,
    make_courtyard,
    make_household,
    make_item,
    make_scheme,
    make_shop,
    make_station,
    make_user,
)
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.ledger.verify import verify_all
from webapp.places.models import Household, Shop
from webapp.qrcodes.queries import active_code, address
from webapp.qrcodes.service import make_missing
from webapp.ratings import service as ratings
from webapp.ratings.service import Rater
from webapp.users.passwords import slow_hash
from webapp.users.service import devices, pins

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@dataclass
class Town:
    tree: CommunityTree
    household: Household
    shop: Shop
    pin: str
    pairing: str


@pytest.fixture
def town(app) -> Town:
    """A courtyard with one household that has 100 points, a thing for 20, a kiosk waiting to be paired, and staff."""
    tree = make_community(name="昌宁社区", phone="0358-5550100")
    scheme = make_scheme(area=tree.community)
    make_scheme(area=tree.county, code="shop")
    yard = make_courtyard(area=tree.micro_grid, number="3-12", name="3 排 12 号院")
    household = make_household(courtyard=yard, number="03-12-02", name="李玉梅")
    give_points(household, scheme, 100)
    shop = make_shop(area=tree.micro_grid, number="2047", name="惠民超市")
    make_item(area=tree.community, scheme=scheme, name="洗衣液 2 kg", unit="瓶", price=20, left=3)
    station = make_station(area=tree.community, name="党群服务中心")
    _, pairing = devices.add_device(
        station=station, name="1 号终端", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    for login, post in (("clerk", "clerk"), ("inspector", "inspector")):
        make_user(post=post, area=tree.community, login=login, password_hash=slow_hash(PASSWORD))
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    make_missing(holder_ids=[household.id, shop.id], actor=SYSTEM, now=clock.now())
    return Town(tree, household, shop, pin, pairing)


def decoded(page: Page) -> list[str]:
    picture = Image.open(io.BytesIO(page.screenshot(full_page=True)))
    return [found.text for found in zxingcpp.read_barcodes(picture)]


def print_the_plate(desk: Page) -> str:
    """The courtyard's plate, printed at the desk; gives what its picture says."""
    desk.goto("/desk/codes?kind=courtyard")
    desk.get_by_role("button", name="全部打印").click()
    desk.wait_for_url("**/desk/codes/sheet**")
    (found,) = decoded(desk)
    return found


def score(phone: Page, plate: str, photo: Path) -> None:
    """Scan, choose the household of the yard, tap a rule, take a photo, send."""
    phone.goto(plate)
    phone.wait_for_url("**/phone/score/*")
    phone.get_by_text("改记院里的住户").tap()
    phone.get_by_text("李*梅家").tap()
    phone.get_by_role("link", name="全部").tap()
    phone.get_by_text("门前屋后干净").tap()
    phone.locator("select:visible").select_option("5")
    phone.locator("input[type=file]").first.set_input_files(photo)
    phone.locator(".photo.full img").wait_for()
    phone.locator(".actions button").tap()
    phone.wait_for_url("**/phone/records/*")
    expect(phone.get_by_role("heading", name="已记 +5 分")).to_be_visible()


def at_the_kiosk(kiosk: Page, town: Town) -> str:
    """Pair, identify by number and PIN, see the score and why, redeem. Gives the voucher's code from its QR."""
    kiosk.goto(f"/kiosk/pair/{town.pairing}")
    kiosk.get_by_role("button", name="配对这台终端").click()
    kiosk.wait_for_url("**/kiosk/")
    keep(kiosk, "flow-kiosk-home")
    kiosk.goto("/kiosk/number")
    kiosk.get_by_label("户号").fill("03-12-02")
    kiosk.get_by_role("button", name="下一步").click()
    for digit in town.pin:
        kiosk.locator(f'[data-key="{digit}"]').click()
    kiosk.get_by_role("button", name="确定").click()
    kiosk.wait_for_url("**/kiosk/balance")
    expect(kiosk.locator(".balance")).to_contain_text("105")
    keep(kiosk, "flow-kiosk-balance")
    kiosk.locator(".line", has_text="门前屋后干净").get_by_role("link").click()
    expect(kiosk.locator("main img").first).to_be_visible()
    keep(kiosk, "flow-kiosk-why")
    kiosk.goto("/kiosk/redeem")
    kiosk.get_by_text("洗衣液 2 kg").click()
    kiosk.get_by_role("button", name="下一步").click()
    kiosk.get_by_role("button", name="确认兑换").click()
    kiosk.wait_for_url("**/kiosk/vouchers/*")
    keep(kiosk, "flow-kiosk-voucher")
    (code,) = decoded(kiosk)
    return code


def hand_over(desk: Page, code: str) -> None:
    desk.goto("/desk")
    expect(desk.get_by_text("1 张券")).to_be_visible()
    keep(desk, "flow-desk-today")
    desk.goto("/desk/vouchers")
    desk.get_by_label("券码").fill(code)
    desk.get_by_role("button", name="核对这张券").click()
    desk.get_by_role("button", name="确认发放").click()
    expect(desk.get_by_text("已发放「洗衣液 2 kg」，用去 20 分。")).to_be_visible()


def print_a_slip(kiosk: Page) -> str:
    """Gives the address in the slip's QR."""
    kiosk.goto("/kiosk/balance")
    expect(kiosk.locator(".balance")).to_contain_text("85")
    kiosk.get_by_role("button", name="打印小票").click()
    kiosk.wait_for_url("**/kiosk/slips/*")
    keep(kiosk, "flow-kiosk-slip")
    (found,) = decoded(kiosk)
    return found


def test_from_the_plate_to_the_slip(app, town, chromium: Browser, tmp_path):
    photo = tmp_path / "yard.jpg"
    Image.effect_noise((1600, 1200), 60).convert("RGB").save(photo)
    with (
        serving(app) as base,
        watched_page(chromium, base, DESK) as desk,
        watched_page(chromium, base, PHONE, has_touch=True) as phone,
        watched_page(chromium, base, KIOSK_LYING) as kiosk,
        watched_page(chromium, base, PHONE, has_touch=True) as anybody,
    ):
        sign_in(desk, "clerk", PASSWORD, "/desk")
        plate = print_the_plate(desk)
        sign_in(phone, "inspector", PASSWORD, "/phone/")
        score(phone, plate, photo)
        hand_over(desk, at_the_kiosk(kiosk, town))
        anybody.goto(print_a_slip(kiosk))
        expect(anybody.get_by_text("与账本一致")).to_be_visible()
        expect(anybody.get_by_text("85", exact=True).first).to_be_visible()
        expect(anybody.get_by_text("李*梅家")).to_be_visible()
        keep(anybody, "flow-slip-checked")
        assert violations(anybody) == []
    db.session.rollback()
    assert verify_all(db.engine).entries >= 4


def test_a_card_at_the_scanner_opens_the_balance_and_spending_asks_for_the_pin(app, town, chromium: Browser):
    card = address("http://127.0.0.1", active_code(town.household.id).token)
    with serving(app) as base, watched_page(chromium, base, KIOSK_LYING) as kiosk:
        kiosk.goto(f"/kiosk/pair/{town.pairing}")
        kiosk.get_by_role("button", name="配对这台终端").click()
        kiosk.wait_for_url("**/kiosk/")
        started(kiosk)
        kiosk.keyboard.type(card, delay=2)
        kiosk.keyboard.press("Enter")
        kiosk.wait_for_url("**/kiosk/balance")
        expect(kiosk.locator(".balance")).to_contain_text("100")
        kiosk.goto("/kiosk/redeem")
        kiosk.get_by_text("洗衣液 2 kg").click()
        kiosk.get_by_role("button", name="下一步").click()
        expect(kiosk.get_by_role("button", name="确认兑换")).to_have_count(0)
        expect(kiosk.get_by_role("link", name="下一步：输密码")).to_be_visible()


def test_a_customer_rates_a_shop_and_sees_what_the_days_before_came_to(app, town, chromium: Browser):
    now = clock.now() - timedelta(days=1)
    for number in range(4):
        ratings.rate(
            shop_id=town.shop.id,
            stars=4,
            tags=[],
            comment="",
            ticket=ratings.ticket_for(town.shop.id, key=app.config["SECRET_KEY"], now=now),
            rater=Rater(device=f"phone {number}", network=f"10.0.0.{number}"),
            key=app.config["SECRET_KEY"],
            now=now,
        )
    token = active_code(town.shop.id).token
    with serving(app) as base, watched_page(chromium, base, PHONE, has_touch=True) as phone:
        phone.goto(f"/q/{token}")
        expect(phone.get_by_text("满 5 人后显示")).to_be_visible()
        keep(phone, "flow-shop")
        assert violations(phone) == []
        assert too_small(phone, 48) == []
        phone.locator("label[for=stars-5]").tap()
        phone.get_by_text("态度好").tap()
        phone.get_by_role("button", name="提交评价").tap()
        phone.wait_for_url("**/thanks")
        expect(phone.get_by_text("已经收到，明天计入")).to_be_visible()
        keep(phone, "flow-thanks")
        assert violations(phone) == []
    db.session.rollback()
