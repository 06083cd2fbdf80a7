"""What ``ledger verify`` compares of records: each posted one has its entry, each that was taken back its reversal."""

from __future__ import annotations

from sqlalchemy import Connection, text

from webapp.ledger.verify import Expected, WrongRowError, check_entries

_POSTED = """
SELECT id, holder_id, scheme_id, points AS amount FROM record WHERE state IN ('posted', 'reversed') AND points <> 0
"""
_TAKEN_BACK = "SELECT id, holder_id, scheme_id, -points AS amount FROM record WHERE state = 'reversed' AND points <> 0"


#: Confirmed, but the deduction counts still, or what stays of it is not there with its sign and size.
_NOT_SETTLED = text("""
SELECT c.id FROM rectification c JOIN record r ON r.id = c.record_id JOIN rule_version v ON v.id = r.rule_version_id
LEFT JOIN record n ON n.id = c.new_record_id
WHERE c.state = 'confirmed' AND (r.state NOT IN ('reversed', 'withdrawn')
OR (c.new_record_id IS NOT NULL AND (n.holder_id <> r.holder_id OR n.points >= 0 OR n.points < r.points))
OR (c.new_record_id IS NULL AND v.rectify_percent < 100 AND r.points < -1))
ORDER BY c.id LIMIT 1
""")


def check_records(connection: Connection) -> None:
    """:raises WrongRowError: at the first record whose points are not in the book as it says."""
    check_entries(connection, Expected("record", "record", _POSTED))
    check_entries(connection, Expected("record", "undo", _TAKEN_BACK))
    _check_rectifications(connection)


def _check_rectifications(connection: Connection) -> None:
    wrong = connection.execute(_NOT_SETTLED).scalar()
    if wrong is not None:
        raise WrongRowError(
            "rectification", "it is confirmed, but its deduction stands, or what stays is missing", id=wrong
        )
