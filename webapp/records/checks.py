"""What ``ledger verify`` compares of records: each posted one has its entry, each that was taken back its reversal."""

from __future__ import annotations

from sqlalchemy import Connection

from webapp.ledger.verify import Expected, check_entries

_POSTED = """
SELECT id, holder_id, scheme_id, points AS amount FROM record WHERE state IN ('posted', 'reversed') AND points <> 0
"""
_TAKEN_BACK = "SELECT id, holder_id, scheme_id, -points AS amount FROM record WHERE state = 'reversed' AND points <> 0"


def check_records(connection: Connection) -> None:
    """:raises WrongRowError: at the first record whose points are not in the book as it says."""
    check_entries(connection, Expected("record", "record", _POSTED))
    check_entries(connection, Expected("record", "undo", _TAKEN_BACK))
