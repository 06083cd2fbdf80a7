"""Reading the book row by row, in the order of its accounts, moments as text in one form on both databases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from webapp.core import clock
from webapp.ledger.verify.faults import WrongRowError

CHUNK = 2000
Values = Sequence[Any]

#: Entries with kind and amount of the entry that they reverse, if they do.
ENTRIES = """
SELECT e.account_id, e.seq, e.amount, e.balance_after, e.kind, e.cause_kind, e.cause_id, e.category_id, e.title, e.note,
       e.actor_id, e.actor_label, {day}, {posted_at}, e.reverses, e.hash, o.kind, o.amount, {old_posted_at}
FROM entry e LEFT JOIN entry o ON o.account_id = e.account_id AND o.seq = e.reverses
ORDER BY e.account_id, e.seq
"""
HOLDS = """
SELECT h.account_id, h.id, h.kind, h.amount, h.cause_kind, h.cause_id, h.reason, {created_at}, h.state, {ended_at},
       h.hash, h.end_hash
FROM hold h ORDER BY h.account_id, h.id
"""
ACCOUNTS = """
SELECT a.id, a.holder_id, a.scheme_id, a.community_id, {opened_at}, a.balance, a.held, a.locks, a.holds, a.year,
       a.earned, a.deducted, a.spent, a.taken_back, a.month, a.merit, a.net, a.rolled, a.entries, a.head
FROM account a ORDER BY a.id
"""
MONTHS = """
SELECT community_id, month, scheme_id, category_id, earned, deducted, spent, entries
FROM month_total ORDER BY community_id, month, scheme_id, category_id
"""
_COLUMNS = {
    "day": "e.happened_on",
    "posted_at": "e.posted_at",
    "old_posted_at": "o.posted_at",
    "created_at": "h.created_at",
    "ended_at": "h.ended_at",
    "opened_at": "a.opened_at",
}


def stream(connection: Connection, sql: str) -> Iterator[Values]:
    """The rows of a select, a chunk at a time, so that memory does not grow with the book."""
    statement = text(sql.format_map(_columns(connection.dialect.name)))
    streamed = statement.execution_options(stream_results=True, max_row_buffer=CHUNK)
    result = connection.execute(streamed)
    for chunk in result.partitions(CHUNK):
        yield from chunk


def _columns(dialect: str) -> dict[str, str]:
    """Days and moments as SQLite keeps them: ``2026-11-20``, ``2026-11-20 07:40:12.000000`` in UTC."""
    if dialect == "sqlite":
        return _COLUMNS
    moment = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
    return {
        name: f"to_char({column}, 'YYYY-MM-DD')" if name == "day" else moment.format(column).replace(":", r"\:")
        for name, column in _COLUMNS.items()
    }


def hashed_moment(kept: Any) -> Any:
    """A kept moment as it was hashed; what is not a whole second is left as it is, and no hash will fit it."""
    if isinstance(kept, str) and len(kept) == 26 and kept[10] == " " and kept[19:] == ".000000":
        return f"{kept[:10]}T{kept[11:19]}Z"
    return kept


@lru_cache(maxsize=4096)
def month_of_hour(hour: str) -> int:
    """The book's month (202611) of an hour in UTC, ``2026-11-20T07``: the community's midnight is a whole hour."""
    from datetime import UTC, datetime

    return clock.month_of(datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=UTC))


class ByAccount:
    """A stream whose first column is the account, taken account by account in rising order."""

    def __init__(self, table: str, rows: Iterator[Values]) -> None:
        self._table = table
        self._rows = rows
        self._next: Values | None = next(rows, None)

    def of(self, account_id: int) -> Iterator[Values]:
        """:raises WrongRowError: for a row whose account does not exist."""
        while self._next is not None and self._next[0] == account_id:
            yield self._next
            self._next = next(self._rows, None)
        if self._next is not None and not self._next[0] > account_id:
            raise self._orphan(self._next)

    def end(self) -> None:
        """:raises WrongRowError: if rows are left when there are no more accounts."""
        if self._next is not None:
            raise self._orphan(self._next)

    def _orphan(self, row: Values) -> WrongRowError:
        key = {"account_id": row[0], "seq": row[1]} if self._table == "entry" else {"id": row[1]}
        return WrongRowError(self._table, f"there is no account {row[0]}, its account was removed or renumbered", **key)
