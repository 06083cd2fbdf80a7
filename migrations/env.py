"""Alembic's environment: the application's own engine, one transaction a migration, CHECKs compared by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import fileConfig
from pathlib import Path
from typing import Any

from alembic import context
from alembic.migration import MigrationContext
from flask import current_app

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.extensions import reading
from webapp.oversight import backup

sys.path.insert(0, str(Path(__file__).parent))  # migrations share append_only.py
config = context.config
if config.config_file_name is not None and config.attributes.get("configure_logger", True):
    fileConfig(config.config_file_name, disable_existing_loggers=False)

database = current_app.extensions["migrate"].db
NEWER = (
    "数据库是更新的程序（{present}）用过的，这里的程序只到 {newest}，没有改动任何数据。"
    "请装回更新的程序，或用升级前的备份恢复：flask --app webapp restore 备份文件夹 --replace"
)


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


def _prepare(present: str | None) -> None:
    """Before a database with data in it is changed: it must not be newer than this program, and a copy is made.

    :raises SystemExit: with what to do, in plain words; nothing was changed.
    """
    newest = str(context.get_head_revision())
    if present is not None and present > newest:
        raise SystemExit(NEWER.format(present=present, newest=newest))
    wanted = context.get_revision_argument()
    if present is None or not (isinstance(wanted, str) and wanted.isdigit() and wanted > present):
        return
    try:
        made = backup.before_migration(database.engine, Path(current_app.config["VAR_DIR"]), now=clock.now())
    except DomainError as error:
        raise SystemExit(f"升级前的备份没有做成，数据库没有改动：{error.message}") from error
    sys.stderr.write(f"升级前的备份：{made.folder}\n")


def _present() -> str | None:
    with reading(), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def run_migrations_online() -> None:
    _prepare(_present())
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
