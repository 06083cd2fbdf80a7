"""Who stands at the kiosk: by card, or by household number and PIN."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit
from webapp.places.models import Household
from webapp.places.queries import number_typed
from webapp.qrcodes import service as codes
from webapp.qrcodes.queries import active_code, address
from webapp.users.models import FailedTry, HouseholdPin


def give_number_and_pin(client, number, pin):
    return client.post("/kiosk/number/pin", data={"number": number, "pin": pin})


def test_a_card_shows_the_balance_of_its_household(kiosk, at_kiosk):
    answer = kiosk.show_card(at_kiosk)

    assert answer.headers["Location"] == "/kiosk/balance"
    page = at_kiosk.get("/kiosk/balance").text
    assert "李*梅家&nbsp;· 3 排 12 号院" in page
    assert "户号 03-12-02" in page


def test_a_scanner_types_the_whole_address_of_a_card(kiosk, at_kiosk):
    code = address("http://points.example", kiosk.card_of(kiosk.household))

    assert at_kiosk.post("/kiosk/card", data={"code": code}).status_code == 303


def test_a_scanner_behind_a_chinese_keyboard_is_understood(kiosk, at_kiosk):
    wide = "".join(chr(ord(char) + 0xFEE0) for char in kiosk.card_of(kiosk.household).lower())

    assert at_kiosk.post("/kiosk/card", data={"code": wide}).status_code == 303


@pytest.mark.parametrize("code", ["", "ABCDEFGH2345", "https://evil.example/", "\x00", "一" * 5000])
def test_what_is_no_card_is_refused_in_words(at_kiosk, code):
    answer = at_kiosk.post("/kiosk/card", data={"code": code})

    assert answer.status_code == 404
    assert "没有认出这张卡" in answer.text


def test_a_replaced_card_says_so(kiosk, at_kiosk):
    old = kiosk.card_of(kiosk.household)
    codes.replace(code=active_code(kiosk.household.id), reason="丢了", actor=SYSTEM, now=clock.now())

    answer = at_kiosk.post("/kiosk/card", data={"code": old})

    assert answer.status_code == 410
    assert "换过新卡" in answer.text


def test_a_card_of_another_community_is_not_known_here(kiosk, at_kiosk):
    neighbour = factories.make_community(name="桥西社区", street=kiosk.tree.street)
    stranger = factories.make_household(area=neighbour.micro_grid)
    codes.make_missing(holder_ids=[stranger.id], actor=SYSTEM, now=clock.now())

    assert kiosk.show_card(at_kiosk, stranger).status_code == 404


def test_a_closed_household_is_not_let_in(kiosk, at_kiosk):
    kiosk.household.active = False

    assert kiosk.show_card(at_kiosk).status_code == 404
    assert give_number_and_pin(at_kiosk, "03-12-02", kiosk.pins[kiosk.household.id]).status_code == 422


def test_a_household_that_is_closed_during_its_visit_is_out(kiosk, visiting):
    db.session.get(Household, kiosk.household.id).active = False

    assert visiting.get("/kiosk/balance").status_code == 401


def test_the_next_card_replaces_who_stood_here(kiosk, visiting):
    kiosk.show_card(visiting, kiosk.neighbour)

    page = visiting.get("/kiosk/balance").text
    assert "王*国家" in page
    assert "李*梅" not in page
    assert db.session.scalar(select(func.count()).where(KioskVisit.ended_at.is_(None))) == 1


def test_the_cookie_of_the_one_before_opens_nothing_after_the_next_card(kiosk, visiting):
    old = visiting.get_cookie("visit").value
    kiosk.show_card(visiting, kiosk.neighbour)
    visiting.set_cookie("visit", old)

    assert visiting.get("/kiosk/balance").status_code == 401


@pytest.mark.parametrize("number", ["03-12-02", "031202", "０３－１２－０２", " 03-1202 "])
def test_number_and_pin_open_the_balance_with_or_without_dashes(kiosk, at_kiosk, number):
    step = at_kiosk.post("/kiosk/number", data={"number": number})
    assert "六位查询密码" in step.text

    answer = give_number_and_pin(at_kiosk, number, kiosk.pins[kiosk.household.id])

    assert answer.headers["Location"] == "/kiosk/balance"


def test_digits_that_fit_two_households_stay_as_they_were_typed(kiosk):
    factories.make_household(courtyard=kiosk.yard, number="1-112")
    factories.make_household(courtyard=kiosk.yard, number="11-12")
    community = kiosk.tree.community.id

    assert number_typed(community, "1112") == "1112"
    assert number_typed(community, "11-12") == "11-12"
    assert number_typed(community, "%") == "%"
    assert number_typed(community, "") == ""


def test_the_step_before_the_pin_says_nothing_about_who_lives_there(kiosk, at_kiosk):
    pages = [at_kiosk.post("/kiosk/number", data={"number": number}) for number in ("03-12-02", "99-99-99")]

    shown = [
        re.sub(r'value="[^"]{20,}"', "", page.text).replace("03-12-02", "N").replace("99-99-99", "N") for page in pages
    ]
    assert shown[0] == shown[1]


def test_an_empty_number_is_asked_for_again(at_kiosk):
    for path in ("/kiosk/number", "/kiosk/number/pin"):
        answer = at_kiosk.post(path, data={"number": " "})
        assert answer.status_code == 422
        assert "请先输入户号" in answer.text


def test_an_empty_pin_is_asked_for_again_and_not_counted(kiosk, at_kiosk):
    answer = give_number_and_pin(at_kiosk, "03-12-02", "")

    assert answer.status_code == 422
    assert "请输入六位密码" in answer.text
    assert 'value="03-12-02"' in answer.text
    assert db.session.scalar(select(func.count()).select_from(FailedTry)) == 0


@pytest.mark.parametrize("number", ["03-12-02", "99-99-99"])
def test_a_wrong_pin_and_an_unknown_household_get_the_same_words(kiosk, at_kiosk, number):
    answer = give_number_and_pin(at_kiosk, number, "000000")

    assert answer.status_code == 422
    assert "户号或密码不对，还可以再试 4 次" in answer.text
    assert f'value="{number}"' in answer.text


def test_a_wrong_pin_counts_although_the_page_is_refused(kiosk, at_kiosk):
    give_number_and_pin(at_kiosk, "03-12-02", "000000")

    assert "还可以再试 3 次" in give_number_and_pin(at_kiosk, "031202", "000000").text


def test_after_five_wrong_pins_even_the_right_one_waits(kiosk, at_kiosk):
    for _ in range(5):
        give_number_and_pin(at_kiosk, "03-12-02", "000000")

    answer = give_number_and_pin(at_kiosk, "03-12-02", kiosk.pins[kiosk.household.id])
    assert answer.status_code == 429
    assert "15 分钟后再试" in answer.text
    assert "请工作人员帮忙" in answer.text

    with clock.travel(clock.now() + timedelta(minutes=16)):
        assert give_number_and_pin(at_kiosk, "03-12-02", kiosk.pins[kiosk.household.id]).status_code == 303


def test_ten_wrong_pins_stop_the_kiosk_whatever_the_household(kiosk, at_kiosk):
    for number in range(10):
        give_number_and_pin(at_kiosk, f"77-{number}", "000000")

    assert give_number_and_pin(at_kiosk, "03-12-02", kiosk.pins[kiosk.household.id]).status_code == 429


@pytest.mark.parametrize("pin", ["\x00", "1" * 5000, "'; DROP TABLE", "一二三四五六"])
def test_nonsense_for_a_pin_is_only_wrong(kiosk, at_kiosk, pin):
    assert give_number_and_pin(at_kiosk, "03-12-02", pin).status_code == 422


def test_a_pin_may_be_typed_in_full_width_digits(kiosk, at_kiosk):
    wide = "".join(chr(ord(char) + 0xFEE0) for char in kiosk.pins[kiosk.household.id])

    assert give_number_and_pin(at_kiosk, "03-12-02", wide).status_code == 303


def test_a_card_may_look_but_must_give_the_pin_to_spend(kiosk, visiting):
    answer = visiting.post("/kiosk/redeem", data={"item": kiosk.soap.id, "quantity": 1, "expected": 200})

    assert answer.headers["Location"].startswith("/kiosk/pin?next=/kiosk/redeem/confirm")
    assert kiosk.account.held.tenths == 0


def test_who_came_with_the_pin_may_spend_for_five_minutes(kiosk, at_kiosk):
    give_number_and_pin(at_kiosk, "03-12-02", kiosk.pins[kiosk.household.id])
    now = clock.now()
    assert "确认兑换</button>" in at_kiosk.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}").text
    for seconds in range(0, 310, 80):
        with clock.travel(now + timedelta(seconds=seconds)):
            at_kiosk.post("/kiosk/stay")
    with clock.travel(now + timedelta(seconds=310)):
        assert "输密码" in at_kiosk.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}").text


def test_the_pin_for_spending_leads_back_to_what_was_chosen(kiosk, visiting):
    pin = kiosk.pins[kiosk.household.id]
    answer = visiting.post("/kiosk/pin", data={"pin": pin, "next": "/kiosk/redeem/confirm?item=1&quantity=2"})

    assert answer.headers["Location"] == "/kiosk/redeem/confirm?item=1&quantity=2"


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/desk/users", "/kiosk/\\..", ""])
def test_the_pin_leads_to_pages_of_the_kiosk_only(kiosk, visiting, target):
    answer = visiting.post("/kiosk/pin", data={"pin": kiosk.pins[kiosk.household.id], "next": target})

    assert answer.headers["Location"] == "/kiosk/balance"


def test_a_neighbours_pin_opens_no_spending(kiosk, visiting):
    answer = visiting.post("/kiosk/pin", data={"pin": kiosk.pins[kiosk.neighbour.id]})

    assert answer.status_code == 422
    assert "还可以再试" in answer.text


def test_a_household_without_a_pin_is_told_where_to_get_one(kiosk, visiting):
    db.session.delete(db.session.get(HouseholdPin, kiosk.household.id))

    assert "还没有设查询密码" in visiting.get("/kiosk/pin").text


def test_what_was_chosen_before_identifying_is_kept_by_card_and_by_pin(kiosk, at_kiosk):
    wanted = f"/kiosk/redeem/confirm?item={kiosk.soap.id}"
    page = at_kiosk.get(f"/kiosk/number?item={kiosk.soap.id}").text
    assert page.count(f'name="item" value="{kiosk.soap.id}"') == 2  # the form's and the scanner's

    by_card = at_kiosk.post("/kiosk/card", data={"code": kiosk.card_of(kiosk.household), "item": kiosk.soap.id})
    assert by_card.headers["Location"] == wanted
    form = {"number": "03-12-02", "pin": kiosk.pins[kiosk.household.id], "item": kiosk.soap.id}
    assert at_kiosk.post("/kiosk/number/pin", data=form).headers["Location"] == wanted


def test_nobody_can_look_up_points_where_no_scheme_is_in_force(kiosk, at_kiosk):
    kiosk.scheme.active = False

    answer = kiosk.show_card(at_kiosk)

    assert answer.status_code == 503
    assert "还没有启用积分办法" in answer.text


def test_a_wrong_pin_after_a_card_says_only_that_the_pin_is_wrong(kiosk, visiting):
    answer = visiting.post("/kiosk/pin", data={"pin": "000000", "next": "/kiosk/vouchers"})

    assert answer.status_code == 422
    assert "密码不对，还可以再试 4 次" in answer.text
    assert "户号或密码" not in answer.text
