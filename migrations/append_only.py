"""Triggers that make the database itself refuse changes, on SQLite and PostgreSQL alike.

Used by migrations only. A revision that has been released must keep working: add functions, do not change these.
"""

from __future__ import annotations

from collections.abc import Sequence

from alembic import op


def _postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def forbid(table: str, verb: str, *, columns: Sequence[str] = ()) -> None:
    """Refuse ``verb`` (UPDATE or DELETE) on a table; with ``columns`` only an UPDATE that changes one of them."""
    name = f"{table}_no_{verb.lower()}"
    message = f"{table} is append-only"
    if _postgresql():
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
        when = f"WHEN ({changed})" if columns else ""
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when} EXECUTE FUNCTION {name}()")
        return
    changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in columns)
    when = f"WHEN {changed}" if columns else ""
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW {when} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def refuse_when(table: str, verb: str, condition: str) -> None:
    """Refuse ``verb`` on rows for which ``condition`` (over OLD and NEW, in SQL of both databases) holds."""
    name, message = f"{table}_{verb.lower()}_too_late", f"{table}: this row has ended"
    if _postgresql():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{message}'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION {name}()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW WHEN {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def forbid_truncate(table: str) -> None:
    """PostgreSQL's TRUNCATE removes rows past row triggers; SQLite has no such verb."""
    if not _postgresql():
        return
    name = f"{table}_no_truncate"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()")


def allow_truncate(table: str) -> None:
    """Take ``forbid_truncate`` back."""
    if _postgresql():
        _drop(table, f"{table}_no_truncate")


def accept(table: str, verb: str) -> None:
    """Take ``refuse_when`` back."""
    _drop(table, f"{table}_{verb.lower()}_too_late")


def _drop(table: str, name: str) -> None:
    if _postgresql():
        op.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        op.execute(f"DROP FUNCTION IF EXISTS {name}()")
        return
    op.execute(f"DROP TRIGGER IF EXISTS {name}")


def allow(table: str, verb: str) -> None:
    """Take ``forbid`` back, for a downgrade."""
    _drop(table, f"{table}_no_{verb.lower()}")
