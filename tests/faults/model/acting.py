"""A step in the real town: what it answers, and what the plain one says it must."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import select

from tests.factories import serial
from tests.faults.model.plain import PlainTown
from tests.faults.model.town import START, Town
from webapp.core.errors import DomainError
from webapp.extensions import db
from webapp.ledger.models import Account, MonthTotal
from webapp.ledger.verify import verify
from webapp.records.models import Record
from webapp.redemption.models import Item, Voucher
from webapp.reviews.models import CommunityMonth, Objection

T = TypeVar("T")
VERIFIED_EVERY = 10  # steps
_ACCOUNTS = select(
    Account.holder_id,
    Account.balance,
    Account.held,
    Account.locks,
    Account.holds,
    Account.entries,
    Account.net,
    Account.rolled,
)
_TOTALS = select(
    MonthTotal.month,
    MonthTotal.scheme_id,
    MonthTotal.category_id,
    MonthTotal.earned,
    MonthTotal.deducted,
    MonthTotal.spent,
    MonthTotal.entries,
)


class Acting(RuleBasedStateMachine):
    """Each run works in one transaction that is rolled back at its end; each step in a savepoint, like a request."""

    town: Town
    steps = 0

    @initialize()
    def begin(self) -> None:
        self.plain = PlainTown(START, dict(self.town.homes), dict(self.town.shelf))
        self.since, self.agreed = 0, True

    def teardown(self) -> None:
        try:
            if getattr(self, "agreed", False):
                verify(db.session.connection())
        finally:
            db.session.rollback()

    def do(self, verb: Callable[[], T], refusal: type[DomainError] | None = None) -> T | None:
        """What a step answers; it must be refused in this way, if any. A refusal takes back only itself."""
        self.agreed = False
        point = db.session.begin_nested()
        try:
            done = verb()
        except DomainError as error:
            point.rollback()
            db.session.expunge_all()
            if type(error) is not refusal:
                raise AssertionError(f"refused: {error!r} {error.message}; expected: {refusal}") from error
            return None
        assert refusal is None, f"done, but it must be refused: {refusal}"
        point.commit()
        db.session.expunge_all()
        return done

    @staticmethod
    def pick(things: Sequence[T], which: int) -> T:
        return things[-1 - which % len(things)]

    def pick_of(self, things: Sequence[T], alive: Callable[[T], bool], which: int) -> T:
        """Mostly one with which something can still happen."""
        living = [one for one in things if alive(one)] if which < 5 else []
        return self.pick(living or things, which)

    def home(self, which: int) -> int:
        return self.pick(list(self.plain.homes), which)

    def key(self) -> str:
        return f"model-{serial()}"

    # Both say the same ------------------------------------------------------------------------------------------------

    @invariant()
    def both_say_the_same(self) -> None:
        type(self).steps += 1
        self._accounts_agree()
        self._month_totals_agree()
        self._states_agree()
        assert all(account.held >= 0 and account.locks >= 0 for account in self.plain.accounts.values())
        assert all(left >= 0 for left in self.plain.left.values())
        self.since += 1
        if self.since % VERIFIED_EVERY == 0:
            verify(db.session.connection())
        self.agreed = True

    def _accounts_agree(self) -> None:
        rows = {row[0]: tuple(row[1:]) for row in self.rows(_ACCOUNTS)}
        assert rows == {holder: account.figures for holder, account in self.plain.accounts.items()}

    def _month_totals_agree(self) -> None:
        names = {self.town.scheme_id: "household", self.town.upper_id: "courtyard"}
        rows = {(row[0], names[row[1]], row[2]): list(row[3:]) for row in self.rows(_TOTALS)}
        assert rows == self.plain.totals

    def _states_agree(self) -> None:
        plain = self.plain
        assert dict(self.rows(select(Item.id, Item.left))) == plain.left
        records = dict(self.rows(select(Record.id, Record.state)))
        assert records == {one.id: one.state for one in plain.records.values()}
        vouchers = dict(self.rows(select(Voucher.id, Voucher.state)))
        assert vouchers == {one.id: one.state for one in plain.vouchers.values()}
        objections = self.rows(select(Objection.id, Objection.state, Objection.held))
        assert {row[0]: tuple(row[1:]) for row in objections} == {
            one.id: (one.state, one.held) for one in plain.objections.values()
        }
        months = dict(self.rows(select(CommunityMonth.month, CommunityMonth.state)))
        assert months == {one.month: "closed" if one.closed else "on_notice" for one in plain.months}

    @staticmethod
    def rows(statement: Any) -> Sequence[Any]:
        return db.session.connection().execute(statement).all()
