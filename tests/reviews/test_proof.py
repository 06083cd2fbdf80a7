"""``ledger verify`` compares publications with their seals, their records and the book; each seeded fault is named."""

from __future__ import annotations

import json
import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.conftest import KEY, both_databases
from tests.records.conftest import Street, make_street
from tests.reviews.conftest import as_intruder, found
from tests.reviews.test_month import publish
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.ledger.verify import verify
from webapp.records import service as records
from webapp.reviews import sealing

LINE = "publication_line (month_id=1, number=2)"
MONTH = "community_month (id=1)"
#: What an intruder with the database would do -> what is said of it.
FAULTS = {
    "UPDATE publication_line SET points = points + 10 WHERE number = 2": f"{LINE}: it is not what was published",
    "UPDATE publication_line SET name = '别人家' WHERE number = 2": LINE,
    "UPDATE publication_line SET happened_on = '2026-11-01' WHERE number = 2": LINE,
    "UPDATE publication_line SET hash = 'ab' WHERE number = 2": LINE,
    "DELETE FROM publication_line WHERE number = 2": f"{LINE}: the line is missing",
    "DELETE FROM publication_line WHERE number = 4": f"{MONTH}: it says 4 lines; there are 3",
    "UPDATE publication_line SET record_id = -1 WHERE number = 2": f"{LINE}: its record says something else",
    "UPDATE publication_line SET holder_kind = 'shop' WHERE number = 2": f"{LINE}: its record says something else",
    "UPDATE community_month SET lines = 5": MONTH,
    "UPDATE community_month SET last_hash = 'ab'": MONTH,
    "UPDATE community_month SET content = replace(content, 'lines', 'limes')": "signature does not fit",
    "UPDATE community_month SET signature = replace(signature, '1', '2')": "signature does not fit",
    "UPDATE community_month SET public_key = replace(public_key, '1', '2')": "signature does not fit",
    "UPDATE community_month SET published_at = '2026-11-25 01:00:00.000000'": f"{MONTH}: published_at is sealed as",
    "UPDATE community_month SET month = 202610": "publication_line (month_id=1, number=1)",
    "UPDATE record SET note = '改过', recorder_label = '别人' WHERE id = 2": f"{LINE}: its record says something else",
}


@pytest.fixture
def street(app) -> Street:
    return make_street()


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=clock.LOCAL)


@pytest.fixture
def published(street):
    """Four lines: a deed, a deduction and a veto of a household, and a shop's; and one record that waits."""
    street.make(street.household, "household", "1.1", 35, now=at(20))
    street.make(street.household, "household", "1.6", now=at(20))
    street.make(street.shop, "shop", "3.5", now=at(21))
    street.make(street.shop, "shop", "1.1", now=at(21))
    street.make(street.household, "household", "2.1", source="claim", now=at(22))
    return publish(street, SYSTEM, at(25, 15))


@pytest.fixture
def intruder(published) -> Any:
    yield as_intruder()
    db.session.rollback()


@both_databases
def test_a_month_that_was_published_by_its_verbs_is_right(published):
    verify(db.session.connection())


@both_databases
def test_a_line_stays_right_when_its_record_is_taken_back_later(street):
    record = street.make(street.shop, "shop", "1.1", now=at(25, 15))
    publish(street, SYSTEM, at(25, 15))
    records.undo(actor=street.inspector, record_id=record.id, now=at(25, 15) + timedelta(minutes=5))
    verify(db.session.connection())


@both_databases
@pytest.mark.parametrize("change", FAULTS)
def test_a_publication_changed_behind_its_back_is_named(intruder, change):
    assert intruder.execute(text(change)).rowcount > 0
    assert FAULTS[change] in found(intruder)


@both_databases
def test_fifty_random_edits_of_lines_are_all_named(intruder):
    dice = random.Random(1125)
    columns = [name for name in sealing.FIELDS if name not in ("number", "happened_on")]
    for _ in range(50):
        column, number = dice.choice(columns), dice.randint(1, 4)
        savepoint = intruder.begin_nested()
        change = f"{column} + 5" if column == "points" else f"substr('x' || {column}, 1, 10)"
        intruder.execute(text(f"UPDATE publication_line SET {column} = {change} WHERE number = {number}"))
        assert f"number={number})" in found(intruder), column
        savepoint.rollback()


def rehash(connection: Any) -> str:
    """Chain the lines anew, as an intruder who has read docs/seal.md would. Returns the last hash."""
    last = sealing.start(connection.scalar(text("SELECT community_id FROM community_month")), 202611)
    names = ", ".join(sealing.FIELDS)
    for row in connection.execute(text(f"SELECT {names} FROM publication_line ORDER BY number")).mappings().all():
        last = sealing.line_hash(last, [str(row[name]) if name == "happened_on" else row[name] for name in row])
        change = text("UPDATE publication_line SET hash = :hash WHERE number = :number")
        connection.execute(change, {"hash": last, "number": row["number"]})
    connection.execute(text("UPDATE community_month SET last_hash = :hash"), {"hash": last})
    return last


@both_databases
def test_a_list_that_was_chained_anew_does_not_fit_its_seal(intruder):
    intruder.execute(text("UPDATE publication_line SET name = '别人家' WHERE number = 1"))
    rehash(intruder)
    assert f"{MONTH}: last_line is sealed as" in found(intruder)


@both_databases
def test_a_list_that_was_sealed_anew_with_another_key_is_named(intruder):
    intruder.execute(text("UPDATE publication_line SET name = '别人家' WHERE number = 1"))
    sealed = json.loads(intruder.scalar(text("SELECT content FROM community_month")))
    content = sealing.content(**sealed | {"last_line": rehash(intruder)})
    signature, public_key = sealing.sign("another key", content)
    values = {"content": content, "signature": signature, "key": public_key}
    intruder.execute(
        text("UPDATE community_month SET content = :content, signature = :signature, public_key = :key"), values
    )
    assert f"{MONTH}: it is sealed with another key" in found(intruder)


@both_databases
def test_even_with_the_key_a_line_must_agree_with_its_record_and_the_book(intruder):
    intruder.execute(text("UPDATE publication_line SET points = points + 5 WHERE number = 1"))
    sealed = json.loads(intruder.scalar(text("SELECT content FROM community_month")))
    content = sealing.content(**sealed | {"last_line": rehash(intruder), "earned": sealed["earned"] + 5})
    signature, _ = sealing.sign(KEY, content)
    intruder.execute(
        text("UPDATE community_month SET content = :content, signature = :signature"),
        {"content": content, "signature": signature},
    )
    assert "number=1): its record says something else" in found(intruder)
    intruder.execute(text("UPDATE record SET points = points + 5 WHERE id = 1"))
    assert "record (id=1): the book has no entry of this amount" in found(intruder)


@both_databases
def test_an_entry_hash_that_the_book_does_not_have_is_named_even_with_the_key(intruder):
    intruder.execute(text("UPDATE publication_line SET entry = 'ab' WHERE number = 1"))
    sealed = json.loads(intruder.scalar(text("SELECT content FROM community_month")))
    content = sealing.content(**sealed | {"last_line": rehash(intruder)})
    signature, _ = sealing.sign(KEY, content)
    intruder.execute(
        text("UPDATE community_month SET content = :content, signature = :signature"),
        {"content": content, "signature": signature},
    )
    assert "number=1): the book has no entry with the hash" in found(intruder)


def test_without_a_publication_nothing_is_wrong(app):
    verify(db.session.connection())
