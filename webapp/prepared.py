"""Statements of the hot pages: compiled once, run by the database's own driver.

SQLAlchemy writes the text of a statement and knows how to read its columns, but running one through it costs several times
what the database needs for it (decision 0003). A ``Prepared`` keeps the text and the readers of the columns, and runs on
the session's connection, inside its transaction; everything else stays with SQLAlchemy.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Insert, Select, Table, TextClause, Update, bindparam
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.sql.compiler import SQLCompiler

from webapp.extensions import db

Reader = Callable[[Any], Any]
Writer = Callable[[Any], Any]
KEPT = "driver"  # in a session's info: the transaction, its driver's connection, and the dialect


def table_of(model: type[Any]) -> Table:
    """A model's table, for statements that write rows past the ORM."""
    table: Table = model.__table__
    return table


class Places:
    """A fixed number of values for ``IN``, so that the text of a query never changes; those not needed hold ``empty``."""

    def __init__(self, name: str, count: int, empty: int = 0) -> None:
        self._names = [f"{name}_{place}" for place in range(count)]
        self._empty = dict.fromkeys(self._names, empty)

    def parameters(self) -> list[BindParameter[Any]]:
        """For ``column.in_(...)``."""
        return [bindparam(name) for name in self._names]

    def filled(self, values: Sequence[int]) -> dict[str, int]:
        """:raises ValueError: if there are more values than places: none may be left out silently."""
        if len(values) > len(self._names):
            raise ValueError(f"{len(values)} values for {len(self._names)} places")
        return self._empty | dict(zip(self._names, values, strict=False))


Statement = Select[Any] | Insert | Update | TextClause


class Prepared:
    """One statement with named parameters. Rows are named tuples, read as the columns' types say.

    Each call gives the same names; an INSERT writes the columns that its first call named. Nothing is flushed before.
    """

    def __init__(self, statement: Statement) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def all(self, **values: Any) -> list[Any]:
        """All rows of a SELECT, or of what RETURNING says, as a list of named tuples.

        :raises sqlalchemy.exc.DBAPIError: of the kind that SQLAlchemy itself would raise, without the values.
        """
        return self._run(values)[0]

    def count(self, **values: Any) -> int:
        """How many rows were written."""
        return self._run(values)[1]

    def each(self, rows: Sequence[dict[str, Any]]) -> None:
        """Run it once for each of some values, in one call of the driver, which returns no rows."""
        if not rows:
            return
        connection, dialect = _driver()
        text = self._texts.get(dialect.name) or self._compile(dialect, rows[0])
        text.each(connection, dialect, rows)

    def _run(self, values: dict[str, Any]) -> tuple[list[Any], int]:
        connection, dialect = _driver()
        text = self._texts.get(dialect.name) or self._compile(dialect, values)
        return text.run(connection, dialect, values)

    def first(self, **values: Any) -> Any | None:
        """The first row, or None. The query says itself that there is only one, or which."""
        rows = self.all(**values)
        return rows[0] if rows else None

    def _compile(self, dialect: Dialect, values: dict[str, Any]) -> _Text:
        text = self._texts[dialect.name] = _Text(self._statement, dialect, values)
        return text


class _Text:
    """A statement as one kind of database takes it."""

    def __init__(self, statement: Statement, dialect: Dialect, values: dict[str, Any]) -> None:
        """``values``: of the first call; only their names matter.

        :raises ValueError: if one is a list: its length would be fixed for ever.
        """
        if any(isinstance(value, list | tuple | set) for value in values.values()):
            raise ValueError("a list of changing length has no fixed text: use Places")
        compiled = _compiled(statement, dialect, values)
        self._sql = str(compiled)
        self._order = compiled.positiontup  # None where parameters go by name
        writers = {
            name: writer
            for bound, name in compiled.bind_names.items()
            if (writer := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._writers = {name: write for name, write in writers.items() if name in values}
        self._fixed = {
            name: writers[name](value) if name in writers else value
            for name, value in compiled.params.items()
            if name not in values
        }
        columns = _columns(statement)
        readers = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        self._readers = [(place, reader) for place, reader in enumerate(readers) if reader is not None]
        names = [getattr(column, "key", None) or "value" for column in columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # the names come from the query
        self._row = row._make if columns else None

    def run(self, connection: Any, dialect: Dialect, values: dict[str, Any]) -> tuple[list[Any], int]:
        """The rows, and how many were written."""
        bound = self._bound(values, self._writers)
        cursor = connection.cursor()
        try:
            cursor.execute(self._sql, bound)
            rows: Iterable[Sequence[Any]] = cursor.fetchall() if self._row is not None else ()
            written = cursor.rowcount
        except dialect.loaded_dbapi.Error as error:
            raise self._said(error, connection, dialect) from error
        finally:
            cursor.close()
        if self._readers:
            rows = [self._read(row) for row in rows]
        return [self._row(row) for row in rows] if self._row is not None else [], written

    def each(self, connection: Any, dialect: Dialect, rows: Sequence[dict[str, Any]]) -> None:
        writers = {name: _remembering(write) for name, write in self._writers.items()}
        cursor = connection.cursor()
        try:
            cursor.executemany(self._sql, [self._bound(dict(values), writers) for values in rows])
        except dialect.loaded_dbapi.Error as error:
            raise self._said(error, connection, dialect) from error
        finally:
            cursor.close()

    def _said(self, error: Any, connection: Any, dialect: Dialect) -> Any:
        """As SQLAlchemy would say it; a connection that is gone is thrown away, as it would do."""
        gone = dialect.is_disconnect(error, connection, None)
        if gone:
            db.session().invalidate()
        general = dialect.loaded_dbapi.Error
        return DBAPIError.instance(
            self._sql, None, error, general, hide_parameters=True, connection_invalidated=gone, dialect=dialect
        )

    def _bound(self, values: dict[str, Any], writers: Mapping[str, Writer]) -> Any:
        """``values`` may be written to."""
        if self._fixed:
            values = self._fixed | values
        for name, write in writers.items():
            values[name] = write(values[name])
        return values if self._order is None else [values[name] for name in self._order]

    def _read(self, row: Sequence[Any]) -> list[Any]:
        read = list(row)
        for place, reader in self._readers:
            read[place] = reader(read[place])
        return read


def _remembering(write: Writer) -> Writer:
    """For many rows: a value that is the one of the row before, as the moment of an act is, is not written anew."""
    before, written = object(), None

    def remembering(value: Any) -> Any:
        nonlocal before, written
        if value is not before:
            before, written = value, write(value)
        return written

    return remembering


def _compiled(statement: Statement, dialect: Dialect, values: dict[str, Any]) -> SQLCompiler:
    if isinstance(statement, Select):
        # lists that the query itself holds are written out now, which asks for a value of every parameter
        compiled = statement.params(values).compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    else:
        names = list(values) if isinstance(statement, Insert) else None
        compiled = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _columns(statement: Statement) -> list[ColumnElement[Any]]:
    if isinstance(statement, TextClause):
        return []
    return list(statement.selected_columns if isinstance(statement, Select) else statement.exported_columns)


def _driver() -> tuple[Any, Dialect]:
    """The driver's connection of the session's transaction, which begins if it has not yet."""
    session = db.session()
    kept = session.info.get(KEPT)
    if kept is not None and kept[0] is _innermost(session):
        return kept[1], kept[2]
    connection = session.connection()  # begins what has not begun yet: the transaction, a savepoint
    raw = connection.connection.dbapi_connection
    session.info[KEPT] = (_innermost(session), raw, connection.dialect)
    return raw, connection.dialect


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()
