"""The kiosk as a device: pairing, home, type size, and the end of a visit."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from tests.conftest import both_databases
from tests.kiosk.conftest import make_kiosk
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit
from webapp.kiosk.queries import terminal_of
from webapp.users.models import Device
from webapp.users.service import devices

PAGES_OF_A_VISIT = [
    "/kiosk/balance",
    "/kiosk/why/1",
    "/kiosk/months/202611",
    "/kiosk/redeem",
    "/kiosk/vouchers",
    "/kiosk/pin",
    "/kiosk/redeem/confirm?item=1",
]


def open_visits():
    return db.session.scalar(select(func.count()).where(KioskVisit.ended_at.is_(None)))


def test_a_browser_that_is_not_paired_is_told_what_staff_must_do(kiosk, client):
    answer = client.get("/kiosk/")

    assert answer.status_code == 401
    assert "还没有配对" in answer.text
    assert "自助终端" in answer.text


@both_databases
def test_looking_at_the_pairing_address_pairs_nothing(kiosk, client):
    answer = client.get(f"/kiosk/pair/{kiosk.pairing}")

    assert "党群服务中心 1 号终端" in answer.text
    assert db.session.get(Device, kiosk.device.id).token_print is None


def test_pairing_opens_the_home_page_of_the_station_for_five_years(kiosk, client):
    answer = client.post(f"/kiosk/pair/{kiosk.pairing}")

    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if value.startswith("kiosk="))
    assert "Max-Age=157680000" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    home = client.get("/kiosk/").text
    assert "昌宁社区" in home
    assert "党群服务中心" in home
    assert "0358-2001234" in home


def test_a_pairing_address_is_good_once(kiosk, at_kiosk, app):
    other = app.test_client()

    for answer in (other.get(f"/kiosk/pair/{kiosk.pairing}"), other.post(f"/kiosk/pair/{kiosk.pairing}")):
        assert answer.status_code == 404
        assert "已经用过" in answer.text


def test_a_pairing_address_expires_after_a_day(kiosk, client):
    with clock.travel(clock.now() + timedelta(hours=25)):
        answer = client.get(f"/kiosk/pair/{kiosk.pairing}")

    assert answer.status_code == 410
    assert "已过期" in answer.text


def test_a_revoked_kiosk_is_out_from_its_next_request(kiosk, visiting):
    devices.revoke(device=db.session.get(Device, kiosk.device.id), actor=SYSTEM, now=clock.now())

    for path in ("/kiosk/", "/kiosk/balance"):
        answer = visiting.get(path)
        assert answer.status_code == 401
        assert "03-12-02" not in answer.text


def test_home_names_what_there_is(kiosk, at_kiosk):
    home = at_kiosk.get("/kiosk/").text

    assert "20 分起：洗衣液\u00a02\u00a0kg、食用油\u00a05\u00a0L" in home
    assert "每月公示以后，在这里看" in home


def test_home_of_an_empty_community_says_so(app, client):
    tree = factories.make_community()
    station = factories.make_station(area=tree.community)
    _, pairing = devices.add_device(station=station, name="1 号", paper="80", printer="", actor=SYSTEM, now=clock.now())
    client.post(f"/kiosk/pair/{pairing}")

    home = client.get("/kiosk/").text
    assert "还没有可以兑换的物品" in home
    assert "每月公示以后，在这里看" in home
    assert "积分办法还没有公布" in client.get("/kiosk/rules").text
    assert "还没有公示过排行" in client.get("/kiosk/rankings").text
    assert "还没有登记院落" in client.get("/kiosk/services").text
    assert "还没有可以兑换的物品" in client.get("/kiosk/goods").text


def test_large_type_stays_until_somebody_leaves(at_kiosk):
    answer = at_kiosk.post("/kiosk/type-size", data={"large": "1", "back": "/kiosk/rules?category=1"})

    assert answer.headers["Location"] == "/kiosk/rules?category=1"
    assert 'class="large"' in at_kiosk.get("/kiosk/").text
    at_kiosk.post("/kiosk/leave")
    assert 'class="large"' not in at_kiosk.get("/kiosk/").text


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_type_switch_leads_nowhere_else(at_kiosk, target):
    answer = at_kiosk.post("/kiosk/type-size", data={"large": "1", "back": target})

    assert answer.headers["Location"] == "/kiosk/"


def test_leaving_ends_the_visit_on_the_server_and_empties_the_browser(kiosk, visiting):
    answer = visiting.post("/kiosk/leave")

    assert answer.headers["Location"] == "/kiosk/"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert open_visits() == 0


def test_leaving_works_when_nobody_is_here(at_kiosk):
    assert at_kiosk.post("/kiosk/leave").status_code == 303


@pytest.mark.parametrize("path", PAGES_OF_A_VISIT)
def test_after_leaving_an_old_cookie_opens_nothing(kiosk, visiting, path):
    old = visiting.get_cookie("visit").value
    visiting.post("/kiosk/leave")
    visiting.set_cookie("visit", old)

    answer = visiting.get(path)

    assert answer.status_code == 401
    assert "已自动退出" in answer.text
    for secret in ("03-12-02", "李*梅", "128"):
        assert secret not in answer.text


@pytest.mark.parametrize("path", PAGES_OF_A_VISIT)
def test_pages_of_a_visit_are_kept_nowhere(kiosk, visiting, path):
    assert visiting.get(path).headers["Cache-Control"] == "no-store"


def test_a_visit_ends_by_itself_when_nobody_touches_the_screen(kiosk, visiting):
    now = clock.now()
    with clock.travel(now + timedelta(seconds=100)):
        assert visiting.get("/kiosk/balance").status_code == 200
    with clock.travel(now + timedelta(seconds=210)):
        assert visiting.get("/kiosk/balance").status_code == 401


def test_staying_renews_the_time_and_shows_nothing(kiosk, visiting):
    now = clock.now()
    with clock.travel(now + timedelta(seconds=90)):
        assert visiting.post("/kiosk/stay").data == b""
    with clock.travel(now + timedelta(seconds=180)):
        assert visiting.get("/kiosk/balance").status_code == 200


def test_no_visit_lasts_longer_than_a_quarter_of_an_hour(kiosk, visiting):
    now = clock.now()
    for seconds in range(0, 900, 90):
        with clock.travel(now + timedelta(seconds=seconds)):
            assert visiting.post("/kiosk/stay").status_code == 204
    with clock.travel(now + timedelta(seconds=905)):
        assert visiting.post("/kiosk/stay").status_code == 401


def test_a_changed_cookie_is_worth_nothing(kiosk, visiting):
    token, second, code = visiting.get_cookie("visit").value.rsplit(".", 2)
    for forged in (
        f"{token}.{int(second, 16) + 50:x}.{code}",
        f"{token}.{second}.{code[::-1]}",
        "x",
        "a.b.c",
        "..",
        "é",
    ):
        visiting.set_cookie("visit", forged)
        assert visiting.get("/kiosk/balance").status_code == 401


def test_a_visit_is_good_on_its_own_kiosk_only(kiosk, visiting, app):
    _, pairing = devices.add_device(
        station=kiosk.station, name="2 号终端", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    db.session.commit()
    other = app.test_client()
    other.post(f"/kiosk/pair/{pairing}")
    other.set_cookie("visit", visiting.get_cookie("visit").value)

    assert other.get("/kiosk/balance").status_code == 401


def test_home_leads_a_resident_who_is_still_here_to_the_page_that_counts_down(kiosk, visiting):
    assert visiting.get("/kiosk/").headers["Location"] == "/kiosk/balance"


@both_databases
@pytest.mark.parametrize("kind", ["community", "grid", "micro_grid"])
def test_a_kiosk_in_a_grid_shows_its_community(app, kind):
    tree = factories.make_community()
    place = {"community": tree.community, "grid": tree.grid, "micro_grid": tree.micro_grid}[kind]
    station = factories.make_station(area=place)
    device, pairing = devices.add_device(
        station=station, name="1 号", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    _, token = devices.pair_device(pairing, clock.now())

    terminal = terminal_of(token)

    assert terminal.device_id == device.id
    assert terminal.community_id == tree.community.id
    assert terminal.community == "昌宁社区"
    assert terminal.area_path == tree.community.path


@both_databases
@pytest.mark.parametrize("below", [False, True])
def test_a_kiosk_in_a_special_grid_shows_that_grid(app, below):
    street = factories.make_community().street
    special = factories.make_area(kind="grid", name="工业园专属网格", parent=street, colour="blue")
    place = factories.make_area(kind="micro_grid", name="东片", parent=special) if below else special
    station = factories.make_station(area=place)
    _, pairing = devices.add_device(station=station, name="1 号", paper="80", printer="", actor=SYSTEM, now=clock.now())
    _, token = devices.pair_device(pairing, clock.now())

    assert terminal_of(token).community_id == special.id


@both_databases
def test_the_whole_way_works_on_both_databases(app, client):
    kiosk = make_kiosk(app.config["VAR_DIR"])
    kiosk.pair(client)
    kiosk.show_card(client)
    kiosk.give_pin(client)

    sold = client.post("/kiosk/redeem", data={"item": kiosk.soap.id, "quantity": 1, "expected": 200})
    assert client.get(sold.headers["Location"]).status_code == 200
    printed = client.post("/kiosk/slips")
    assert client.get(printed.headers["Location"]).status_code == 200
    for path in ("balance", "rankings", "rules", "services?all=1", "months/202611", "why/1", "vouchers", "redeem"):
        assert client.get(f"/kiosk/{path}").status_code == 200, path
