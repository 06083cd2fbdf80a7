"""A new version on an old database: all rows are there, and whoever dies on the way leaves the old one."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import downgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.engine import Engine, make_url

from tests import factories
from tests.codebase.schema import describe, differences, guards
from tests.conftest import KEY, administer, both_databases
from tests.faults.serving import ROOT
from tests.records.conftest import make_street
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db, upgrade
from webapp.oversight import backup
from webapp.qrcodes.service import make_missing
from webapp.redemption.service import vouchers

NEWEST = max(path.name[:4] for path in (ROOT / "migrations" / "versions").glob("*.py"))
VERSIONS = [f"{number:04}" for number in range(1, int(NEWEST))]
Rows = dict[str, list[tuple[Any, ...]]]


def fill() -> None:
    """A day's work: records, points, goods, a voucher, cards."""
    street = make_street()
    for holder, scheme in ((street.household, "household"), (street.shop, "shop")):
        street.make(holder, scheme, "1.1")
    homes = [street.household, *(factories.make_household(courtyard=street.courtyard) for _ in range(3))]
    scheme, now = street.schemes["household"], clock.now()
    item = factories.make_item(area=street.tree.community, scheme=scheme)
    for home in homes:
        factories.give_points(home, scheme, 100)
        vouchers.redeem(actor=SYSTEM, household_id=home.id, item_id=item.id, quantity=1, expected=Points.whole(20), key=KEY, now=now)  # fmt: skip
    make_missing(holder_ids=[home.id for home in homes], actor=SYSTEM, now=now)
    factories.make_person(household=homes[0])
    factories.make_station(area=street.tree.community)
    db.session.commit()
    db.session.remove()


def rows(engine: Engine, columns: dict[str, list[str]] | None = None) -> Rows:
    """Every row of every table, or of these columns."""
    inspector = inspect(engine)
    tables = columns or {
        name: [one["name"] for one in inspector.get_columns(name)] for name in inspector.get_table_names()
    }
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(_read(name, wanted))), key=repr)
            for name, wanted in sorted(tables.items())
            if name != "alembic_version"
        }


def _read(table: str, names: list[str]) -> Any:
    listed = ", ".join(f'"{name}"' for name in names)
    return text(f'SELECT {listed} FROM "{table}"')


def columns_of(engine: Engine) -> dict[str, list[str]]:
    inspector = inspect(engine)
    return {name: [one["name"] for one in inspector.get_columns(name)] for name in inspector.get_table_names()}


def version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


@both_databases
def test_every_version_becomes_this_one_with_its_rows_as_they_were(app, scale, figure):
    """Downwards version by version; from each one up again."""
    fill()
    now, watched = describe(db.engine), guards(db.engine)
    steps = scale(small=13, routine=6, full=1)
    wanted = set(VERSIONS[::-steps]) | {"0005"}
    seen = 0
    for old in sorted(wanted, reverse=True):
        downgrade(revision=old)
        kept, before = kept_columns(db.engine.url.render_as_string(hide_password=False)), rows(db.engine)
        upgrade()
        after = rows(db.engine, kept)
        assert {name: after[name] == before[name] for name in before} == dict.fromkeys(before, True), old
        assert differences(now, describe(db.engine)) == []
        assert guards(db.engine) == watched
        seen += sum(map(len, before.values()))
    figure(
        f"R12 migrate ({db.engine.dialect.name}): {len(wanted)} of {len(VERSIONS)} versions -> {NEWEST},"
        f" {seen} rows compared, 0 changed"
    )


