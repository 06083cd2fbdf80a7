"""The Flask extensions, and how the database is opened.

SQLite: WAL, every commit durable, one writer at a time in a fair queue. A request that only reads opens a
plain snapshot on which a write is refused by the database itself, so that GET can never write.
PostgreSQL: row locks do the same work, and a request that only reads says READ ONLY; the county's schema is set for
each transaction, which is safe behind a pooler.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import DateTime, Index, MetaData, TypeDecorator, event, text
from sqlalchemy.engine import Connection, Dialect, Engine
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, registry
from werkzeug.local import LocalProxy

WRITER_PATIENCE = 20.0  # seconds a writer queues before it is told to try again
IDLE = 1.0  # seconds after which a connection to PostgreSQL may have been cut


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC: aware in Python, naive UTC text in SQLite, timestamptz in PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """Base of all tables. Every constraint has a name, or migrations could not see it change."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={datetime: UtcDateTime},
    )


def one_of(column: str, values: Iterable[str]) -> str:
    """The text of a CHECK that a column holds one of some words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return f"{column} IN ({listed})"


db = SQLAlchemy(model_class=Model, session_options={"autoflush": False})
csrf = CSRFProtect()
login_manager = LoginManager()


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of the rows for which ``where`` holds.

    PostgreSQL's half is said when somebody migrates (``_migrations``): said here, it would load SQLAlchemy's whole
    PostgreSQL dialect, 3 MB, into every server on SQLite.
    """
    return Index(name, *columns, unique=unique, sqlite_where=text(where), info={"where": where})


def insert_into(table: type[Model]) -> Any:
    """INSERT as the database at hand speaks it: with ON CONFLICT, which SQLAlchemy's common one has not."""
    return import_module(f"sqlalchemy.dialects.{db.engine.dialect.name}").insert(table)


class WriterBusy(Exception):
    """The queue of writers did not move for ``WRITER_PATIENCE`` seconds."""


class FairLock:
    """First come, first served. SQLite's own busy handler lets late comers overtake for seconds."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._held = False

    def acquire(self, timeout: float) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(timeout):
            return
        with self._guard:
            if turn.is_set():  # the turn came between the time-out and here
                return
            self._waiting.remove(turn)
        raise WriterBusy

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


def one_writer() -> bool:
    """Whether those who write do so one after the other, as on SQLite, and should not hold the others up."""
    return db.engine.dialect.name == "sqlite"


#: The lock of a request that has its turn from its first look on, and None for all others.
_turn: ContextVar[FairLock | None] = ContextVar("turn", default=None)
_gates: WeakKeyDictionary[Engine, FairLock] = WeakKeyDictionary()


@contextmanager
def whole_turn() -> Iterator[None]:
    """On SQLite: one writing request from its first look to its commit, the next one after it.

    For short forms that many send at once. SQLite takes one writer at a time anyway; four that each prepare theirs
    meanwhile pass the interpreter to and fro at every statement and together get less done than one (bench ``writers``).

    :raises WriterBusy: if the turn does not come.
    """
    gate = _gates.get(db.engine)
    if gate is None:
        yield
        return
    gate.acquire(WRITER_PATIENCE)
    held = _turn.set(gate)
    try:
        yield
    finally:
        db.session.rollback()  # a refused form's transaction must not outlive its turn
        if _turn.get() is not None:  # ``reading`` has not given it back
            gate.release()
        _turn.reset(held)


WROTE = "wrote"  # in a session's info: this transaction holds what must not be rolled back
_reading: ContextVar[bool] = ContextVar("reading", default=False)


def start_reading() -> None:
    """From here on this request's transactions are snapshots that cannot write."""
    _reading.set(True)


def start_writing() -> None:
    _reading.set(False)


@contextmanager
def reading() -> Iterator[None]:
    """Inside a writing request: look something up before the writer's turn is taken.

    For work that is slow and needs no lock, such as checking a password. The snapshot ends with the block, so nothing
    may have been written before it: a form that uses it carries no once-key.

    :raises RuntimeError: if this request has written already.
    """
    if db.session.info.get(WROTE) or db.session.new or db.session.dirty:
        raise RuntimeError("reading() would throw away what was written")
    db.session.rollback()
    turn = _turn.get()
    if turn is not None:
        _turn.set(None)  # the others need not wait; the first write queues again
        turn.release()
    token = _reading.set(True)
    try:
        yield
        db.session.rollback()
    finally:
        _reading.reset(token)


