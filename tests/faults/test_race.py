"""Many at once: the last thing goes to exactly one, and no point is ever spent twice."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from tests.conftest import KEY, both_databases
from tests.factories import CommunityTree, give_points, make_community, make_household, make_item, make_scheme, serial
from tests.faults.office import Office, check_points
from tests.faults.serving import Answer
from tests.faults.together import at_once
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db, start_writing
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.models import Account
from webapp.ledger.queries import find_account
from webapp.ledger.verify import verify_all
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import stock, vouchers
from webapp.schemes.models import Scheme

CLIENTS = 20


@pytest.fixture
def rounds(scale) -> int:
    return scale(small=2, routine=8, full=200)


def redeem(household_id: int, item_id: int) -> Voucher:
    return vouchers.redeem(
        actor=SYSTEM,
        household_id=household_id,
        item_id=item_id,
        quantity=1,
        expected=Points.whole(20),
        key=KEY,
        now=clock.now(),
    )


@pytest.fixture
def town(app) -> tuple[CommunityTree, Scheme]:
    tree = make_community()
    return tree, make_scheme(area=tree.community)


def nothing_is_wrong() -> None:
    """Nobody is below zero, and the whole book is right."""
    start_writing()
    check_points()
    db.session.rollback()
    verify_all(db.engine)


def kind_of_database() -> str:
    return {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[db.engine.dialect.name]


@both_databases
def test_the_last_item_goes_to_exactly_one_of_twenty(app, town, rounds, figure):
    tree, scheme = town
    item_id = make_item(area=tree.community, scheme=scheme, left=0).id
    households = [make_household(area=tree.micro_grid) for _ in range(CLIENTS)]
    for household in households:
        give_points(household, scheme, 20 * rounds)
    ids = [household.id for household in households]

    for _ in range(rounds):
        stock.receive(item=db.session.get_one(Item, item_id), quantity=1, note="", actor=SYSTEM, now=clock.now())
        db.session.commit()
        results = at_once(app, [lambda household_id=one: redeem(household_id, item_id) for one in ids])
        assert results == {"done": 1, "OutOfStock": CLIENTS - 1}

    assert db.session.get(Item, item_id, populate_existing=True).left == 0
    assert db.session.scalar(select(func.count()).select_from(Voucher)) == rounds
    nothing_is_wrong()
    figure(f"R4 race, last item ({kind_of_database()}): {rounds} rounds, {CLIENTS} each, exactly 1 each time")


@both_databases
def test_one_balance_pays_for_exactly_one_of_twenty(app, town, rounds, figure):
    """Each wants another thing: they meet at the account alone."""
    tree, scheme = town
    items = [make_item(area=tree.community, scheme=scheme, left=rounds).id for _ in range(CLIENTS)]
    scheme_id = scheme.id

    for number in range(1, rounds + 1):
        household = make_household(area=tree.micro_grid)
        give_points(household, db.session.get_one(Scheme, scheme_id), 30)
        household_id = household.id
        db.session.commit()
        results = at_once(app, [lambda item_id=one, home=household_id: redeem(home, item_id) for one in items])
        assert results == {"done": 1, "InsufficientPoints": CLIENTS - 1}
        state = find_account(household_id, scheme_id)
        assert (state.balance, state.held) == (Points.whole(30), Points.whole(20))
        assert db.session.scalar(select(func.sum(Item.left))) == CLIENTS * rounds - number
        db.session.rollback()

    nothing_is_wrong()
    figure(f"R4 race, one balance ({kind_of_database()}): {rounds} rounds, {CLIENTS} each, exactly 1 each time")


def issued(tree: CommunityTree, scheme: Scheme, item_id: int) -> tuple[int, int]:
    """A household with 30 points, and its voucher for 20 of them."""
    household = make_household(area=tree.micro_grid)
    give_points(household, scheme, 30)
    voucher_id = redeem(household.id, item_id).id
    household_id = household.id
    db.session.commit()
    return household_id, voucher_id


@both_databases
def test_a_voucher_is_handed_over_by_exactly_one_of_twenty_clerks(app, town, rounds, figure):
    tree, scheme = town
    item_id = make_item(area=tree.community, scheme=scheme, left=rounds).id

    for _ in range(rounds):
        household_id, voucher_id = issued(tree, scheme, item_id)

        def hand_over(voucher_id: int = voucher_id) -> Voucher:
            return vouchers.hand_over(actor=SYSTEM, voucher_id=voucher_id, now=clock.now())

        assert at_once(app, [hand_over] * CLIENTS) == {"done": 1, "AlreadyUsed": CLIENTS - 1}
        assert find_account(household_id, scheme.id).balance == Points.whole(10)
        db.session.rollback()

    nothing_is_wrong()
    figure(f"R4 race, one voucher ({kind_of_database()}): {rounds} rounds, {CLIENTS} clerks, handed over once each")


@both_databases
def test_fetching_and_cancelling_at_once_has_one_outcome(app, town, rounds):
    tree, scheme = town
    item_id, left = make_item(area=tree.community, scheme=scheme, left=5 * rounds).id, 5 * rounds

    for _ in range(rounds):
        household_id, voucher_id = issued(tree, scheme, item_id)

        def fetch(voucher_id: int = voucher_id) -> Voucher:
            return vouchers.hand_over(actor=SYSTEM, voucher_id=voucher_id, now=clock.now())

        def cancel(voucher_id: int = voucher_id) -> Voucher:
            return vouchers.cancel(actor=SYSTEM, voucher_id=voucher_id, reason="不要了", now=clock.now())

        assert at_once(app, [fetch, cancel] * 5) == {"done": 1, "AlreadyUsed": 9}
        state = find_account(household_id, scheme.id)
        before, left = left, db.session.get(Item, item_id, populate_existing=True).left
        assert (state.balance.tenths, before - left) in ((100, 1), (300, 0))
        assert state.held == Points(0)
        db.session.rollback()

    nothing_is_wrong()


# Through the real server ----------------------------------------------------------------------------------------------


def prepare(office: Office, kind: str, account_id: int) -> int | None:
    """One is left on the shelf, or the points for one: then all others are held, by the hold returned."""
    start_writing()
    item, now = db.session.get_one(Item, office.item, populate_existing=True), clock.now()
    found = 1 if kind == "last item" else 50
    stock.count(item=item, found=found, note="盘点", actor=SYSTEM, now=now)
    held = None
    if kind == "one balance":
        account = db.session.get_one(Account, account_id, populate_existing=True)
        rest = Points(account.balance - account.held - item.price)
        cause = Cause("race", serial())
        held = ledger.hold(account_id=account_id, amount=rest, cause=cause, reason="别的用处", now=now).id
    db.session.commit()
    return held


@both_databases
def test_two_kiosks_and_a_double_tap_on_each_redeem_once(office, scale, figure):
    """The same household at two kiosks, each of which sends its form twice at the same moment."""
    rounds = scale(small=2, routine=6, full=100)
    office.cards = [office.cards[0]] * 2
    office.open_for_business(running=False)
    senders = [send for name, send in office.load.senders.items() if name.startswith("redeem")]
    start_writing()
    account_id, before = db.session.scalar(select(func.min(Account.id)).where(Account.balance > 0)), 0
    db.session.rollback()
    refused: Counter[int] = Counter()

    with ThreadPoolExecutor(2 * len(senders)) as pool:
        for number in range(rounds):
            held = prepare(office, ("last item", "one balance")[number % 2], account_id)
            keys = [f"tap-{number}-{kiosk}" for kiosk in range(len(senders))] * 2
            answers: list[Answer] = list(pool.map(lambda send, key: send(key), senders * 2, keys))
            redeemed = [one.location for one in answers if one.location.startswith("/kiosk/vouchers/")]
            assert len(redeemed) == 2, answers
            assert len(set(redeemed)) == 1, "the same voucher for both taps"
            refused.update(one.status for one in answers if one.location not in redeemed)
            start_writing()
            before, issued_now = before + 1, db.session.scalar(select(func.count()).select_from(Voucher))
            assert issued_now == before
            if held is not None:
                ledger.release(hold_id=held, now=clock.now())
            db.session.commit()

    assert all(400 <= status < 500 for status in refused), refused
    assert refused.total() == 2 * rounds, "one kiosk came too late, both times that it was tapped"
    nothing_is_wrong()
    figure(f"R4 race over HTTP ({kind_of_database()}): {rounds} rounds, 2 kiosks, double tap, 1 voucher each, 0 5xx")
