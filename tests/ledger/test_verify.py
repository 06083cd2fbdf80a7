"""``ledger verify``: a book that was only written by its verbs is right; whatever else was done to it is named."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DatabaseError

from tests.conftest import both_databases
from tests.factories import make_household
from tests.ledger.conftest import NOON, Town
from webapp.core.errors import Conflict
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import chain, service
from webapp.ledger.book import Cause
from webapp.ledger.verify import WrongRowError, verify, verify_all

SEED = 20261120
EDITS = 100
KEYS = {
    "account": ("id",),
    "entry": ("account_id", "seq"),
    "hold": ("id",),
    "month_total": ("community_id", "month", "scheme_id", "category_id"),
}
#: An account's identity is in the chain of its entries; a hold that moved is missed where it was.
IDENTITY = {"holder_id", "scheme_id", "community_id", "opened_at", "account_id"}


def live(town: Town, rounds: int = 60) -> None:
    """Two months of everything that can happen, always the same."""
    dice = random.Random(SEED)
    homes = [town.household, *(make_household(courtyard=town.courtyard) for _ in range(3))]
    for number in range(rounds):
        now = NOON + timedelta(days=number)
        home = dice.choice(homes)
        line = town.post(dice.randrange(5, 60), holder=home, now=now, category_id=dice.randrange(1, 4))
        town.post(dice.choice((20, -20)), holder=dice.choice((town.shop, town.courtyard)), now=now, guarded=False)
        if number % 7 == 0:
            town.reverse(line, now=now)
        if number % 5 == 0:
            hold_something(town, home, number, now)
    for state in ("redemption", "lock"):
        leave_open(town, homes[0], state)
    db.session.commit()


def hold_something(town: Town, home: Any, number: int, now: datetime) -> None:
    account = service.open_account(holder_id=home.id, scheme_id=town.scheme.id, now=now)
    try:
        held = service.hold(
            account_id=account.id, amount=Points(5), cause=Cause("sale", number), reason="兑换", now=now
        )
    except Conflict:
        return
    if number % 2:
        town.spend(held, now=now)
    else:
        service.release(hold_id=held.id, now=now)


def leave_open(town: Town, home: Any, kind: str) -> None:
    account = service.open_account(holder_id=home.id, scheme_id=town.scheme.id, now=NOON)
    if kind == "lock":
        service.lock(account_id=account.id, cause=Cause("record", 7), reason="一票否决", now=NOON)
        return
    service.hold(account_id=account.id, amount=Points(5), cause=Cause("sale", 900), reason="兑换", now=NOON)


@pytest.fixture
def attacker(town, app) -> Iterator[Connection]:
    """A connection of somebody who owns the database: no triggers, no foreign keys, no checks. Nothing is kept."""
    live(town)
    db.session.remove()
    engine = create_engine(app.config["SQLALCHEMY_DATABASE_URI"])
    with engine.connect() as connection:
        disarm(connection)
        connection.commit()
        yield connection
    engine.dispose()


def disarm(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    for table in KEYS:
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        checks = text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = CAST(:t AS regclass)")
        for name in connection.execute(checks, {"t": table}).scalars().all():
            connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def found(connection: Connection) -> Any:
    """The fault that verification names, None for a right book."""
    try:
        verify(connection)
    except WrongRowError as error:
        return error.fault
    return None


def another(dice: random.Random, value: Any, column: str) -> Any:
    """A value of the same type, but not the same."""
    if value is None:
        return dice.choice((1, 2)) if column == "reverses" else datetime(2026, 1, 1, tzinfo=UTC)
    if isinstance(value, int):
        return value + dice.choice((-20, -1, 1, 5, 1000))
    if isinstance(value, datetime):
        return value + timedelta(seconds=dice.choice((1, -86400, 3600)))
    if hasattr(value, "isoformat"):
        return value + timedelta(days=dice.choice((-1, 1)))
    if column == "kind":
        return dice.choice([kind for kind in ("base", "record", "spend", "lapse", "lock") if kind != value])
    if column == "state":
        return dice.choice([state for state in ("active", "spent", "released") if state != value])
    if len(value) == 26 and value[4] == "-":  # a moment in SQLite
        return f"{value[:18]}{9 - int(value[18])}{value[19:]}"
    return dice.choice((value[:-1] + ("0" if value[-1:] != "0" else "1"), f"{value}x"))


def edit(connection: Connection, dice: random.Random) -> tuple[str, str, dict[str, Any]]:
    """Change one column of one row. Returns table, column, and the row's key."""
    table = dice.choice(list(KEYS))
    rows = connection.execute(text(f"SELECT * FROM {table}")).mappings().all()
    row = dice.choice(rows)
    column = dice.choice(list(row))
    key = {name: row[name] for name in KEYS[table]}
    where = " AND ".join(f"{name} = :k_{name}" for name in key)
    values = {f"k_{name}": value for name, value in key.items()}
    statement = text(f'UPDATE {table} SET "{column}" = :value WHERE {where}')
    connection.execute(statement, {"value": another(dice, row[column], column), **values})
    return table, column, key


