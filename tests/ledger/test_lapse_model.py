"""Whatever is earned, spent, held and taken back over the years: what lapses is what plain lots, oldest first, say."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

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

from tests.ledger.conftest import Town
from tests.ledger.lots import Lots
from webapp.core import clock
from webapp.core.errors import InsufficientPoints, OnHold
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.book import EntryLine, HoldLine
from webapp.ledger.verify import verify

TENTHS = st.integers(1, 60)
START = datetime(2024, 11, 20, 4, 0, tzinfo=UTC)


class LapseMachine(RuleBasedStateMachine):
    """Each run works in one transaction that is rolled back at its end."""

    town: Town

    @initialize()
    def open(self) -> None:
        self.now = START
        self.town.account()
        self.lines: list[EntryLine] = []  # what stands: a reversed one counts as if it had never been
        self.holds: list[HoldLine] = []
        self.locks: list[HoldLine] = []

    def teardown(self) -> None:
        db.session.rollback()

    @property
    def year(self) -> int:
        return clock.local_date(self.now).year

    def lots(self) -> Lots:
        lots = Lots()
        for line in self.lines:
            if line.amount.tenths > 0:
                lots.earn(clock.local_date(line.posted_at).year, line.amount.tenths)
            else:
                lots.use(-line.amount.tenths)
        for held in self.holds:
            lots.use(held.amount.tenths)
        return lots

    @rule(days=st.integers(1, 250))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @rule(tenths=TENTHS)
    def earn(self, tenths: int) -> None:
        self.lines.append(self.town.post(tenths, now=self.now))

    @rule(tenths=TENTHS)
    def deduct(self, tenths: int) -> None:
        self.lines.append(self.town.post(-tenths, now=self.now, guarded=False))

    @rule(tenths=TENTHS)
    def hold(self, tenths: int) -> None:
        with suppress(InsufficientPoints, OnHold):
            self.holds.append(self.town.hold(tenths, now=self.now))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def spend(self, data) -> None:
        held = self.holds.pop(data.draw(st.integers(0, len(self.holds) - 1)))
        self.lines.append(self.town.spend(held, now=self.now))

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def release(self, data) -> None:
        held = self.holds.pop(data.draw(st.integers(0, len(self.holds) - 1)))
        service.release(hold_id=held.id, now=self.now)

    @rule()
    def lock(self) -> None:
        self.locks.append(self.town.lock(now=self.now))

    @precondition(lambda self: self.locks)
    @rule()
    def unlock(self) -> None:
        service.release(hold_id=self.locks.pop().id, now=self.now)

    @precondition(lambda self: self.lines)
    @rule(data=st.data())
    def reverse(self, data) -> None:
        line = self.lines.pop(data.draw(st.integers(0, len(self.lines) - 1)))
        self.town.reverse(line, now=self.now)

    @rule(late=st.booleans())
    def lapse(self, late: bool) -> None:
        """On a day of this year, or when the last day of the year before is worked out only now."""
        year = self.year - late
        line = service.lapse_account(
            account_id=self.town.account().id, year=year, due_on=clock.local_date(self.now), floor=None, now=self.now
        )
        if line is not None:
            self.lines.append(line)
            assert not self.locks
            assert self.lots().before(year) == 0

    @invariant()
    def what_lapses_is_what_the_lots_say(self) -> None:
        account, lots = self.town.account(), self.lots()
        for year in (self.year - 1, self.year, self.year + 1):
            lapses = 0 if self.locks else lots.before(year)
            assert queries.lapsing_now(account, year, None).tenths == lapses, year

    @invariant()
    def verification_agrees(self) -> None:
        verify(db.session.connection())


def test_what_lapses_is_what_plain_lots_say(town):
    db.session.commit()
    machine = type("Machine", (LapseMachine,), {"town": town})
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    run_state_machine_as_test(
        machine, settings=settings(max_examples=30, stateful_step_count=25, deadline=None, suppress_health_check=checks)
    )
