"""Alembic's environment: the application's own engine, one transaction a migration, CHECKs compared by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import fileConfig
from pathlib import Path
from typing import Any

from alembic import context
from flask import current_app

sys.path.insert(0, str(Path(__file__).parent))  # migrations share append_only.py
config = context.config
if config.config_file_name is not None and config.attributes.get("configure_logger", True):
    fileConfig(config.config_file_name, disable_existing_loggers=False)

database = current_app.extensions["migrate"].db


def _skip_empty(migration_context: Any, revision: Any, directives: list[Any]) -> None:
    if getattr(config.cmd_opts, "autogenerate", False) and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def _tables_made_anew(connection: Any) -> Iterator[None]:
    """SQLite changes a CHECK by making the table anew, which foreign keys would refuse: they are checked at the end.

    :raises RuntimeError: if a row then names one that is not there; nothing is kept.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    raw = connection.connection.dbapi_connection  # a pragma of the connection, not of the transaction
    raw.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
        if raw.execute("PRAGMA foreign_key_check").fetchall():
            connection.rollback()
            raise RuntimeError("a migration left rows that name others which are not there")
        connection.commit()
    finally:
        raw.execute("PRAGMA foreign_keys=ON")


def run_migrations_online() -> None:
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            process_revision_directives=_skip_empty,
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
            transactional_ddl=True,
            autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
        )
        with _tables_made_anew(connection), context.begin_transaction():
            context.run_migrations()
        connection.commit()


if context.is_offline_mode():
    raise SystemExit("offline SQL is not supported: migrations check what they find")
run_migrations_online()
