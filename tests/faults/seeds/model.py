"""Bugs of the book, as a hurried change could bring them in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import Mock, patch

from sqlalchemy import bindparam, select, update

from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause, EntryLine
from webapp.ledger.models import Account
from webapp.ledger.service import holds, lapsing, posting, writing
from webapp.places.models import Household
from webapp.places.service.imports.settling import Settling
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.service import booking, reviewing
from webapp.redemption.models import Item
from webapp.redemption.service import vouchers
from webapp.reviews import queries as reviews

_account = Account.__table__.c
Fault = Callable[[], AbstractContextManager[object]]


def around(owner: Any, name: str, changed: Callable[..., Any]) -> Fault:
    """``changed(real, *args, **given)`` in place of a function of the product."""

    @contextmanager
    def planted() -> Iterator[None]:
        real = getattr(owner, name)

        def instead(*args: Any, **given: Any) -> Any:
            return changed(real, *args, **given)

        with patch.object(owner, name, instead):
            yield

    return planted


def in_place(owner: Any, name: str, value: Any) -> Fault:
    return lambda: patch.object(owner, name, value)


def _set_aside(*conditions: Any) -> Any:
    values = {"held": _account.held + bindparam("p_amount"), "holds": _account.holds + 1}
    return holds._change_account(**values).where(*conditions)


# Points ---------------------------------------------------------------------------------------------------------------


def _no_roll_up_of_deductions(real: Any, **given: Any) -> EntryLine:
    line: EntryLine = real(**given, rolls_up=given["posting"].amount.tenths > 0)
    return line


def _wrong_sign(real: Any, entry: EntryLine, *rest: Any) -> Any:
    return replace(real(entry, *rest), amount=entry.amount)


def _without_month(real: Any, moved: Any, what: Any, *rest: Any) -> Any:
    if what.kind != "reversal":
        return real(moved, what, *rest)
    with patch.object(writing, "_ADD_TO_MONTH", Mock()):
        return real(moved, what, *rest)


def _whole_points(real: Any, *args: Any, **given: Any) -> Any:
    made = real(*args, **given)
    return replace(made, amount=Points(made.amount.tenths // 10 * 10))


def _where_it_lives_now(real: Any, entry: EntryLine) -> EntryLine | None:
    """The roll-up is taken back from the courtyard of today."""
    rolled = real(entry)
    if rolled is None:
        return None
    here = (
        select(Account.id)
        .join(Household, Household.courtyard_id == Account.holder_id)
        .where(Household.id == select(_account.holder_id).where(_account.id == entry.account_id).scalar_subquery())
    )
    return replace(rolled, account_id=db.session.scalar(here) or rolled.account_id)


def _held_points_too(real: Any, account: Any, *rest: Any) -> Points:
    points: Points = real(replace(account, held=Points(0)), *rest)
    return points


# Goods ----------------------------------------------------------------------------------------------------------------


def _keeps_the_hold(real: Any, **given: Any) -> Any:
    with patch.object(ledger, "release", Mock()):
        return real(**given)


def _lets_go_twice(real: Any, voucher_id: int, state: str, *rest: Any) -> Any:
    voucher = real(voucher_id, state, *rest)
    if state == "expired":
        holds._changed(holds._LET_GO, voucher.account_id, p_amount=voucher.points)
    return voucher


def _keeps_the_thing(real: Any, voucher_id: int, state: str, *rest: Any) -> Any:
    voucher = real(voucher_id, state, *rest)
    if state == "cancelled":
        db.session.execute(update(Item).where(Item.id == voucher.item_id).values(left=Item.left - voucher.quantity))
    return voucher


# The month ------------------------------------------------------------------------------------------------------------


def _posts_again(real: Any, given: Any, actor: Any, now: Any) -> Any:
    refused = real(given, actor, now)
    once = booking._posting

    def again(record: Any, rule: Any, **more: Any) -> Any:
        return replace(once(record, rule, **more), cause=Cause("again", record.id))

    with patch.object(booking, "_posting", again):
        real(given, actor, now)
    return refused


def _returned_too(real: Any, *args: Any) -> Any:
    db.session.execute(update(Record).where(Record.state == "returned").values(state="confirmed"))
    return real(*args)


def _moves_the_points(real: Any, settling: Any, draft: Any, there: Any) -> None:
    real(settling, draft, there)
    db.session.execute(update(Account).where(Account.holder_id == draft.id).values(balance=0))


SEEDS = {
    "roll-up-forgotten-on-deduct": around(ledger, "post", _no_roll_up_of_deductions),
    "reversal-with-the-wrong-sign": around(posting, "_reversal", _wrong_sign),
    "reversal-from-the-wrong-courtyard": around(posting, "rolled_up", _where_it_lives_now),
    "month-total-skips-reversals": around(writing, "_enter", _without_month),
    "rounded-to-whole-points": around(booking, "_posting", _whole_points),
    "lapse-takes-held-points": around(lapsing, "lapsing_now", _held_points_too),
    "redeem-spends-held-points": in_place(
        holds, "_SET_ASIDE", _set_aside(_account.locks == 0, _account.balance >= bindparam("p_amount"))
    ),
    "redeem-ignores-the-veto": in_place(
        holds, "_SET_ASIDE", _set_aside(_account.balance - _account.held >= bindparam("p_amount"))
    ),
    "hold-not-released-on-cancel": around(vouchers, "cancel", _keeps_the_hold),
    "expiry-releases-twice": around(vouchers, "_give_back", _lets_go_twice),
    "stock-not-returned-on-cancel": around(vouchers, "_give_back", _keeps_the_thing),
    "claim-posts-twice": around(reviewing, "post_records", _posts_again),
    "publish-posts-returned-records": around(reviews, "to_post", _returned_too),
    "upheld-objection-reverses-nothing": in_place(records, "reverse", Mock()),
    "import-takes-the-points-of-who-moves": around(Settling, "_move", _moves_the_points),
}
