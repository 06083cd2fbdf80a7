"""Points for goods: held, then spent or given back; never twice, never too many."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.conftest import KEY, both_databases
from tests.factories import give_points, make_community, make_household, make_item
from tests.redemption.conftest import Town, redeem
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import (
    AlreadyUsed,
    Conflict,
    Gone,
    InsufficientPoints,
    Invalid,
    LimitReached,
    NotAllowed,
    NotFound,
    OnHold,
    OutOfStock,
)
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import last_entries
from webapp.redemption import queries
from webapp.redemption.models import StockMovement, Voucher
from webapp.redemption.service import catalogue, stock, vouchers
from webapp.redemption.service.catalogue import ItemText


def left(town: Town) -> int:
    db.session.refresh(town.item)
    return town.item.left


@both_databases
def test_redeeming_holds_the_points_and_takes_the_thing_off_the_shelf(town):
    voucher = redeem(town, 2)

    assert (town.account.balance, town.account.held) == (Points.whole(100), Points.whole(40))
    assert town.account.available == Points.whole(60)
    assert left(town) == 8
    assert voucher.state == "issued"


@both_databases
def test_handing_over_spends_the_held_points_once(town):
    voucher = redeem(town)
    vouchers.hand_over(actor=SYSTEM, voucher_id=voucher.id, now=clock.now())

    assert (town.account.balance, town.account.held) == (Points.whole(80), Points(0))
    assert last_entries(town.account.id, 1)[0].amount == Points.whole(-20)
    with pytest.raises(AlreadyUsed, match="已经领取过"):
        vouchers.hand_over(actor=SYSTEM, voucher_id=voucher.id, now=clock.now())
    assert left(town) == 9


@both_databases
def test_cancelling_gives_points_and_thing_back(town):
    voucher = redeem(town)
    vouchers.cancel(actor=SYSTEM, voucher_id=voucher.id, reason="不要了", now=clock.now())

    assert (town.account.balance, town.account.held) == (Points.whole(100), Points(0))
    assert left(town) == 10
    with pytest.raises(AlreadyUsed, match="已经取消"):
        vouchers.hand_over(actor=SYSTEM, voucher_id=voucher.id, now=clock.now())


@both_databases
def test_a_voucher_not_fetched_in_time_gives_everything_back_by_itself(town):
    voucher = redeem(town)
    late = clock.now() + timedelta(days=17)

    with pytest.raises(Gone, match="已过期"):
        vouchers.hand_over(actor=SYSTEM, voucher_id=voucher.id, now=late)
    assert vouchers.expire_due(late) == 1
    assert vouchers.expire_due(late) == 0
    assert (town.account.held, left(town)) == (Points(0), 10)
    assert db.session.get(Voucher, voucher.id).state == "expired"


def test_a_voucher_is_good_until_the_evening_of_its_last_day(town):
    voucher = redeem(town)
    last_evening = voucher.expires_at - timedelta(minutes=1)

    assert clock.local(voucher.expires_at).strftime("%H:%M") == "00:00"
    vouchers.hand_over(actor=SYSTEM, voucher_id=voucher.id, now=last_evening)


def test_a_household_that_comes_to_look_never_sees_points_held_by_a_dead_voucher(town):
    redeem(town)
    assert vouchers.expire_of_household(household_id=town.household.id, now=clock.now() + timedelta(days=40)) == 1
    assert town.account.held == Points(0)


@both_databases
def test_redeeming_more_than_the_balance_is_refused(town):
    poor = make_household(area=town.tree.micro_grid)
    give_points(poor, town.scheme, 19)

    with pytest.raises(InsufficientPoints, match="可以用的还有 19 分，需要 20 分"):
        redeem(town, household=poor)


def test_held_points_cannot_be_spent_a_second_time(town):
    item = make_item(area=town.tree.community, scheme=town.scheme, price=90)
    redeem(town)
    with pytest.raises(InsufficientPoints):
        vouchers.redeem(
            actor=SYSTEM,
            household_id=town.household.id,
            item_id=item.id,
            quantity=1,
            expected=Points.whole(90),
            key=KEY,
            now=clock.now(),
        )


@both_databases
def test_what_is_sold_out_is_refused(town):
    stock.write_off(item=town.item, quantity=10, note="漏了", actor=SYSTEM, now=clock.now())
    with pytest.raises(OutOfStock, match="只剩 0"):
        redeem(town)


@both_databases
def test_a_household_gets_its_share_of_a_month_and_no_more(town):
    redeem(town, 2)
    with pytest.raises(LimitReached, match="每户每月最多换 2"):
        redeem(town)


def test_a_cancelled_voucher_does_not_count_towards_the_month(town):
    vouchers.cancel(actor=SYSTEM, voucher_id=redeem(town, 2).id, reason="改主意", now=clock.now())
    redeem(town, 2)


def test_the_next_month_begins_anew(town):
    redeem(town, 2)
    redeem(town, 2, now=clock.now() + timedelta(days=32))


def test_a_price_that_changed_since_it_was_shown_is_not_charged(town):
    with pytest.raises(Conflict, match="刚刚改成 20 分"):
        redeem(town, expected=15)


def test_a_locked_account_spends_nothing(town):
    ledger.lock(account_id=town.account.id, cause=Cause("record", 1), reason="一票否决", now=clock.now())
    with pytest.raises(OnHold, match="服务台"):
        redeem(town)


def test_goods_of_another_community_are_not_offered(town):
    neighbour = make_community(street=town.tree.street, name="永安社区")
    stranger = make_household(area=neighbour.micro_grid)
    with pytest.raises(NotFound, match="不在您的社区"):
        redeem(town, household=stranger)


@pytest.mark.parametrize("quantity", [0, -1, 21])
def test_a_quantity_that_cannot_be_is_refused(town, quantity):
    with pytest.raises(Invalid, match="1 到 20"):
        redeem(town, quantity, expected=20)


def test_the_code_finds_its_voucher_however_it_is_typed(town):
    voucher = redeem(town)
    code = vouchers.voucher_code(KEY, voucher)

    assert len(code) == 13
    assert vouchers.find_voucher(code).id == voucher.id
    assert vouchers.find_voucher(f" {code[:4].lower()}-{code[4:8]} {code[8:]} ").id == voucher.id
    with pytest.raises(NotFound, match="没有这张积分券"):
        vouchers.find_voucher("0" * 13)


def test_the_database_keeps_only_a_fingerprint_of_the_code(town):
    voucher = redeem(town)
    code = vouchers.voucher_code(KEY, voucher)

    row = db.session.execute(select(Voucher.__table__).where(Voucher.id == voucher.id)).one()
    assert code not in str(row)


def test_a_clerk_of_another_community_hands_nothing_over(town):
    voucher = redeem(town)
    stranger = Actor(kind="staff", label="邻居", grants={"vouchers.hand_over": ("/999/",)})
    with pytest.raises(NotAllowed):
        vouchers.hand_over(actor=stranger, voucher_id=voucher.id, now=clock.now())


def test_the_stock_book_says_where_everything_went(town):
    voucher = redeem(town, 2)
    vouchers.cancel(actor=SYSTEM, voucher_id=voucher.id, reason="不要了", now=clock.now())
    stock.count(item=town.item, found=9, note="少了一瓶", actor=SYSTEM, now=clock.now())

    lines = db.session.execute(
        select(StockMovement.kind, StockMovement.change, StockMovement.left_after).order_by(StockMovement.id)
    ).all()
    assert [tuple(line) for line in lines] == [
        ("received", 10, 10),
        ("redeemed", -2, 8),
        ("returned", 2, 10),
        ("counted", -1, 9),
    ]


def test_a_count_that_differs_needs_its_reason(town):
    with pytest.raises(Invalid, match="写明原因"):
        stock.count(item=town.item, found=9, note="", actor=SYSTEM, now=clock.now())


def test_more_cannot_be_written_off_than_is_left(town):
    with pytest.raises(OutOfStock, match="只剩 10"):
        stock.write_off(item=town.item, quantity=11, note="丢了", actor=SYSTEM, now=clock.now())


@both_databases
def test_the_stock_book_cannot_be_changed_or_shortened(town):
    from sqlalchemy.exc import DatabaseError

    db.session.commit()
    for statement in ("UPDATE stock_movement SET change = 99", "DELETE FROM stock_movement"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(db.text(statement))
        db.session.rollback()


@both_databases
def test_the_catalogue_says_why_a_thing_cannot_be_had(town):
    make_item(area=town.tree.community, scheme=town.scheme, name="大米", price=150)
    make_item(area=town.tree.community, scheme=town.scheme, name="香皂", price=5, left=0)
    redeem(town, 2)

    offers = queries.catalogue(
        town.tree.community.path,
        household_id=town.household.id,
        month=clock.month_of(clock.now()),
        available=town.account.available,
    )
    words = {offer.name: offer.why_not for offer in offers}
    assert words == {town.item.name: "本月已换够", "大米": "还差 90 分", "香皂": "已换完"}


def test_the_catalogue_without_a_household_shows_what_there_is(town):
    offers = queries.catalogue(town.tree.community.path)
    assert [(offer.left, offer.why_not) for offer in offers] == [(10, "")]


def test_two_things_of_one_name_are_refused(town):
    with pytest.raises(Conflict, match="同名"):
        catalogue.add_item(
            area=town.tree.community,
            scheme=town.scheme,
            text=ItemText(name=town.item.name, price=Points.whole(1)),
            actor=SYSTEM,
            now=clock.now(),
        )
