"""Roll-ups: a courtyard's entry stands only on a household's of the same cause, amount and moment."""

from __future__ import annotations

from sqlalchemy import Connection, text

from webapp.ledger.verify.faults import WrongRowError

_LONELY = text("""
SELECT r.account_id, r.seq FROM entry r
WHERE (substr(r.cause_kind, 1, 3) = 'up:' OR r.kind = 'roll_up')
AND NOT EXISTS (
    SELECT 1 FROM entry h
    WHERE h.cause_kind = substr(r.cause_kind, 4) AND h.cause_id = r.cause_id AND h.account_id <> r.account_id
    AND h.amount = r.amount AND h.posted_at = r.posted_at
    AND h.kind = CASE r.kind WHEN 'roll_up' THEN 'record' ELSE r.kind END
)
ORDER BY r.account_id, r.seq LIMIT 1
""")
_COUNT = text("SELECT count(*) FROM entry WHERE substr(cause_kind, 1, 3) = 'up:'")


def check_roll_ups(connection: Connection) -> int:
    """Returns how many roll-ups and their reversals there are.

    :raises WrongRowError: at the first that no household's entry matches.
    """
    lonely = connection.execute(_LONELY).one_or_none()
    if lonely is not None:
        what = "it rolls up points, but no household's entry has this cause, amount and moment"
        raise WrongRowError("entry", what, account_id=lonely[0], seq=lonely[1])
    return int(connection.execute(_COUNT).scalar_one())
