"""Databases and clients of the tests. Each test starts from a copy of a database that the real migrations made."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import event, text

from tests import postgres
from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing
from webapp.web.application import Application

pytest_plugins = ["tests.faults.plugin"]

KEY = "a key for tests only, forty characters or more"
NOON = datetime(2026, 11, 25, 12, tzinfo=clock.LOCAL)


def settings(var: Path, url: str) -> dict[str, Any]:
    return {
        "TESTING": True,
        "SECRET_KEY": KEY,
        "VAR_DIR": var,
        "SQLALCHEMY_DATABASE_URI": url,
        "WTF_CSRF_ENABLED": False,  # page tests post plainly; tests/web and tests/browser hold the real thing
        "BASE_URL": "http://localhost",
    }


def _close(app: Application) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all migrations; tests copy it."""
    var = tmp_path_factory.mktemp("template")
    app = create_app(settings(var, f"sqlite:///{var / 'template.db'}"))
    with app.app_context():
        upgrade()
    _close(app)
    return var / "template.db"


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The PostgreSQL cluster that all workers of this run share."""
    root = tmp_path_factory.getbasetemp()
    meeting_place = root.parent if "PYTEST_XDIST_WORKER" in os.environ else root
    with postgres.shared(meeting_place) as folder:
        yield folder


def administer(cluster: Path, statement: str) -> None:
    """Run a statement on the cluster itself: make or drop a database."""
    with psycopg.connect(f"host={cluster} user=shanzhi dbname=postgres", autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]  # names are made here


@pytest.fixture(scope="session")
def migrated_postgresql(cluster: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a PostgreSQL database with all migrations; tests make theirs from it."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    administer(cluster, f"CREATE DATABASE {name}")
    app = create_app(settings(tmp_path_factory.mktemp("pg"), postgres.url(cluster, name)))
    with app.app_context():
        upgrade()
    _close(app)
    return name


@pytest.fixture
def sqlite_url(migrated_sqlite: Path, tmp_path: Path) -> str:
    file = tmp_path / "shanzhi.db"
    shutil.copyfile(migrated_sqlite, file)
    return f"sqlite:///{file}"


@pytest.fixture
def postgresql_url(cluster: Path, migrated_postgresql: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    administer(cluster, f"CREATE DATABASE {name} TEMPLATE {migrated_postgresql}")
    yield postgres.url(cluster, name)
    administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """SQLite, unless the test asks for ``both_databases``."""
    kind = getattr(request, "param", "sqlite")
    return str(request.getfixturevalue(f"{kind}_url"))


#: Mark a test with it to run it on SQLite and on PostgreSQL: ``@both_databases``.
both_databases = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def at_noon() -> Iterator[None]:
    """The day of a publication: the test runs at ``NOON``."""
    with clock.travel(NOON):
        yield


@pytest.fixture
def queries_sent(app: Application) -> list[str]:
    """Each SELECT that SQLite runs from here on, whichever way it was sent."""
    sent: list[str] = []

    def note(sql: str) -> None:
        if sql.startswith("SELECT"):
            sent.append(sql)

    event.listen(db.engine, "checkout", lambda raw, *_: raw.set_trace_callback(note))
    return sent


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Templates are compiled once a run, not once an application: each test makes one of its own."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def make_app(tmp_path: Path, compiled_templates: BytecodeCache) -> Iterator[Callable[..., Application]]:
    """Make applications with other settings; they are closed after the test."""
    made: list[Application] = []

    def make(url: str, **more: Any) -> Application:
        app = create_app({**settings(tmp_path / "var", url), **more})
        app.jinja_env.bytecode_cache = compiled_templates
        made.append(app)
        return app

    yield make
    for app in made:
        _close(app)


@pytest.fixture
def app(make_app: Callable[..., Application], database_url: str) -> Iterator[Application]:
    """An application with an empty, migrated database, inside its context."""
    application = make_app(database_url)
    start_writing()
    with application.app_context():
        yield application
        db.session.remove()


@pytest.fixture
def session(app: Application) -> Any:
    """The session of the test's own application context."""
    return db.session


class Browser(FlaskClient):
    """A browser without scripts. Each request has an application context and transactions of its own, as in life;
    what the test has prepared is committed first, and what it has loaded is read anew afterwards."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            db.session.commit()
        with self.application.app_context():
            answer = super().open(*args, **kwargs)
        start_writing()
        return answer


@pytest.fixture
def client(app: Application) -> FlaskClient:
    app.test_client_class = Browser
    return app.test_client()


def unguard(table: str) -> None:
    """Take away the database's guard against changes of a table, as somebody with the database could."""
    where = "" if db.engine.dialect.name == "sqlite" else f" ON {table}"
    db.session.execute(text(f"DROP TRIGGER {table}_no_update{where}"))