ATTACHED = "beside"  # the name of a file that this transaction reads beside its database


def attach(file: Path) -> None:
    """SQLite: let this transaction read another database's file; when it has ended, the file is let go and removed."""
    connection = db.session.connection()
    connection.exec_driver_sql(f"ATTACH DATABASE ? AS {ATTACHED}", (str(file),))
    connection.connection.info[ATTACHED] = file


def init_app(app: Flask) -> None:
    app.config.setdefault("SQLALCHEMY_ENGINE_OPTIONS", _engine_options(app))
    db.init_app(app)
    app.extensions["migrate"] = LocalProxy(lambda: _migrations(app))
    csrf.init_app(app)
    login_manager.init_app(app, add_context_processor=False)
    with app.app_context():
        open_database(db.engine, app.config["DATABASE_SCHEMA"])


def _migrations(app: Flask) -> Any:
    """Flask-Migrate's settings, made when somebody migrates: with Alembic it is a sixth of the server's memory."""
    from flask_migrate import Migrate

    for index in (index for table in db.metadata.tables.values() for index in table.indexes if "where" in index.info):
        index.dialect_options["postgresql"]["where"] = text(index.info["where"])
    Migrate(app, db, directory=str(Path(__file__).resolve().parent.parent / "migrations"))
    return app.extensions["migrate"]


def upgrade() -> None:
    """Bring the database of the current application up to date."""
    from flask_migrate import upgrade as migrate_up

    migrate_up()


def _engine_options(app: Flask) -> dict[str, Any]:
    if app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite"):
        app.config["VAR_DIR"].mkdir(parents=True, exist_ok=True)
        # autocommit: BEGIN is ours, so that it can say IMMEDIATE
        return {"connect_args": {"isolation_level": None, "timeout": 5.0}, "pool_size": 32, "max_overflow": 32}
    return {"pool_size": app.config["THREADS"], "max_overflow": app.config["THREADS"]}


def open_database(engine: Engine, schema: str = "") -> None:
    """Install the listeners that make transactions behave as the module says."""
    if engine.dialect.name == "sqlite":
        _open_sqlite(engine)
        return
    _open_postgresql(engine)
    if schema:
        _use_schema(engine, schema)


def _open_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        raw.read_only = _reading.get()  # psycopg's BEGIN says so: no further round trip

    def roll_back(raw: Any) -> None:
        """Reading ends by COMMIT: at a ROLLBACK psycopg forgets all that the server has prepared on the connection."""
        if raw.read_only:
            raw.commit()
        else:
            raw.rollback()

    engine.dialect.do_rollback = roll_back  # type: ignore[method-assign,assignment]  # has no event
    _ask_if_alive(engine)


def _ask_if_alive(engine: Engine) -> None:
    """Ask a connection that was idle whether the server is still there. (``pool_pre_ping`` asks every time, twice a
    request: a twentieth of a post.)"""

    @event.listens_for(engine, "checkin")
    def checkin(raw: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def checkout(raw: Any, record: Any, proxy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < IDLE:
            return
        try:
            engine.dialect.do_ping(raw)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool drops it and opens another


def _use_schema(engine: Engine, schema: str) -> None:
    statement = f"SET LOCAL search_path TO {engine.dialect.identifier_preparer.quote(schema)}"

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)


def _open_sqlite(engine: Engine) -> None:
    gate = _gates[engine] = FairLock()

    @event.listens_for(engine, "connect")
    def connect(dbapi_connection: Any, record: Any) -> None:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-4000",  # kB a connection, and each thread has one; the system caches the file as well
            "temp_store=MEMORY",
        ):
            dbapi_connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        state = connection.connection.info
        reads = _reading.get()
        if state.get("reads") != reads:
            raw.execute(f"PRAGMA query_only={int(reads)}").close()
            state["reads"] = reads
        if reads:
            raw.execute("BEGIN").close()
            return
        if _turn.get() is None:
            gate.acquire(WRITER_PATIENCE)
            state["gate"] = True
        raw.execute("BEGIN IMMEDIATE").close()

    @event.listens_for(engine, "checkin")
    def checkin(dbapi_connection: Any, record: Any) -> None:
        # Not at "commit": that event comes before the commit is on disk.
        attached = record.info.pop(ATTACHED, None)
        if attached is not None and dbapi_connection is not None:
            dbapi_connection.execute(f"DETACH DATABASE {ATTACHED}").close()
            attached.unlink(missing_ok=True)
        if record.info.pop("gate", False):
            gate.release()
