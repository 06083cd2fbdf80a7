"""Many at once: the last thing goes to exactly one, and no point is ever spent twice."""

from __future__ import annotations

import pytest

from tests.conftest import KEY, both_databases
from tests.factories import give_points, make_community, make_household, make_item, make_scheme
from tests.faults.together import at_once
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import vouchers

CLIENTS = 20


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
def town(app):
    tree = make_community()
    return tree, make_scheme(area=tree.community)


@both_databases
def test_the_last_item_goes_to_exactly_one_of_twenty(app, town):
    tree, scheme = town
    item = make_item(area=tree.community, scheme=scheme, left=1)
    households = [make_household(area=tree.micro_grid) for _ in range(CLIENTS)]
    for household in households:
        give_points(household, scheme, 100)
    ids, item_id = [household.id for household in households], item.id
    db.session.commit()

    results = at_once(app, [lambda household_id=one: redeem(household_id, item_id) for one in ids])

    assert results == {"done": 1, "OutOfStock": CLIENTS - 1}
    assert db.session.get(Item, item_id, populate_existing=True).left == 0
    db.session.rollback()


@both_databases
def test_one_balance_pays_for_exactly_one_of_twenty(app, town):
    tree, scheme = town
    household = make_household(area=tree.micro_grid)
    give_points(household, scheme, 30)
    item = make_item(area=tree.community, scheme=scheme, left=CLIENTS)
    household_id, item_id, scheme_id = household.id, item.id, scheme.id
    db.session.commit()

    results = at_once(app, [lambda: redeem(household_id, item_id)] * CLIENTS)

    assert results == {"done": 1, "InsufficientPoints": CLIENTS - 1}
    state = find_account(household_id, scheme_id)
    assert (state.balance, state.held) == (Points.whole(30), Points.whole(20))
    assert db.session.get(Item, item_id, populate_existing=True).left == CLIENTS - 1
    db.session.rollback()


@both_databases
def test_a_voucher_is_handed_over_by_exactly_one_of_twenty_clerks(app, town):
    tree, scheme = town
    household = make_household(area=tree.micro_grid)
    give_points(household, scheme, 30)
    voucher_id = redeem(household.id, make_item(area=tree.community, scheme=scheme).id).id
    household_id, scheme_id = household.id, scheme.id
    db.session.commit()

    results = at_once(app, [lambda: vouchers.hand_over(actor=SYSTEM, voucher_id=voucher_id, now=clock.now())] * CLIENTS)

    assert results == {"done": 1, "AlreadyUsed": CLIENTS - 1}
    assert find_account(household_id, scheme_id).balance == Points.whole(10)
    db.session.rollback()


@both_databases
def test_fetching_and_cancelling_at_once_has_one_outcome(app, town):
    tree, scheme = town
    household = make_household(area=tree.micro_grid)
    give_points(household, scheme, 30)
    item = make_item(area=tree.community, scheme=scheme, left=5)
    voucher_id, item_id, household_id = redeem(household.id, item.id).id, item.id, household.id
    db.session.commit()

    def fetch():
        return vouchers.hand_over(actor=SYSTEM, voucher_id=voucher_id, now=clock.now())

    def cancel():
        return vouchers.cancel(actor=SYSTEM, voucher_id=voucher_id, reason="不要了", now=clock.now())

    results = at_once(app, [fetch, cancel] * 5)

    assert results == {"done": 1, "AlreadyUsed": 9}
    state = find_account(household_id, scheme.id)
    left = db.session.get(Item, item_id, populate_existing=True).left
    assert (state.balance.tenths, left) in ((100, 4), (300, 5))
    assert state.held == Points(0)
    db.session.rollback()
