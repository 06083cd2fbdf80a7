"""The months' totals."""

from __future__ import annotations

from sqlalchemy import Connection

from webapp.ledger.verify.faults import WrongRowError
from webapp.ledger.verify.rows import MONTHS, Values, stream

#: (community, month, scheme, category) -> earned, deducted, spent, entries.
Months = dict[tuple[int, int, int, int], list[int]]
_NAMES = ("earned", "deducted", "spent", "entries")


def check_months(connection: Connection, expected: Months) -> int:
    """Compare with what the entries add up to. Returns how many totals there are.

    :raises WrongRowError: at the first total that is wrong, superfluous or missing.
    """
    count = 0
    for row in stream(connection, MONTHS):
        _check(row, expected.pop((row[0], row[1], row[2], row[3]), None))
        count += 1
    for key in sorted(expected):
        raise WrongRowError("month_total", "it is missing, though there are entries for it", **_key(key))
    return count


def _key(row: Values) -> dict[str, object]:
    return dict(zip(("community_id", "month", "scheme_id", "category_id"), row, strict=False))


def _check(row: Values, right: list[int] | None) -> None:
    if right is None:
        raise WrongRowError("month_total", "there are no entries for it", **_key(row))
    for name, kept, should_be in zip(_NAMES, row[4:], right, strict=True):
        if kept != should_be:
            raise WrongRowError("month_total", f"{name} is {kept}, but its entries add up to {should_be}", **_key(row))
