"""Points set aside, and accounts that may not spend."""

from __future__ import annotations

import pytest

from tests.conftest import both_databases
from tests.ledger.conftest import NOON
from webapp.core.errors import AlreadyUsed, InsufficientPoints, NotFound, OnHold
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.book import Cause


@both_databases
def test_held_points_stay_in_the_balance_but_are_not_available(town):
    town.post(50)
    town.hold(30)

    account = town.account()
    assert (account.balance, account.held, account.available) == (Points(50), Points(30), Points(20))
    assert [line.amount for line in queries.active_holds(account.id)] == [Points(30)]


@both_databases
def test_more_than_is_available_cannot_be_held(town):
    town.post(50)
    town.hold(30)

    with pytest.raises(InsufficientPoints, match="可以用的还有 2 分，需要 2.5 分"):
        town.hold(25)


@both_databases
def test_spending_ends_the_hold_and_writes_one_line(town):
    town.post(50)
    held = town.hold(30)
    line = town.spend(held)

    account = town.account()
    assert (line.kind, line.amount) == ("spend", Points(-30))
    assert (account.balance, account.held, account.spent) == (Points(20), Points(0), Points(30))
    assert queries.hold_of_cause(held.cause).state == "spent"


@both_databases
def test_released_points_are_available_again(town):
    town.post(50)
    held = town.hold(30)
    service.release(hold_id=held.id, now=NOON)

    assert town.account().available == Points(50)
    assert queries.hold_of_cause(held.cause).ended_at == NOON


@both_databases
@pytest.mark.parametrize("first", ["spend", "release"])
def test_a_hold_ends_only_once(town, first):
    town.post(50)
    held = town.hold(30)
    end = {"spend": lambda: town.spend(held), "release": lambda: service.release(hold_id=held.id, now=NOON)}
    end[first]()

    for verb in end.values():
        with pytest.raises(AlreadyUsed, match="已经处理过"):
            verb()


@both_databases
def test_the_same_cause_holds_points_only_once(town):
    town.post(50)
    town.hold(10, cause=Cause("sale", 1))
    db.session.commit()

    with pytest.raises(AlreadyUsed):
        town.hold(10, cause=Cause("sale", 1))
    db.session.rollback()
    assert town.account().held == Points(10)


@both_databases
def test_a_locked_account_earns_but_does_not_spend(town):
    town.post(50)
    locked = town.lock()
    town.post(20)

    with pytest.raises(OnHold, match="暂时不能花积分"):
        town.hold(10)
    service.release(hold_id=locked.id, now=NOON)
    town.hold(10)
    assert town.account().balance == Points(70)


def test_an_account_opens_again_when_the_last_of_its_locks_is_lifted(town):
    town.post(50)
    first, second = town.lock(), town.lock()
    service.release(hold_id=first.id, now=NOON)
    assert town.account().locked

    service.release(hold_id=second.id, now=NOON)
    assert not town.account().locked


def test_a_deduction_still_counts_on_a_locked_account(town):
    town.post(50)
    town.lock()
    town.post(-20)

    assert town.account().balance == Points(30)


def test_nothing_and_less_than_nothing_cannot_be_held(town):
    for tenths in (0, -10):
        with pytest.raises(ValueError, match="sets points aside"):
            town.hold(tenths)


def test_an_account_that_does_not_exist_cannot_be_locked(town):
    with pytest.raises(NotFound):
        service.lock(account_id=999_999, cause=Cause("record", 1), reason="", now=NOON)
