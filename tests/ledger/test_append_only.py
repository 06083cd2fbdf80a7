"""The database itself refuses to change what has been written."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.conftest import both_databases
from tests.ledger.conftest import NOON
from webapp.extensions import db
from webapp.ledger import service

REFUSED = (
    "UPDATE entry SET amount = amount + 10",
    "UPDATE entry SET title = 'x'",
    "DELETE FROM entry",
    "UPDATE account SET holder_id = holder_id + 1",
    "UPDATE account SET opened_at = '2020-01-01 00:00:00.000000'",
    "DELETE FROM account",
    "UPDATE hold SET amount = 1 WHERE state = 'active'",
    "UPDATE hold SET state = 'active', ended_at = NULL, end_hash = NULL WHERE state = 'released'",
    "DELETE FROM hold",
    "UPDATE month_total SET month = 202601",
    "DELETE FROM month_total",
    "UPDATE rule_version SET highest = 9000, lowest = 9000",
    "UPDATE rule_version SET author = 'x'",
    "DELETE FROM rule_version",
)


@both_databases
@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses_to_change_the_book(town, statement):
    town.post(50)
    service.release(hold_id=town.hold(10).id, now=NOON)
    town.hold(10)
    db.session.commit()

    with pytest.raises(DatabaseError, match="append-only|has ended"):
        db.session.execute(text(statement))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", ["entry", "account", "hold", "month_total"])
def test_postgresql_refuses_to_empty_a_table_of_the_book(town, table):
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(text(f"TRUNCATE {table} CASCADE"))
