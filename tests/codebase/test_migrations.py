"""Migrations make exactly the tables that the models describe, up and down, with data in them, on both databases."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import Engine, MetaData, create_engine, inspect, text

from tests import postgres
from tests.codebase.schema import describe, differences, guards
from tests.codebase.sources import ROOT
from tests.conftest import administer, both_databases
from tests.records.conftest import make_street
from webapp.extensions import Model, db
from webapp.web.application import Application

PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]


@pytest.fixture
def fresh(app: Application, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty database of the same kind as the test's own."""
    if db.engine.dialect.name == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'fresh.db'}")
        yield engine
        engine.dispose()
        return
    cluster, name = request.getfixturevalue("cluster"), f"fresh_{uuid.uuid4().hex[:12]}"
    administer(cluster, f"CREATE DATABASE {name}")
    engine = create_engine(postgres.url(cluster, name))
    yield engine
    engine.dispose()
    administer(cluster, f"DROP DATABASE {name} WITH (FORCE)")


def left_to_do() -> list[object]:
    """What ``flask db migrate`` would write."""
    with db.engine.connect() as connection:
        options = {"compare_type": True, "autogenerate_plugins": PLUGINS}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), Model.metadata))


@both_databases
def test_the_migrated_database_equals_the_models(app, fresh):
    Model.metadata.create_all(fresh)
    assert differences(describe(db.engine), describe(fresh)) == []
    assert left_to_do() == []


def changed_models(change: str) -> MetaData:
    """The models with one thing changed that a migration would be needed for."""
    changed = MetaData(naming_convention=Model.metadata.naming_convention)
    for table in Model.metadata.sorted_tables:
        table.to_metadata(changed)
    account = changed.tables["account"]
    if change == "check":
        held = next(one for one in account.constraints if str(one.name) == "ck_account_held")
        held.sqltext = text("held >= 1")  # type: ignore[attr-defined]  # it is a CheckConstraint
    elif change == "column":
        account.columns["head"].nullable = not account.columns["head"].nullable
    else:
        code = changed.tables["code"]
        code.indexes.discard(next(one for one in code.indexes if one.name == "ix_code_active"))
    return changed


@both_databases
@pytest.mark.parametrize("change", ["check", "column", "index"])
def test_a_model_changed_without_a_migration_is_noticed(app, fresh, change):
    changed_models(change).create_all(fresh)
    assert len(differences(describe(db.engine), describe(fresh))) == 1


def rows() -> dict[str, int]:
    """Tables that hold anything."""
    with db.engine.connect() as connection:
        tables = [table.name for table in Model.metadata.sorted_tables]
        counted = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in tables}
    return {name: number for name, number in counted.items() if number}


def fill() -> None:
    """Some of everything that a day at a service centre leaves behind."""
    street = make_street()
    street.make(street.household, "household", "1.1")
    street.make(street.shop, "shop", "1.1")
    db.session.commit()
    db.session.remove()


@both_databases
def test_one_step_down_at_a_time_leaves_nothing_and_up_again_everything_with_data_in_the_tables(app):
    before, watched = describe(db.engine), guards(db.engine)
    fill()
    assert {"area", "holder", "record", "entry", "audit_line"} <= set(rows())
    for _ in ScriptDirectory(app.extensions["migrate"].directory).walk_revisions():
        downgrade(revision="-1")
    assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
    assert guards(db.engine) == set()
    upgrade()
    assert differences(before, describe(db.engine)) == []
    assert guards(db.engine) == watched


def test_there_is_one_line_of_revisions_named_by_their_numbers(house):
    scripts = ScriptDirectory(house.extensions["migrate"].directory)
    assert len(scripts.get_heads()) == len(scripts.get_bases()) == 1
    revisions = [script.revision for script in reversed(list(scripts.walk_revisions()))]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    assert [re.match(r"\d{4}", file.name)[0] for file in files] == revisions


@both_databases
def test_append_only_tables_are_guarded_by_the_database_itself(app):
    for table in ("entry", "audit_line", "stock_movement"):
        assert {f"{table}_no_update", f"{table}_no_delete"} <= guards(db.engine)
