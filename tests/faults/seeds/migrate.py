"""Faults that a migration which dies would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from alembic.ddl.impl import DefaultImpl

_exec = DefaultImpl._exec


def _exec_and_commit(self: DefaultImpl, *given: Any, **more: Any) -> Any:
    result = _exec(self, *given, **more)
    connection = self.connection
    assert connection is not None
    raw: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        raw.execute("COMMIT")
        raw.execute("BEGIN IMMEDIATE")
    else:
        raw.commit()
    return result


@contextmanager
def each_statement_by_itself() -> Iterator[None]:
    """Every statement of a migration is committed at once, as on a database without transactional DDL."""
    with patch.object(DefaultImpl, "_exec", _exec_and_commit):
        yield


SEEDS = {"each-statement-by-itself": each_statement_by_itself}
