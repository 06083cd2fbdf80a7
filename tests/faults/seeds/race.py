"""Conditions that stand beside the statement that changes, or nowhere: harmless until two come at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from sqlalchemy import bindparam, select, update

from tests.faults.seeds.model import around, in_place
from webapp.core.errors import InsufficientPoints, OutOfStock
from webapp.extensions import db
from webapp.ledger.models import Account, Hold
from webapp.ledger.service import holds
from webapp.places.models import Household
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import vouchers

_account, _hold = Account.__table__.c, Hold.__table__.c
_AMOUNT = bindparam("p_amount")
_SET_ASIDE = holds._change_account(held=_account.held + _AMOUNT, holds=_account.holds + 1)


@contextmanager
def _balance_looked_at_first() -> Iterator[None]:
    changed = holds._changed

    def look_then_change(statement: Any, account_id: int, **values: int) -> bool:
        if statement is _SET_ASIDE:
            left = select(_account.balance - _account.held).where(_account.id == account_id)
            if int(db.session.scalar(left) or 0) < values["p_amount"]:
                raise InsufficientPoints("积分不够。")
        return changed(statement, account_id, **values)

    with patch.object(holds, "_SET_ASIDE", _SET_ASIDE), patch.object(holds, "_changed", look_then_change):
        yield


def _stock_looked_at_first(real: Any, item_id: int, quantity: int, household: Household) -> Item:
    item = db.session.get_one(Item, item_id, populate_existing=True)
    if item.left < quantity:
        raise OutOfStock("没有了。")
    return _changed(update(Item).where(Item.id == item_id).values(left=item.left - quantity).returning(Item))


def _changed(statement: Any) -> Any:
    options = {"synchronize_session": False, "populate_existing": True}
    return db.session.scalars(statement.execution_options(**options)).one()


def _ended_whatever_its_state(real: Any, voucher_id: int, state: str, label: str, note: str, now: Any) -> Voucher:
    values = {"state": state, "ended_at": now, "ended_by": label, "end_note": note}
    ended: Voucher = _changed(update(Voucher).where(Voucher.id == voucher_id).values(**values).returning(Voucher))
    return ended


@contextmanager
def _hand_over_without_states() -> Iterator[None]:
    """The voucher's state and the hold's: either alone stops the second clerk."""
    active = select(Hold.__table__).where(_hold.id == bindparam("hold"))
    with around(vouchers, "_end", _ended_whatever_its_state)(), patch.object(holds, "_ACTIVE", active):
        yield


SEEDS = {
    "balance-condition-dropped": in_place(holds, "_SET_ASIDE", _SET_ASIDE),
    "balance-looked-at-first": _balance_looked_at_first,
    "stock-looked-at-first": around(vouchers, "_take", _stock_looked_at_first),
    "hand-over-without-states": _hand_over_without_states,
}