@pytest.fixture
def copies(app: Any, database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """A database of an old version with data in it, and how to have copies of it: ``copies("0006", 3)``."""
    made: list[str] = []
    kind = db.engine.dialect.name

    def make(old: str, count: int) -> list[str]:
        fill()
        downgrade(revision=old)
        db.session.remove()
        db.engine.dispose()
        return [_copy(database_url, tmp_path / f"copy-{number}.db") for number in range(count)]

    def _copy(url: str, file: Path) -> str:
        if kind == "sqlite":
            with create_engine(url).connect() as connection:
                connection.exec_driver_sql("VACUUM INTO ?", (str(file),))
            return f"sqlite:///{file}"
        name = f"copy_{uuid.uuid4().hex[:12]}"
        cluster = request.getfixturevalue("cluster")
        administer(cluster, f"CREATE DATABASE {name} TEMPLATE {make_url(url).database}")
        made.append(name)
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    yield make
    for name in made:
        administer(request.getfixturevalue("cluster"), f"DROP DATABASE {name} WITH (FORCE)")


def migrate(*jobs: tuple[int, str]) -> list[str]:
    """Statement by which it dies (0: none) and database -> what the processes said."""
    words = [str(word) for job in jobs for word in job]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.migrating", *words],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        check=True,
        timeout=900,
    )
    return done.stdout.split("\n")


@dataclass
class State:
    """What stands in a database."""

    version: str
    schema: dict[str, Any]
    guards: set[str]
    rows: Rows

    def became(self, old: State, old_columns: dict[str, list[str]], newest: State, url: str) -> bool:
        """Whether this is the newest version with the rows of an old one."""
        if (self.version, self.guards) != (newest.version, newest.guards) or differences(self.schema, newest.schema):
            return False
        engine = create_engine(url)
        try:
            return rows(engine, old_columns) == old.rows
        finally:
            engine.dispose()


def state(url: str) -> State:
    engine = create_engine(url)
    try:
        return State(version(engine), describe(engine), guards(engine), rows(engine))
    finally:
        engine.dispose()


@both_databases
def test_whoever_dies_at_a_statement_leaves_the_old_database_which_migrates_afterwards(app, copies, scale, figure):
    deaths = scale(small=1, routine=4, full=120)
    old = "0006"
    whole, untouched, *others = copies(old, deaths + 2)
    statements = int(migrate((0, whole))[0])
    before, after = state(untouched), state(whole)
    columns = kept_columns(untouched)
    assert (before.version, after.version) == (old, NEWEST)
    dice = random.Random(20261125)
    chosen = sorted({statements - 6, *(dice.randrange(statements // 4, statements - 6) for _ in range(deaths - 1))})
    jobs = list(zip(chosen, others, strict=False))

    said = migrate(*jobs)

    assert sum(line.startswith("killed ") for line in said) == len(jobs), "every one of them must have died"
    for statement, url in jobs:
        found = state(url)
        assert found == before or found.became(before, columns, after, url), f"between, after statement {statement}"
    again = jobs[:: max(len(jobs) // scale(small=1, routine=2, full=10), 1)]
    migrate(*((0, url) for _, url in again))
    for _, url in again:
        assert state(url).became(before, columns, after, url)
    figure(
        f"R12 migrate ({db.engine.dialect.name}): killed at {len(jobs)} of {statements} statements of {old} -> {NEWEST},"
        f" 0 between two versions, {len(again)} of {len(again)} migrated afterwards"
    )


def kept_columns(url: str) -> dict[str, list[str]]:
    engine = create_engine(url)
    try:
        return {name: names for name, names in columns_of(engine).items() if name != "alembic_version"}
    finally:
        engine.dispose()


def test_the_database_of_a_newer_version_is_refused_in_plain_words(app):
    fill()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9001'"))
    before = rows(db.engine)

    with pytest.raises(SystemExit, match=r"更新的程序（9001）.*没有改动任何数据"):
        upgrade()

    assert rows(db.engine) == before


def test_a_copy_is_made_first_from_which_the_old_version_goes_on(app, tmp_path):
    fill()
    downgrade(revision="0020")
    before, var = rows(db.engine), app.config["VAR_DIR"]
    shutil.rmtree(var / "backups", ignore_errors=True)

    upgrade()

    (made,) = (var / "backups").iterdir()
    assert backup.faults(made) == []
    other = tmp_path / "other"
    backup.restore(made, make_url(f"sqlite:///{other / 'old.db'}"), other, replace=False, now=clock.now())
    engine = create_engine(f"sqlite:///{other / 'old.db'}")
    assert (version(engine), rows(engine)) == ("0020", before)
    engine.dispose()


def test_a_database_that_is_up_to_date_or_empty_is_not_copied(app):
    upgrade()
    assert not (app.config["VAR_DIR"] / "backups").exists()
