"""到期清零: what lapsed in a year of a scheme is what its accounts' entries say."""

from __future__ import annotations

from sqlalchemy import Connection, text

from webapp.ledger.verify.faults import WrongRowError

_WRONG = text("""
SELECT w.scheme_id, w.year, w.accounts, w.points, w.entries, w.total FROM (
    SELECT l.scheme_id, l.year, l.accounts, l.points,
    (SELECT count(*) FROM entry e JOIN account a ON a.id = e.account_id
        WHERE e.cause_kind = 'lapse' AND e.cause_id = l.year AND e.kind = 'lapse' AND a.scheme_id = l.scheme_id) AS entries,
    (SELECT coalesce(-sum(e.amount), 0) FROM entry e JOIN account a ON a.id = e.account_id
        WHERE e.cause_kind = 'lapse' AND e.cause_id = l.year AND e.kind = 'lapse' AND a.scheme_id = l.scheme_id) AS total
    FROM lapse l
) w WHERE w.accounts <> w.entries OR w.points <> w.total ORDER BY w.scheme_id, w.year LIMIT 1
""")


def check_lapses(connection: Connection) -> None:
    """:raises WrongRowError: at the first day whose entries add up to something else."""
    wrong = connection.execute(_WRONG).one_or_none()
    if wrong is not None:
        what = f"{wrong.accounts} accounts lost {wrong.points} tenths, but {wrong.entries} entries say {wrong.total}"
        raise WrongRowError("lapse", what, scheme_id=wrong.scheme_id, year=wrong.year)
