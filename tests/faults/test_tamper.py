"""Somebody with the database changes what they like: ``ledger verify`` names the row.

What is edited: every table and column that verification covers, one random edit at a time on a book in which all of it has
happened. The audit log is guarded by the database's triggers alone, not by a chain: it is not among them.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from tests import factories
from tests.conftest import KEY, both_databases
from tests.ledger.conftest import Town
from tests.ledger.test_verify import IDENTITY, another, live
from tests.reviews.conftest import PUBLISHED, make_month
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.verify import WrongRowError, verify
from webapp.redemption.service import vouchers
from webapp.reviews import sealing


@dataclass(frozen=True)
class Table:
    """``key``: its columns by which a row is named. ``columns``: those that verification covers; none given: all of them.
    ``exact``: verification names the very row; else one of the tables in ``named``, whose books it no longer fits."""

    key: tuple[str, ...]
    columns: tuple[str, ...] = ()
    where: str = "1 = 1"
    exact: bool = False
    named: tuple[str, ...] = ()


_LINE = ("month_id", "number")
TABLES = {
    "entry": Table(("account_id", "seq"), exact=True),
    "account": Table(("id",), exact=True),
    "hold": Table(("id",), exact=True),
    "month_total": Table(("community_id", "month", "scheme_id", "category_id"), exact=True),
    "publication_line": Table(_LINE, (*sealing.FIELDS[1:], "hash", "record_id"), exact=True),
    "community_month": Table(
        ("id",), ("lines", "last_hash", "content", "signature", "public_key", "published_at"), exact=True
    ),
    "ranked_place": Table(
        ("ranking_id", "period", "scheme_id", "holder_id"),
        ("league", "position", "place", "name", "spot", "points"),
        where="position IS NOT NULL",
        named=("community_month",),
    ),
    "record": Table(
        ("id",),
        ("holder_id", "scheme_id", "points", "happened_on", "recorder_label"),
        where="state = 'posted' AND points <> 0",
        named=("record", "publication_line"),
    ),
    "voucher": Table(("id",), ("household_id", "points", "quantity"), named=("voucher", "hold")),
    "stock_movement": Table(("id",), ("change", "item_id"), named=("voucher", "item")),
    "item": Table(("id",), ("left",), named=("item",)),
}
#: An edit, a row less, one that is there twice under another key, or two rows that have changed places.
WAYS = ("edit", "edit", "edit", "edit", "edit", "edit", "delete", "copy", "swap")


@pytest.fixture
def attacker(app: Any) -> Any:
    """A book in which everything has happened, and a connection of whoever owns the database."""
    month = make_month()
    street, now = month.street, PUBLISHED
    town = Town(
        street.tree,
        street.schemes["household"],
        street.courtyard,
        street.household,
        street.schemes["shop"],
        street.shop,
    )
    item = factories.make_item(area=street.tree.community, scheme=town.scheme, left=50, price=1)
    home = factories.make_household(courtyard=street.courtyard)
    factories.give_points(home, town.scheme, 90, now=now)
    asked = {"actor": SYSTEM, "household_id": home.id, "item_id": item.id, "quantity": 1, "expected": Points.whole(1)}
    made = [vouchers.redeem(**asked, key=KEY, now=now + timedelta(minutes=number)) for number in range(6)]
    vouchers.hand_over(actor=SYSTEM, voucher_id=made[0].id, now=now + timedelta(hours=1))
    vouchers.cancel(actor=SYSTEM, voucher_id=made[1].id, reason="不要了", now=now + timedelta(hours=1))
    live(town)
    connection = db.session.connection()
    _disarm(connection)
    db.session.commit()
    yield db.session.connection()
    db.session.rollback()


def _disarm(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        db.session.commit()
        raw: Any = db.session.connection().connection.dbapi_connection
        db.session.rollback()
        for pragma in ("foreign_keys = OFF", "ignore_check_constraints = ON"):
            raw.execute(f"PRAGMA {pragma}")
        return
    checks = text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:t AS regclass)")
    for table in TABLES:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for name in connection.execute(checks, {"t": table}).scalars().all():
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@dataclass(frozen=True)
class Edit:
    table: str
    way: str
    column: str
    keys: tuple[str, ...]  # of the rows concerned, as verification names them

    def names(self, fault: Any) -> bool:
        """Whether the fault is this edit's."""
        table = TABLES[self.table]
        if not table.exact:
            return fault.table in table.named
        if self.way != "edit" or self.column in IDENTITY | set(table.key):
            return True  # what is missed or too much is named where it is missed, or too much
        return fault.table == self.table and fault.key in self.keys


