"""Redeeming at the kiosk: what is offered, the PIN, exactly once, and the voucher."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import factories
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service.vouchers import hand_over, voucher_code


@pytest.fixture
def spending(kiosk, visiting):
    """The PIN has been given."""
    assert kiosk.give_pin(visiting).status_code == 303
    return visiting


def redeem(client, kiosk, *, item=None, quantity=1, expected=None, **more):
    thing = item or kiosk.soap
    expected = thing.price * quantity if expected is None else expected
    return client.post("/kiosk/redeem", data={"item": thing.id, "quantity": quantity, "expected": expected, **more})


def vouchers():
    return db.session.scalar(select(func.count()).select_from(Voucher))


def test_the_catalogue_says_what_can_be_had_and_why_not(kiosk, visiting):
    factories.make_item(area=kiosk.tree.community, scheme=kiosk.scheme, name="雨伞", left=0, price=5)

    page = visiting.get("/kiosk/redeem").text

    for words in ("洗衣液 2 kg", "还有 10 件", "还差 722 分", "已换完", "可以用 128 分"):
        assert words in page


def test_the_sum_is_shown_as_soon_as_something_is_chosen(kiosk, visiting):
    answer = visiting.get(f"/kiosk/redeem/sum?item={kiosk.soap.id}", headers={"HX-Request": "true"})

    assert "用 <b>20</b> 分，剩 <b>108</b> 分" in answer.text
    assert "还差 722 分" in visiting.get(f"/kiosk/redeem/sum?item={kiosk.oil.id}").text


def test_who_can_have_nothing_yet_is_shown_how_to_get_points(kiosk, visiting):
    assert "下一步" in visiting.get("/kiosk/redeem").text
    for item in db.session.scalars(select(Item)):
        item.price = 99_990

    page = visiting.get("/kiosk/redeem").text

    assert "下一步" not in page
    assert 'href="/kiosk/rules"' in page


def test_an_empty_shop_says_so(kiosk, visiting):
    for item in db.session.scalars(select(Item)):
        item.active = False

    assert "还没有可以兑换的物品" in visiting.get("/kiosk/redeem").text


def test_who_only_looks_sees_the_catalogue_and_is_asked_who_they_are(kiosk, at_kiosk):
    page = at_kiosk.get("/kiosk/goods").text

    assert "洗衣液 2 kg" in page
    assert 'action="/kiosk/number"' in page
    assert "先说说您是哪一户" in at_kiosk.get(f"/kiosk/number?item={kiosk.soap.id}").text


def test_confirming_names_the_cost_and_what_is_left(kiosk, spending):
    page = spending.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}&quantity=2").text

    assert "用 <b>40</b> 分，剩 <b>88</b> 分" in page
    assert "2 件" in page
    assert 'name="expected" value="400"' in page


@pytest.mark.parametrize(
    ("asked", "shown"), [("0", "1 件"), ("9", "2 件"), ("-3", "1 件"), ("x", "1 件"), ("9" * 30, "1 件")]
)
def test_the_amount_stays_within_limit_and_points(kiosk, spending, asked, shown):
    assert f"<b>{shown}</b>" in spending.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}&quantity={asked}").text


def test_a_thing_with_one_a_month_has_no_stepper(kiosk, spending):
    one = factories.make_item(area=kiosk.tree.community, scheme=kiosk.scheme, limit_month=1)

    assert "stepper" not in spending.get(f"/kiosk/redeem/confirm?item={one.id}").text


def test_redeeming_holds_the_points_and_shows_the_voucher(kiosk, spending):
    answer = redeem(spending, kiosk, quantity=2)

    voucher = db.session.scalars(select(Voucher)).one()
    assert answer.headers["Location"] == f"/kiosk/vouchers/{voucher.id}"
    assert kiosk.account.held.tenths == 400
    assert voucher.station_id == kiosk.station.id
    page = spending.get(answer.headers["Location"]).text
    code = voucher_code(spending.application.config["SECRET_KEY"], voucher)
    assert f"{code[:4]}-{code[4:8]}-{code[8:12]}-{code[12:]}" in page
    assert "已兑换 洗衣液 2 kg × 2" in page
    assert "党群服务中心" in page
    assert "还可以用 88 分" in page


def test_a_double_tap_redeems_once(kiosk, spending):
    answers = [redeem(spending, kiosk, _once="one key of one form") for _ in range(2)]

    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert vouchers() == 1
    assert kiosk.account.held.tenths == 200


def test_the_same_form_with_another_amount_is_refused(kiosk, spending):
    redeem(spending, kiosk, _once="one key of one form")

    assert redeem(spending, kiosk, quantity=2, _once="one key of one form").status_code == 409
    assert vouchers() == 1


def test_without_the_pin_a_straight_post_spends_nothing(kiosk, visiting):
    assert "/kiosk/pin" in redeem(visiting, kiosk).headers["Location"]
    assert vouchers() == 0


def test_too_few_points_are_refused_in_words_and_the_choice_stays(kiosk, spending):
    answer = redeem(spending, kiosk, item=kiosk.oil)

    assert answer.status_code == 409
    assert "食用油 5 L" in answer.text
    assert vouchers() == 0


def test_the_last_one_gone_meanwhile_is_refused_in_words(kiosk, spending):
    db.session.get(Item, kiosk.soap.id).left = 0

    answer = redeem(spending, kiosk)

    assert answer.status_code == 409
    assert "换一种" in answer.text
    assert kiosk.account.held.tenths == 0


def test_a_third_one_in_the_month_is_refused_in_words(kiosk, spending):
    redeem(spending, kiosk, quantity=2)

    answer = redeem(spending, kiosk)

    assert answer.status_code == 409
    assert "最多换 2 件" in answer.text
    assert "本月已换够" in spending.get("/kiosk/redeem").text
    assert "本月已换够" in spending.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}").text


def test_a_price_that_changed_meanwhile_is_refused_in_words(kiosk, spending):
    answer = redeem(spending, kiosk, expected=100)

    assert answer.status_code == 409
    assert "刚刚改成" in answer.text


def test_a_locked_account_redeems_nothing(kiosk, spending):
    ledger.lock(account_id=kiosk.account.id, cause=Cause("veto", 1), reason="一票否决", now=clock.now())

    assert redeem(spending, kiosk).status_code == 409
    assert "积分暂时冻结" in spending.get(f"/kiosk/redeem/confirm?item={kiosk.soap.id}").text


@pytest.mark.parametrize("item", ["", "0", "999", "x", "9" * 40, "-1"])
def test_a_thing_that_is_not_offered_is_not_found(kiosk, spending, item):
    assert spending.get(f"/kiosk/redeem/confirm?item={item}").status_code == 404
    answer = spending.post("/kiosk/redeem", data={"item": item, "quantity": 1, "expected": 200})
    assert answer.status_code == 404


def test_another_communitys_thing_is_not_offered(kiosk, spending):
    neighbour = factories.make_community(name="桥西社区", street=kiosk.tree.street)
    scheme = factories.make_scheme(area=neighbour.community)
    theirs = factories.make_item(area=neighbour.community, scheme=scheme, name="别人的米")

    assert "别人的米" not in spending.get("/kiosk/redeem").text
    assert redeem(spending, kiosk, item=theirs).status_code == 404
    assert vouchers() == 0


def test_a_card_alone_shows_no_code_of_a_voucher(kiosk, spending):
    redeem(spending, kiosk)
    kiosk.show_card(spending)  # a new visit, without the PIN

    listed = spending.get("/kiosk/vouchers").text
    code = voucher_code(spending.application.config["SECRET_KEY"], db.session.get(Voucher, 1))
    assert "洗衣液 2 kg" in listed
    assert code[:4] not in listed
    for path in ("/kiosk/vouchers/1", "/kiosk/vouchers/1/cancel"):
        assert spending.get(path).headers["Location"] == f"/kiosk/pin?next={path}"
    for path in ("/kiosk/vouchers/1/print", "/kiosk/vouchers/1/cancel"):
        assert "/kiosk/pin" in spending.post(path).headers["Location"]
    assert db.session.get(Voucher, 1).state == "issued"


def test_a_neighbour_opens_prints_and_cancels_none_of_the_vouchers(kiosk, spending):
    redeem(spending, kiosk)
    kiosk.show_card(spending, kiosk.neighbour)
    kiosk.give_pin(spending, kiosk.neighbour)

    assert spending.get("/kiosk/vouchers/1").status_code == 404
    assert spending.get("/kiosk/vouchers/1/cancel").status_code == 404
    assert spending.post("/kiosk/vouchers/1/cancel").status_code == 404
    assert spending.post("/kiosk/vouchers/1/print").status_code == 404
    assert "还没有积分券" in spending.get("/kiosk/vouchers").text


def test_cancelling_is_asked_first_and_gives_points_and_thing_back(kiosk, spending):
    redeem(spending, kiosk)

    assert "不换「洗衣液 2 kg」了吗" in spending.get("/kiosk/vouchers/1/cancel").text
    assert db.session.get(Voucher, 1).state == "issued"
    answer = spending.post("/kiosk/vouchers/1/cancel")

    assert answer.headers["Location"] == "/kiosk/vouchers"
    assert "20 分已退回" in spending.get("/kiosk/vouchers").text
    assert kiosk.account.held.tenths == 0
    assert db.session.get(Item, kiosk.soap.id).left == 10


def test_a_voucher_that_was_handed_over_can_not_be_cancelled(kiosk, spending):
    redeem(spending, kiosk)
    clerk = Actor(kind="staff", label="店员", grants={"vouchers.hand_over": ("/",)})
    hand_over(actor=clerk, voucher_id=1, now=clock.now())

    answer = spending.post("/kiosk/vouchers/1/cancel")

    assert answer.status_code == 409
    assert "已经领取过了" in answer.text
    assert "不能再用了" in spending.get("/kiosk/vouchers/1").text
    assert spending.get("/kiosk/vouchers/1/cancel").headers["Location"] == "/kiosk/vouchers"


def test_a_voucher_that_is_over_is_given_back_when_its_household_comes_again(kiosk, spending):
    redeem(spending, kiosk)
    with clock.travel(clock.now() + timedelta(days=20)):
        kiosk.show_card(spending)
        assert "128<small>" in spending.get("/kiosk/balance").text
        assert "已过期" in spending.get("/kiosk/vouchers").text


def test_the_second_paper_of_a_voucher_says_that_it_is_a_copy(kiosk, spending):
    redeem(spending, kiosk)
    spending.post("/kiosk/vouchers/1/print")
    first = spending.get("/kiosk/vouchers/1").text
    spending.post("/kiosk/vouchers/1/print")
    second = spending.get("/kiosk/vouchers/1").text

    assert "data-print-now" in first
    assert "副本" not in first
    assert "（副本 1）" in second
    assert "data-print-now" not in spending.get("/kiosk/vouchers/1").text
