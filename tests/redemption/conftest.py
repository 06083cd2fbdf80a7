"""A household with points and a shelf with things."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tests.conftest import KEY
from tests.factories import CommunityTree, give_points, make_community, make_household, make_item, make_scheme
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.ledger.queries import find_account
from webapp.places.models import Household
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import vouchers
from webapp.schemes.models import Scheme


@dataclass
class Town:
    tree: CommunityTree
    scheme: Scheme
    household: Household
    item: Item

    @property
    def account(self):
        return find_account(self.household.id, self.scheme.id)


@pytest.fixture
def town(app) -> Town:
    """A household with 100 points, and ten bottles of 20 points each, two a month."""
    tree = make_community()
    scheme = make_scheme(area=tree.community)
    household = make_household(area=tree.micro_grid)
    give_points(household, scheme, 100)
    return Town(tree, scheme, household, make_item(area=tree.community, scheme=scheme, limit_month=2))


def redeem(town: Town, quantity: int = 1, *, now=None, expected: int | None = None, household=None) -> Voucher:
    points = Points.whole(expected if expected is not None else 20 * quantity)
    return vouchers.redeem(
        actor=SYSTEM,
        household_id=(household or town.household).id,
        item_id=town.item.id,
        quantity=quantity,
        expected=points,
        key=KEY,
        now=now or clock.now(),
    )
