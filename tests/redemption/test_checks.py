"""``ledger verify`` compares vouchers and the shelf with the book; each seeded fault is named."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.conftest import both_databases, unguard
from tests.redemption.conftest import Town, redeem
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.explain import explain
from webapp.ledger.verify import WrongRowError, verify
from webapp.redemption.models import Voucher
from webapp.redemption.service import vouchers

#: What an intruder with the file would do -> what is said of it.
FAULTS = {
    "UPDATE voucher SET state = 'cancelled', ended_at = issued_at WHERE id = 1": "hold",
    "UPDATE voucher SET points = points + 10 WHERE id = 1": "voucher (id=1): its points are not held",
    "UPDATE voucher SET state = 'handed_over', ended_at = issued_at WHERE id = 1": "voucher",
    "UPDATE voucher SET points = points + 10 WHERE id = 2": "voucher (id=2): the book has no entry of this amount",
    "UPDATE voucher SET quantity = 9 WHERE id = 2": "voucher (id=2): the stock book does not say",
    'UPDATE item SET "left" = "left" + 1': "item (id=1): what is left is not",
}


@pytest.fixture
def three(town: Town) -> tuple[Voucher, Voucher, Voucher]:
    """One waits, one was fetched, one was cancelled."""
    waits = redeem(town)
    fetched = redeem(town)
    vouchers.hand_over(actor=SYSTEM, voucher_id=fetched.id, now=clock.now())
    town.item.limit_month = None
    db.session.flush()
    back = redeem(town)
    vouchers.cancel(actor=SYSTEM, voucher_id=back.id, reason="不要了", now=clock.now())
    return waits, fetched, back


@both_databases
def test_vouchers_that_were_only_moved_by_their_verbs_agree_with_the_book(three):
    assert verify(db.session.connection()).holds == 3


@both_databases
@pytest.mark.parametrize("change", FAULTS)
def test_a_voucher_or_shelf_changed_behind_its_back_is_named(three, change):
    unguard("voucher")
    db.session.execute(text(change))

    with pytest.raises(WrongRowError) as found:
        verify(db.session.connection())

    assert FAULTS[change] in str(found.value)


def test_points_held_for_a_voucher_that_is_not_there_are_named(town: Town):
    ledger.hold(
        account_id=town.account.id, amount=Points(5), cause=Cause("voucher", 77), reason="兑换", now=clock.now()
    )

    with pytest.raises(WrongRowError, match="no voucher waits for them"):
        verify(db.session.connection())


def test_a_line_of_a_voucher_says_what_it_was_for_and_who_gave_it_out(three):
    _, fetched, _ = three

    found = explain(Cause("voucher", fetched.id))

    assert found.text.endswith("每份 20 分，1 份共 20 分")
    assert found.recorder == "系统"
    assert fetched.number in found.note
    assert explain(Cause("voucher", 999_999)) is None
