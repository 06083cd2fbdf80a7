"""The statements of one post by hand: the bare driver, nothing checked, nothing rendered."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import psycopg

from webapp.core import clock

Execute = Callable[[str, Sequence[Any]], Any]


ROUND = 100  # posts before the same account comes again


class Raw:
    """Writes into a town's own tables, with their indexes, keys and triggers, copies of the last posts' rows: to one
    account after the other, as the posts do, for rows on other pages of the file are other pages to write."""

    def __init__(self, execute: Execute, begin: str) -> None:
        self._execute = execute
        self._begin = begin
        self.records = self._rows(
            "SELECT * FROM record WHERE source = 'inspection' AND state = 'posted' ORDER BY id DESC", ROUND
        )
        self.entries = [
            self._last(f"SELECT * FROM entry WHERE cause_kind = 'record' AND cause_id = {record['id']}")
            for record in self.records
        ]
        self.audit = self._last("SELECT * FROM audit_line ORDER BY id DESC")
        self.sent = self._last("SELECT * FROM sent_form ORDER BY sent_at DESC")
        self.month = clock.month_of(clock.now())
        self.number = 0

    @classmethod
    def of_sqlite(cls, file: Path) -> Self:
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        return cls(connection.execute, "BEGIN IMMEDIATE")

    @classmethod
    def of_postgresql(cls, address: str) -> Self:
        connection = psycopg.connect(address, autocommit=True)
        connection.prepare_threshold = 1  # prepared, as the other side's are

        def execute(sql: str, values: Sequence[Any] = ()) -> Any:
            return connection.execute(sql.replace("?", "%s").encode(), values)

        return cls(execute, "BEGIN")

    def _last(self, query: str) -> dict[str, Any]:
        return self._rows(query, 1)[0]

    def _rows(self, query: str, count: int) -> list[dict[str, Any]]:
        cursor = self._execute(f"{query} LIMIT {count}", ())
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def _insert(self, table: str, row: dict[str, Any], returning: str = "") -> Any:
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join("?" * len(row))
        return self._execute(f"INSERT INTO {table} ({names}) VALUES ({places}){returning}", list(row.values()))

    def post(self) -> None:
        """One durable transaction with the rows of one post."""
        run, turn = self._execute, self.number % len(self.records)
        record, entry = self.records[turn], self.entries[turn]
        self.number += 1
        run(self._begin, ())
        key = f"raw-{self.number}"
        self._insert("sent_form", self.sent | {"key": key})
        new = {name: value for name, value in record.items() if name != "id"} | {"client_key": key}
        (cause,) = self._insert("record", new, " RETURNING id").fetchone()
        moved = run(
            "UPDATE account SET balance = balance + ?, entries = entries + 1, earned = earned + ?, merit = merit + ?"
            " WHERE id = ? RETURNING balance, entries",
            (entry["amount"], entry["amount"], entry["amount"], entry["account_id"]),
        ).fetchone()
        self._insert("entry", entry | {"seq": moved[1], "balance_after": moved[0], "cause_id": cause})
        run("UPDATE account SET head = ? WHERE id = ?", (entry["hash"], entry["account_id"]))
        run(
            "UPDATE month_total SET earned = earned + ?, entries = entries + 1 WHERE community_id = ? AND month = ?"
            " AND scheme_id = ? AND category_id = ?",
            (entry["amount"], record["community_id"], self.month, record["scheme_id"], entry["category_id"]),
        )
        run("UPDATE rule_use SET uses = uses + 1 WHERE rule_id = ?", (record["rule_id"],))
        self._insert("audit_line", {name: value for name, value in self.audit.items() if name != "id"})
        run("UPDATE sent_form SET location = ? WHERE key = ?", (self.sent["location"], key))
        run("COMMIT", ())