@both_databases
def test_a_book_written_by_its_verbs_is_right(attacker):
    counts = verify(attacker)

    assert counts.accounts == 6
    assert counts.entries > 180
    assert counts.holds > 10
    assert counts.roll_ups > 60


@both_databases
def test_a_hundred_random_edits_are_all_named(attacker):
    dice = random.Random(SEED)
    seen: set[tuple[str, str]] = set()
    done = 0
    for _ in range(2 * EDITS):
        try:
            table, column, key = edit(attacker, dice)
        except DatabaseError:  # a uniqueness stands in the attacker's way: that is no edit
            attacker.rollback()
            continue
        fault = found(attacker)
        attacker.rollback()
        assert fault is not None, f"{table}.{column} of {key} was changed unnoticed"
        if column not in IDENTITY | set(KEYS[table]):
            assert (fault.table, fault.key) == (table, ", ".join(f"{name}={value}" for name, value in key.items()))
        seen.add((table, column))
        done += 1
    assert done >= EDITS
    assert len(seen) > 30
    assert {table for table, _ in seen} == set(KEYS), "every kind of row was edited"


@both_databases
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        (
            "DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry e WHERE e.account_id = entry.account_id)",
            "account",
        ),
        ("DELETE FROM entry WHERE seq = 3", "entry"),
        ("DELETE FROM hold WHERE state = 'released'", "account"),
        ("DELETE FROM hold WHERE state = 'active'", "account"),
        ("DELETE FROM month_total WHERE category_id = 1", "month_total"),
        ("DELETE FROM account WHERE id = (SELECT min(id) FROM account)", "entry"),
        ("UPDATE entry SET posted_at = '2026-11-20 04:00:00.5' WHERE seq = 1", "entry"),
        ("UPDATE hold SET state = 'spent' WHERE state = 'released'", "hold"),
        ("UPDATE hold SET state = 'active', ended_at = NULL, end_hash = NULL WHERE state = 'released'", "account"),
    ],
)
def test_removed_and_reopened_rows_are_named(attacker, statement, named):
    assert attacker.execute(text(statement)).rowcount > 0

    assert found(attacker).table == named


@both_databases
def test_two_accounts_cannot_swap_their_holders(attacker):
    first, second = attacker.execute(text("SELECT id, holder_id FROM account ORDER BY id LIMIT 2")).all()
    set_holder = text("UPDATE account SET holder_id = :holder WHERE id = :id")
    attacker.execute(set_holder, {"holder": -1, "id": first.id})
    attacker.execute(set_holder, {"holder": first.holder_id, "id": second.id})
    attacker.execute(set_holder, {"holder": second.holder_id, "id": first.id})

    fault = found(attacker)
    assert (fault.table, fault.key) == ("entry", f"account_id={first.id}, seq=1")
    assert "holder" in fault.what