def change_something(connection: Connection, dice: random.Random) -> Edit:
    """:raises DatabaseError: if a uniqueness stands in the way: that is no edit."""
    name = dice.choice(list(TABLES))
    table = TABLES[name]
    rows = connection.execute(text(f"SELECT * FROM {name} WHERE {table.where}")).mappings().all()
    row, other = dice.sample(rows, 2) if len(rows) > 1 else (rows[0], rows[0])
    column, way = dice.choice(table.columns or tuple(row)), dice.choice(WAYS)
    if way in ("delete", "copy") and (not table.exact or name == "community_month"):
        way = "edit"
    if way == "swap" and (row[column] == other[column] or not table.exact):
        way = "edit"
    match way:
        case "edit":
            _set(connection, name, row, column, another(dice, row[column], column))
        case "swap":
            _set(connection, name, row, column, other[column])
            _set(connection, name, other, column, row[column])
        case "delete":
            connection.execute(text(f"DELETE FROM {name} WHERE {_where(table)}"), _key(table, row))
        case "copy":
            last = table.key[-1]
            listed = ", ".join(f'"{one}"' for one in row)
            values = ", ".join(f":{one}" for one in row)
            highest = connection.execute(text(f"SELECT max({last}) FROM {name}")).scalar_one()
            connection.execute(text(f"INSERT INTO {name} ({listed}) VALUES ({values})"), {**row, last: highest + 1})
    keys = tuple(", ".join(f"{one}={each[one]}" for one in table.key) for each in (row, other))
    return Edit(name, way, column, keys[: 1 if way == "edit" else 2])


def _where(table: Table) -> str:
    return " AND ".join(f"{one} = :k_{one}" for one in table.key)


def _key(table: Table, row: Any) -> dict[str, Any]:
    return {f"k_{one}": row[one] for one in table.key}


def _set(connection: Connection, name: str, row: Any, column: str, value: Any) -> None:
    table = TABLES[name]
    statement = text(f'UPDATE {name} SET "{column}" = :value WHERE {_where(table)}')
    connection.execute(statement, {"value": value, **_key(table, row)})


def fault_of(connection: Connection) -> Any:
    try:
        verify(connection)
    except WrongRowError as error:
        return error.fault
    return None


@both_databases
def test_whatever_is_changed_behind_its_back_is_found_and_the_row_named(attacker, scale, figure):
    assert fault_of(attacker) is None
    wanted, dice = scale(small=100, routine=200, full=1_000), random.Random(20261125)
    found, missed = Counter[str](), []
    while sum(found.values()) < wanted:
        savepoint = attacker.begin_nested()
        try:
            edit = change_something(attacker, dice)
        except DatabaseError:
            savepoint.rollback()
            continue
        fault = fault_of(attacker)
        savepoint.rollback()
        if fault is None or not edit.names(fault):
            missed.append((edit, fault))
        found[edit.table] += 1
    assert fault_of(attacker) is None, "everything was put back"
    kind = db.engine.dialect.name
    figure(
        f"R11 tamper ({kind}): {wanted - len(missed)} of {wanted} random edits in {len(found)} tables found and named"
    )
    assert missed == []
    assert len(found) >= len(TABLES) - 2, "nearly every kind of row was met"


@both_databases
def test_each_column_that_is_covered_is_missed_when_it_alone_is_changed(attacker):
    dice, missed = random.Random(11), []
    for name, table in TABLES.items():
        rows = attacker.execute(text(f"SELECT * FROM {name} WHERE {table.where}")).mappings().all()
        for column in sorted(set(table.columns or rows[0]) - set(table.key)):
            savepoint = attacker.begin_nested()
            row = dice.choice(rows)
            try:
                _set(attacker, name, row, column, another(dice, row[column], column))
                missed += [] if fault_of(attacker) else [f"{name}.{column}"]
            except DatabaseError:  # a uniqueness stands in the way
                pass
            savepoint.rollback()
    assert missed == []


@both_databases
def test_the_last_account_is_looked_at_like_the_first(attacker):
    """Each account in turn gets one point more."""
    accounts = attacker.execute(text("SELECT id FROM account ORDER BY id")).scalars().all()
    for account in accounts:
        savepoint = attacker.begin_nested()
        attacker.execute(text("UPDATE account SET balance = balance + 10 WHERE id = :id"), {"id": account})
        fault = fault_of(attacker)
        savepoint.rollback()
        assert fault is not None, f"account {account}"
        assert (fault.table, fault.key) == ("account", f"id={account}")
    assert len(accounts) > 5
