"""Twenty at once, on both databases: exactly what the points allow, nothing lost, nothing twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest

from tests.conftest import both_databases
from tests.ledger.conftest import NOON
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, InsufficientPoints
from webapp.core.points import Points
from webapp.extensions import db, start_writing
from webapp.ledger import service
from webapp.ledger.book import Cause
from webapp.ledger.queries import account_state
from webapp.ledger.service import Posting
from webapp.ledger.verify import verify_all

CLIENTS = 20


def at_once(app, act: Callable[[int], object]) -> Counter[str]:
    """Let twenty threads act in transactions of their own, starting together; count how each ended."""
    start, results = threading.Barrier(CLIENTS), Counter()

    def client(number: int) -> None:
        with app.app_context():
            start_writing()
            start.wait()
            try:
                act(number)
                db.session.commit()
                results["done"] += 1
            except Exception as error:
                db.session.rollback()
                results[type(error).__name__] += 1
            finally:
                db.session.remove()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.fixture
def rich(town) -> tuple[int, int, int]:
    """Account, household and scheme of somebody with 5 points; committed, for others to see."""
    town.post(50)
    found = (town.account().id, town.household.id, town.scheme.id)
    db.session.commit()
    return found


def posting(number: int, tenths: int) -> Posting:
    return Posting(
        Points(tenths), "record", Cause("record", 1_000 + number), title="好", happened_on=clock.local_date(NOON)
    )


@both_databases
def test_twenty_holds_of_one_balance_take_exactly_what_there_is(app, rich):
    account_id, _, _ = rich

    def hold(number: int) -> None:
        cause = Cause("sale", number)
        service.hold(account_id=account_id, amount=Points(10), cause=cause, reason="兑换", now=NOON)

    assert at_once(app, hold) == {"done": 5, InsufficientPoints.__name__: 15}
    assert account_state(account_id).available == Points(0)
    verify_all(db.engine)


@both_databases
def test_twenty_times_the_same_cause_post_once(app, rich):
    account_id, household_id, scheme_id = rich

    def post(number: int) -> None:
        service.post(holder_id=household_id, scheme_id=scheme_id, posting=posting(1, 10), actor=SYSTEM, now=NOON)

    assert at_once(app, post) == {"done": 1, AlreadyUsed.__name__: 19}
    assert account_state(account_id).balance == Points(60)
    verify_all(db.engine)


@both_databases
def test_twenty_lines_at_once_are_one_chain(app, rich):
    account_id, household_id, scheme_id = rich

    def post(number: int) -> None:
        made = posting(number, 10)
        service.post(holder_id=household_id, scheme_id=scheme_id, posting=made, actor=SYSTEM, now=NOON)

    assert at_once(app, post) == {"done": 20}
    assert account_state(account_id).entries == 21
    verify_all(db.engine)


@both_databases
def test_one_hold_is_spent_or_released_but_never_both(app, rich):
    account_id, _, _ = rich
    held = service.hold(account_id=account_id, amount=Points(30), cause=Cause("sale", 1), reason="", now=NOON)
    db.session.commit()

    def end(number: int) -> None:
        if number % 2:
            service.spend(hold_id=held.id, cause=held.cause, title="兑换", note="", actor=SYSTEM, now=NOON)
        else:
            service.release(hold_id=held.id, now=NOON)

    assert at_once(app, end) == {"done": 1, AlreadyUsed.__name__: 19}
    assert account_state(account_id).held == Points(0)
    verify_all(db.engine)


@both_databases
def test_an_account_that_twenty_open_at_once_is_one_account(app, town):
    household_id, scheme_id = town.household.id, town.scheme.id
    db.session.commit()
    seen: set[int] = set()

    def open_account(number: int) -> None:
        seen.add(service.open_account(holder_id=household_id, scheme_id=scheme_id, now=NOON).id)

    assert at_once(app, open_account) == {"done": 20}
    assert len(seen) == 1
    verify_all(db.engine)