def forge(connection: Connection, **changes: Any) -> dict[str, Any]:
    """Insert one more entry of the first account, its hash as it must be."""
    account = connection.execute(text("SELECT * FROM account ORDER BY id LIMIT 1")).mappings().one()
    last = (
        connection.execute(
            text("SELECT * FROM entry WHERE account_id = :id ORDER BY seq DESC LIMIT 1"), {"id": account["id"]}
        )
        .mappings()
        .one()
    )
    row = {**last, "seq": last["seq"] + 1, "amount": 500, "kind": "record", "cause_kind": "record"}
    row |= {"balance_after": last["balance_after"] + 500, "cause_id": 990_001, "reverses": None, **changes}
    texts = {"happened_on": str(row["happened_on"])[:10], "posted_at": moment(row["posted_at"])}
    row["hash"] = chain.entry_hash(account["head"], [(row | texts)[name] for name in chain.ENTRY_FIELDS])
    names = ", ".join(row)
    connection.execute(text(f"INSERT INTO entry ({names}) VALUES ({', '.join(f':{name}' for name in row)})"), row)
    return row


def moment(value: Any) -> str:
    return chain.moment_text(value) if isinstance(value, datetime) else f"{value[:10]}T{value[11:19]}Z"


@both_databases
def test_a_forged_entry_at_the_end_is_named(attacker):
    forge(attacker)

    assert found(attacker).table == "account"


@both_databases
def test_a_forged_entry_with_its_account_adjusted_still_misses_the_months_total(attacker):
    row = forge(attacker)
    attacker.execute(
        text(
            "UPDATE account SET balance = balance + 500, earned = earned + 500, merit = merit + 500,"
            " net = net + 500, entries = entries + 1, head = :hash WHERE id = :account_id"
        ),
        row,
    )
    # the last month of the account is that of its last entry, so the figures fit
    assert found(attacker).table == "month_total"


@both_databases
def test_a_forged_roll_up_without_its_household_is_named(attacker):
    row = forge(attacker, kind="roll_up", cause_kind="up:record", category_id=0)
    attacker.execute(
        text(
            "UPDATE account SET balance = balance + 500, earned = earned + 500, merit = merit + 500,"
            " net = net + 500, rolled = rolled + 500, entries = entries + 1, head = :hash WHERE id = :account_id"
        ),
        row,
    )
    account = attacker.execute(text("SELECT * FROM account ORDER BY id LIMIT 1")).mappings().one()
    total = {"c": account["community_id"], "m": account["month"], "s": account["scheme_id"]}
    where = "WHERE community_id = :c AND month = :m AND scheme_id = :s AND category_id = 0"
    changed = attacker.execute(
        text(f"UPDATE month_total SET earned = earned + 500, entries = entries + 1 {where}"), total
    )
    if not changed.rowcount:
        attacker.execute(text("INSERT INTO month_total VALUES (:c, :m, :s, 0, 500, 0, 0, 1)"), total)

    fault = found(attacker)
    assert (fault.table, fault.key) == ("entry", f"account_id={row['account_id']}, seq={row['seq']}")
    assert "no household" in fault.what


def test_a_column_of_the_wrong_type_is_named(attacker):
    attacker.execute(text("UPDATE entry SET title = x'ff00', amount = 'viel' WHERE seq = 2"))

    assert found(attacker).table == "entry"


def test_the_command_says_what_was_checked(town, app):
    live(town, rounds=5)

    result = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert result.exit_code == 0
    assert result.output.startswith("OK: ")
    assert " entries, " in result.output


@both_databases
def test_the_command_names_the_first_wrong_row_and_fails(attacker, app):
    attacker.execute(text("UPDATE account SET balance = balance + 10"))
    attacker.commit()

    result = app.test_cli_runner().invoke(args=["ledger", "verify"])
    assert result.exit_code == 1
    assert "WRONG: account (id=" in result.output
    assert "balance is" in result.output


@both_databases
def test_an_empty_book_is_right(app):
    db.session.commit()

    assert verify_all(db.engine).entries == 0
