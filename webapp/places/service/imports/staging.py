"""New rows of a large roster, written into a file of their own before the writer's turn (SQLite).

A community is 200,000 rows. Sent one by one they hold up every kiosk for five seconds, since each row passes the
interpreter to and fro; out of a file they are one statement a table, which the database runs by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Engine, MetaData, NullPool, Table, create_engine, event, insert, select

from webapp.extensions import ATTACHED, attach, db
from webapp.places.service.imports.plan import CHUNK

Row = dict[str, Any]
#: Rows for the table of a model.
Rows = tuple[type[Any], Iterable[Row]]


class Staged:
    """One table a list of rows, in their order. The file goes when the transaction that took it over has ended."""

    def __init__(self, file: Path, lists: Iterable[Rows]) -> None:
        self._file = file
        self._taken_over = False
        self._lists: list[tuple[Table, list[str]]] = []
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        engine = _engine(file)
        with engine.begin() as connection:
            for model, rows in lists:
                self._keep(connection, model.__table__, iter(rows))
        engine.dispose()

    def _keep(self, connection: Connection, table: Table, rows: Iterator[Row]) -> None:
        first = next(rows, None)
        if first is None:
            return
        copy = _copy(len(self._lists), table, list(first))
        self._lists.append((table, list(first)))
        copy.create(connection)
        waiting = chain([first], rows)
        while chunk := list(islice(waiting, CHUNK)):
            connection.execute(insert(copy), chunk)

    def take_over(self) -> None:
        """Insert everything, inside the writer's turn."""
        attach(self._file)
        self._taken_over = True
        for number, (table, names) in enumerate(self._lists):
            copy = _copy(number, table, names, schema=ATTACHED)
            db.session.execute(insert(table).from_select(names, select(copy), include_defaults=False))

    def drop(self) -> None:
        """Forget what was not taken over."""
        if not self._taken_over:
            self._file.unlink(missing_ok=True)


def _copy(number: int, table: Table, names: list[str], *, schema: str | None = None) -> Table:
    columns = [Column(name, table.c[name].type) for name in names]
    return Table(f"rows_{number}", MetaData(), *columns, schema=schema)


def _engine(file: Path) -> Engine:
    engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, record: Any) -> None:
        """A file that is gone after a crash needs no journal."""
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-4000"):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()

    return engine
