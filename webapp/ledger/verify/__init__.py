"""``ledger verify``: the whole book worked out anew from its entries and compared with what is kept.

It needs nothing of what it checks to be right: triggers and constraints may have been dropped. Rows stream past; only the
months' totals (communities x months x schemes x categories) stand in memory. Higher features add checks of their own
books with ``also``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from webapp.extensions import reading
from webapp.ledger.verify.accounts import check_accounts
from webapp.ledger.verify.expected import Expected, check_entries, check_holds, check_released, first_without_hash
from webapp.ledger.verify.faults import Fault, WrongRowError
from webapp.ledger.verify.lapsed import check_lapses
from webapp.ledger.verify.months import check_months
from webapp.ledger.verify.rolled import check_roll_ups

__all__ = [
    "Counts",
    "Expected",
    "Fault",
    "WrongRowError",
    "also",
    "check_entries",
    "check_holds",
    "check_released",
    "first_without_hash",
    "verify",
    "verify_all",
]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found to be right."""

    accounts: int
    entries: int
    holds: int
    month_totals: int
    roll_ups: int


#: A check of another book: raises ``WrongRowError`` at its first wrong row.
Check = Callable[[Connection], None]
_further: list[Check] = []


def also(check: Check) -> None:
    """Let ``ledger verify`` run a higher feature's check as well (that each record's points are in the book, …)."""
    if check not in _further:
        _further.append(check)


def verify(connection: Connection) -> Counts:
    """Check the book in the snapshot of ``connection``.

    :raises WrongRowError: at the first wrong row.
    """
    book = check_accounts(connection)
    months = check_months(connection, book.months)
    roll_ups = check_roll_ups(connection)
    check_lapses(connection)
    for check in _further:
        check(connection)
    return Counts(book.accounts, book.entries, book.holds, months, roll_ups)


def verify_all(engine: Engine) -> Counts:
    """``verify`` in a snapshot of its own: others may go on writing meanwhile.

    :raises WrongRowError: at the first wrong row.
    """
    snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with reading(), engine.connect().execution_options(**snapshot) as connection:
        return verify(connection)
