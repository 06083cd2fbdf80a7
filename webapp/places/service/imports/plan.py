"""What an import would do, worked out without doing it; and what all four registers need for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Table as SqlTable
from sqlalchemy import func, insert, select, text

from webapp.core.sheets import Row, RowError, Table
from webapp.core.text import initials
from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.places.service.imports.registers import Register
from webapp.places.service.people import identity_of

CHUNK = 5000  # rows of one statement: bounds memory, and the time until others may look in


class Workings:
    """Slow results (pinyin, digests) that are worked out before the writer's turn and used again inside it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._initials: dict[str, str] = {}
        self._identities: dict[str, tuple[str, str | None]] = {}
        self.ready: tuple[Plan, Ready] | None = None

    def initials(self, name: str) -> str:
        if name not in self._initials:
            self._initials[name] = initials(name)
        return self._initials[name]

    def identity(self, number: str) -> tuple[str, str | None]:
        if number not in self._identities:
            self._identities[number] = identity_of(number, self._secret)
        return self._identities[number]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that changes something: which row, whose number, what (titles of columns)."""

    row_number: int
    number: str
    fields: tuple[str, ...]


class Ready(Protocol):
    """A plan's new rows, written already, into a file."""

    task: Task

    def still_right(self) -> bool:
        """Whether all that the plan was made of is as it was."""

    def write(self, now: datetime) -> None:
        """What the plan's ``write`` would do."""

    def drop(self) -> None:
        """It was not needed."""


@dataclass(slots=True)
class Plan:
    """Counts of rows; ``write`` does it. A row of a household roster counts for its resident and its household."""

    register: Register
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    changes: list[Change] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unkept_errors: int = 0
    write: Callable[[datetime], None] = lambda now: None
    #: Prepares the writing in a file, for ``Ready``; None: there is nothing to gain.
    ready: Callable[[Path, datetime], Ready] | None = None

    def count(self, row_number: int, number: str, *, new: bool, fields: Sequence[str]) -> None:
        if new:
            self.added += 1
        elif fields:
            self.changed += 1
            self.changes.append(Change(row_number, number, tuple(fields)))
        else:
            self.unchanged += 1

    @property
    def does_something(self) -> bool:
        return bool(self.added or self.changed)


@dataclass(frozen=True, slots=True)
class Task:
    """What the planners are given: the file's good rows, where to, since when."""

    table: Table
    base: Area
    today: date
    workings: Workings

    def blame(self, row: Row, key: str, message: str, value: object = "") -> None:
        """Report a cell by its column's key."""
        title = next(column.title for column in self.table.columns if column.key == key)
        self.table.blame(row.number, title, message, value)


def given(row: Row, *keys: str) -> dict[str, Any]:
    """The cells that are filled; a blank one leaves what is there."""
    return {key: row.values[key] for key in keys if row.values[key] is not None}


def next_ids(count: int) -> list[int]:
    """Keys for holders to come: this transaction alone takes them."""
    if db.engine.dialect.name == "postgresql":
        sequence = text("SELECT nextval(pg_get_serial_sequence('holder', 'id')) FROM generate_series(1, :count)")
        return [int(number) for number in db.session.scalars(sequence, {"count": count})]
    first = first_free_id()
    return list(range(first, first + count))


def first_free_id() -> int:
    """What ``next_ids`` would begin with on SQLite."""
    return (db.session.scalar(select(func.max(Holder.id))) or 0) + 1


def insert_rows(model: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    """Insert in bulk, a chunk at a time, into the table of ``model`` itself."""
    table: SqlTable = model.__table__
    waiting = iter(rows)
    while chunk := list(islice(waiting, CHUNK)):
        db.session.execute(insert(table), chunk)


def update_row(model: type[Any], row_id: int, values: dict[str, Any]) -> None:
    """Set some columns of one row of the table of ``model`` itself."""
    if values:
        table: SqlTable = model.__table__
        db.session.execute(table.update().where(table.c.id == row_id).values(**values))
