"""What other books say that this one must hold: a posted record its entry, a voucher that waits its held points.

A higher feature describes its rows as a SELECT and registers a check with ``verify.also``; the book's own tables are
read here only.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from webapp.ledger.verify.faults import WrongRowError


@dataclass(frozen=True, slots=True)
class Expected:
    """Rows of ``table`` with what each must have caused. ``rows`` is a SELECT of ``id``, ``holder_id``, ``scheme_id`` and
    ``amount`` (tenths, signed as in the entry; of a hold what is set aside)."""

    table: str
    cause_kind: str
    rows: str


_ENTRY = """
SELECT w.id FROM ({rows}) w WHERE NOT EXISTS (
    SELECT 1 FROM entry e JOIN account a ON a.id = e.account_id
    WHERE e.cause_kind = :cause AND e.cause_id = w.id
    AND a.holder_id = w.holder_id AND a.scheme_id = w.scheme_id AND e.amount = w.amount
) ORDER BY w.id LIMIT 1
"""
_HOLD = """
SELECT w.id FROM ({rows}) w WHERE NOT EXISTS (
    SELECT 1 FROM hold h JOIN account a ON a.id = h.account_id
    WHERE h.cause_kind = :cause AND h.cause_id = w.id AND h.state = 'active'
    AND a.holder_id = w.holder_id AND a.scheme_id = w.scheme_id AND h.amount = w.amount
) ORDER BY w.id LIMIT 1
"""
_RELEASED = """
SELECT w.id FROM ({rows}) w WHERE NOT EXISTS (
    SELECT 1 FROM hold h JOIN account a ON a.id = h.account_id
    WHERE h.cause_kind = :cause AND h.cause_id = w.id AND h.state = 'released'
    AND a.holder_id = w.holder_id AND a.scheme_id = w.scheme_id AND h.amount = w.amount
) ORDER BY w.id LIMIT 1
"""
_HASH = """
SELECT w.id FROM ({rows}) w WHERE NOT EXISTS (
    SELECT 1 FROM entry e WHERE e.cause_kind = :cause AND e.cause_id = w.id AND e.hash = w.hash
) ORDER BY w.id LIMIT 1
"""
_STRAY = """
SELECT h.id FROM hold h WHERE h.cause_kind = :cause AND h.state = 'active' AND h.kind <> 'lock'
AND NOT EXISTS (SELECT 1 FROM ({rows}) w WHERE w.id = h.cause_id) ORDER BY h.id LIMIT 1
"""


def check_entries(connection: Connection, expected: Expected) -> None:
    """:raises WrongRowError: at the first row whose entry is missing, another's, or of another amount."""
    found = _first(connection, _ENTRY, expected)
    if found is not None:
        what = f"the book has no entry of this amount for it (cause {expected.cause_kind}-{found})"
        raise WrongRowError(expected.table, what, id=found)


def first_without_hash(connection: Connection, expected: Expected) -> int | None:
    """The first row that names a hash (``rows``: a SELECT of ``id`` and ``hash``) which no entry of its cause has."""
    return _first(connection, _HASH, expected)


def check_holds(connection: Connection, expected: Expected) -> None:
    """Exactly these rows hold points now.

    :raises WrongRowError: at the first row whose points are not held, or the first hold without its row.
    """
    found = _first(connection, _HOLD, expected)
    if found is not None:
        what = f"its points are not held (cause {expected.cause_kind}-{found})"
        raise WrongRowError(expected.table, what, id=found)
    stray = _first(connection, _STRAY, expected)
    if stray is not None:
        raise WrongRowError("hold", f"it holds points, but no {expected.table} waits for them", id=stray)


def check_released(connection: Connection, expected: Expected) -> None:
    """The points of each of these rows were held once and are free again.

    :raises WrongRowError: at the first row that never held this much, or whose hold did not end so.
    """
    found = _first(connection, _RELEASED, expected)
    if found is not None:
        what = f"this amount was never held for it and given back (cause {expected.cause_kind}-{found})"
        raise WrongRowError(expected.table, what, id=found)


def _first(connection: Connection, sql: str, expected: Expected) -> int | None:
    found: int | None = connection.execute(
        text(sql.format(rows=expected.rows)), {"cause": expected.cause_kind}
    ).scalar_one_or_none()
    return found
