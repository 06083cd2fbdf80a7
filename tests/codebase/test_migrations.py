"""Migrations make exactly the tables that the models describe, up and down, on both databases."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from tests.conftest import both_databases
from webapp.extensions import Model, db

PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"]


def differences():
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "autogenerate_plugins": PLUGINS}
        )
        return compare_metadata(context, Model.metadata)


@both_databases
def test_the_migrated_database_equals_the_models(app):
    assert differences() == []


@both_databases
def test_going_down_leaves_nothing_and_up_again_everything(app):
    db.session.remove()
    downgrade(revision="base")
    left = set(inspect(db.engine).get_table_names())
    assert left <= {"alembic_version"}
    upgrade()
    assert differences() == []


def test_there_is_one_head_and_one_revision_after_the_other(app):
    from flask import current_app

    scripts = ScriptDirectory(current_app.extensions["migrate"].directory)
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1


@both_databases
def test_append_only_tables_refuse_changes_in_the_database_itself(app):
    """The triggers are there under the names that the migrations give them."""
    if db.engine.dialect.name == "sqlite":
        names = set(db.session.scalars(db.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    else:
        names = set(db.session.scalars(db.text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))
    for table in ("entry", "audit_line", "stock_movement"):
        assert {f"{table}_no_update", f"{table}_no_delete"} <= names
