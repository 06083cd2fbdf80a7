"""What ``ledger verify`` compares of objections: what waits holds its points and nothing else does; what was upheld is
reversed."""

from __future__ import annotations

from sqlalchemy import Connection, text

from webapp.ledger.verify import Expected, WrongRowError, check_holds

_WAITING = """
SELECT o.id, r.holder_id, r.scheme_id, o.held AS amount FROM objection o JOIN record r ON r.id = o.record_id
WHERE o.state IN ('open', 'looking') AND o.held > 0
"""
_UPHELD = text("""
SELECT o.id FROM objection o JOIN record r ON r.id = o.record_id
WHERE o.state = 'upheld' AND r.state <> 'reversed' ORDER BY o.id LIMIT 1
""")


def check_objections(connection: Connection) -> None:
    """:raises WrongRowError: at the first objection without its hold, hold without its objection, or line that stands
    though an objection to it was upheld."""
    check_holds(connection, Expected("objection", "objection", _WAITING))
    found = connection.execute(_UPHELD).scalar_one_or_none()
    if found is not None:
        raise WrongRowError("objection", "it was upheld, but its record is not reversed", id=found)
