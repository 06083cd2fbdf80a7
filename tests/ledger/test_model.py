"""Whatever is done in whatever order, the book says what a plain list of sums in Python says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import bindparam

from tests.conftest import both_databases
from tests.ledger.conftest import NOON, Town
from webapp.core.errors import AlreadyUsed, InsufficientPoints, OnHold
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.book import EntryLine, HoldLine
from webapp.ledger.models import Account
from webapp.ledger.service import holds
from webapp.ledger.verify import WrongRowError, verify

TENTHS = st.integers(1, 60)


@dataclass
class PlainBook:
    """One household's points, kept by hand."""

    amounts: list[int] = field(default_factory=list)
    rolled: int = 0
    holds: list[HoldLine] = field(default_factory=list)
    locks: list[HoldLine] = field(default_factory=list)
    lines: list[EntryLine] = field(default_factory=list)

    @property
    def balance(self) -> int:
        return sum(self.amounts)

    @property
    def held(self) -> int:
        return sum(line.amount.tenths for line in self.holds)


class BookMachine(RuleBasedStateMachine):
    """Each run works in one transaction that is rolled back at its end."""

    town: Town

    @initialize()
    def open(self) -> None:
        self.book, self.now = PlainBook(), NOON
        self.town.account()

    def teardown(self) -> None:
        db.session.rollback()

    def do(self, verb, refusal: type[Exception]):
        """What a verb does, or None if it was refused; a refusal takes back only itself."""
        point = db.session.begin_nested()
        try:
            done = verb()
        except refusal:
            point.rollback()
            return None
        point.commit()
        return done

    @rule(days=st.integers(0, 40))
    def time_passes(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(tenths=TENTHS)
    def earn(self, tenths: int) -> None:
        self.book.lines.append(self.town.post(tenths, now=self.now))
        self.book.amounts.append(tenths)
        self.book.rolled += tenths

    @rule(tenths=TENTHS)
    def deduct(self, tenths: int) -> None:
        allowed = self.book.balance - self.book.held - tenths >= 0
        line = self.do(lambda: self.town.post(-tenths, now=self.now), InsufficientPoints)
        assert (line is not None) == allowed
        if line:
            self.book.lines.append(line)
            self.book.amounts.append(-tenths)
            self.book.rolled -= tenths

    @rule(tenths=TENTHS)
    def hold(self, tenths: int) -> None:
        allowed = not self.book.locks and self.book.balance - self.book.held >= tenths
        held = self.do(lambda: self.town.hold(tenths, now=self.now), (InsufficientPoints, OnHold))
        assert (held is not None) == allowed
        if held:
            self.book.holds.append(held)

    @precondition(lambda self: self.book.holds)
    @rule(data=st.data())
    def spend(self, data) -> None:
        held = data.draw(st.sampled_from(self.book.holds))
        self.town.spend(held, now=self.now)
        self.book.holds.remove(held)
        self.book.amounts.append(-held.amount.tenths)
        assert self.do(lambda: self.town.spend(held, now=self.now), AlreadyUsed) is None

    @precondition(lambda self: self.book.holds)
    @rule(data=st.data())
    def release(self, data) -> None:
        held = data.draw(st.sampled_from(self.book.holds))
        service.release(hold_id=held.id, now=self.now)
        self.book.holds.remove(held)

    @rule()
    def lock(self) -> None:
        self.book.locks.append(self.town.lock())

    @precondition(lambda self: self.book.locks)
    @rule()
    def unlock(self) -> None:
        service.release(hold_id=self.book.locks.pop().id, now=self.now)

    @precondition(lambda self: self.book.lines)
    @rule(data=st.data())
    def reverse(self, data) -> None:
        line = data.draw(st.sampled_from(self.book.lines))
        self.town.reverse(line, now=self.now)
        self.book.lines.remove(line)
        self.book.amounts.append(-line.amount.tenths)
        self.book.rolled -= line.amount.tenths
        assert self.do(lambda: self.town.reverse(line, now=self.now), AlreadyUsed) is None

    @invariant()
    def the_account_says_the_same(self) -> None:
        account = self.town.account()
        assert account.balance == Points(self.book.balance)
        assert account.held == Points(self.book.held)
        assert account.locks == len(self.book.locks)
        assert account.entries == len(self.book.amounts)

    @invariant()
    def the_courtyard_has_what_was_rolled_up(self) -> None:
        found = queries.find_account(self.town.courtyard.id, self.town.upper.id)
        assert (found.balance.tenths if found else 0) == self.book.rolled

    @invariant()
    def verification_agrees(self) -> None:
        verify(db.session.connection())


@both_databases
def test_the_book_agrees_with_a_plain_one(town, database_url):
    db.session.commit()
    machine = type("Machine", (BookMachine,), {"town": town})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=checks)
    )


def test_the_machine_notices_a_book_that_gives_nothing_back(town, monkeypatch):
    """A fault that is put in: a released hold frees no points. The shortest way to it, always the same."""
    db.session.commit()
    nothing = holds._change_account(holds=Account.__table__.c.holds).where(bindparam("p_amount") > 0)
    monkeypatch.setattr(holds, "_LET_GO", nothing)
    machine = type("Machine", (BookMachine,), {"town": town})()
    machine.open()
    machine.earn(50)
    held = town.hold(20, now=machine.now)
    service.release(hold_id=held.id, now=machine.now)

    with pytest.raises(AssertionError):
        machine.the_account_says_the_same()
    with pytest.raises(WrongRowError, match="held is 20"):
        machine.verification_agrees()
    machine.teardown()
