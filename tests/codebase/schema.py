"""A database's schema as plain data, so that two databases can be compared to the last word of a CHECK.

Alembic's own comparison knows CHECK constraints by their names only: a rule that was changed under the same name would
pass for equal.
"""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine, Inspector, inspect, text

Table = dict[str, Any]


def describe(engine: Engine) -> dict[str, Table]:
    """Everything that the database itself says of each table, but Alembic's own."""
    inspector = inspect(engine)
    names = [name for name in inspector.get_table_names() if name != "alembic_version"]
    return {name: _table(engine, inspector, name) for name in names}


def _table(engine: Engine, inspector: Inspector, name: str) -> Table:
    return {
        "columns": {one["name"]: _column(one) for one in inspector.get_columns(name)},
        "primary key": inspector.get_pk_constraint(name),
        "foreign keys": _by_name(inspector.get_foreign_keys(name)),
        "uniques": _by_name(inspector.get_unique_constraints(name)),
        "checks": {str(one["name"]): _one_line(one["sqltext"]) for one in inspector.get_check_constraints(name)},
        "indexes": {index: _one_line(words) for index, words in _indexes(engine, name)},
        "clustered": _clustered(engine, name),
    }


def _column(column: Any) -> tuple[str, bool, str]:
    return repr(column["type"]), column["nullable"], str(column["default"])


def _by_name(found: Any) -> dict[str, Any]:
    return {str(one["name"]): one for one in found}


def _one_line(words: str) -> str:
    return re.sub(r"\s+", " ", words).strip()


def _indexes(engine: Engine, table: str) -> list[tuple[str, str]]:
    """(name, the whole statement): a partial index differs from a whole one by its WHERE only."""
    asked = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name = :table"
        if engine.dialect.name == "sqlite"
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = :table"
    )
    with engine.connect() as connection:
        return [(name, words) for name, words in connection.execute(text(asked), {"table": table})]


def _clustered(engine: Engine, table: str) -> bool:
    """SQLite's WITHOUT ROWID."""
    if engine.dialect.name != "sqlite":
        return False
    with engine.connect() as connection:
        asked = text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = :table")
        return "WITHOUT ROWID" in str(connection.scalar(asked, {"table": table}))


def guards(engine: Engine) -> set[str]:
    """Names of the triggers, and of the functions that PostgreSQL's triggers call."""
    asked = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if engine.dialect.name == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION "
        "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    )
    with engine.connect() as connection:
        return set(connection.scalars(text(asked)))


def differences(one: dict[str, Table], other: dict[str, Table]) -> list[str]:
    """What differs, table by table, in words."""
    found = [f"only one has {name}" for name in sorted(set(one) ^ set(other))]
    for name in sorted(set(one) & set(other)):
        for part in one[name]:
            if one[name][part] != other[name][part]:
                found.append(f"{name}: {part}: {one[name][part]} != {other[name][part]}")
    return found
