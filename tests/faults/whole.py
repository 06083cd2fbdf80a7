"""Whether what a crash left behind is whole: the file, the book, the photos, and each operation once or not at all."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.faults.flows import Flow
from webapp.core.photo_store import PhotoStore
from webapp.ledger.verify import verify

#: What must give no row in any state of a database at the newest version; each quick.
NEVER = {
    "a posted record without its line in the book": """
        SELECT r.id FROM record r WHERE r.state = 'posted' AND r.points <> 0 AND NOT EXISTS (
        SELECT 1 FROM entry e WHERE e.cause_kind = 'record' AND e.cause_id = r.id)""",
    "a line in the book without its record": """
        SELECT e.cause_id FROM entry e WHERE e.cause_kind IN ('record', 'up:record') AND e.cause_id NOT IN (
        SELECT id FROM record WHERE state = 'posted')""",
    "a line that was not rolled up": """
        SELECT e.cause_id FROM entry e JOIN record r ON e.cause_kind = 'record' AND e.cause_id = r.id
        JOIN household h ON h.id = r.holder_id WHERE h.courtyard_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM entry u WHERE u.cause_kind = 'up:record' AND u.cause_id = r.id)""",
    "a balance that its lines do not add up to": """
        SELECT a.id FROM account a LEFT JOIN entry e ON e.account_id = a.id GROUP BY a.id
        HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.entries <> count(e.seq)""",
    "a head that is not the last line's": """
        SELECT a.id FROM account a JOIN entry e ON e.account_id = a.id AND e.seq = a.entries WHERE e.hash <> a.head""",
    "held points that no hold holds": """
        SELECT a.id FROM account a LEFT JOIN hold h ON h.account_id = a.id AND h.state = 'active'
        GROUP BY a.id HAVING a.held <> coalesce(sum(h.amount), 0)""",
    "a voucher without its hold, or a hold without its voucher": """
        SELECT v.id FROM voucher v LEFT JOIN hold h ON h.cause_kind = 'voucher' AND h.cause_id = v.id
        WHERE (v.state = 'issued') <> (coalesce(h.state, '') = 'active')""",
    "a voucher that was fetched and not paid": """
        SELECT v.id FROM voucher v WHERE (v.state = 'handed_over') <> (EXISTS (
        SELECT 1 FROM entry e WHERE e.cause_kind = 'voucher' AND e.cause_id = v.id AND e.amount = -v.points))""",
    "a shelf that its movements do not add up to": """
        SELECT i.id FROM item i LEFT JOIN stock_movement m ON m.item_id = i.id
        GROUP BY i.id HAVING i."left" <> coalesce(sum(m.change), 0)""",
    "a form that was taken and led nowhere": "SELECT key FROM sent_form WHERE location IS NULL AND key <> 'before'",
    "a row that names one that is not there": "SELECT * FROM pragma_foreign_key_check",
}
_ROWS_OF_PHOTOS = "SELECT hash FROM record_photo UNION SELECT hash FROM rectification_photo"


class NotWholeError(AssertionError):
    """What a crash must never leave."""


def check_state(folder: Path, flow: Flow, begun: Iterable[str], done: Iterable[str], *, deep: bool = True) -> None:
    """Open the database as a server would that starts again, and look at everything.

    :raises NotWholeError: at the first thing that is wrong. ``deep``: with ``ledger verify``.
    """
    file = folder / "shanzhi.db"
    existed = file.exists()
    if not existed and not flow.empty:
        raise NotWholeError("the database is gone")
    try:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            _check_database(connection)
            effects = flow.effects(connection, folder)
            complete = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'ranked_place'").fetchone()
            if complete:
                _check_book(connection)
                _check_photos(connection, folder)
        _check_uploads(folder / "imports")
        _check_once(effects, flow.ops, set(begun), set(done))
        if deep and complete:
            engine = create_engine(f"sqlite:///{file}", poolclass=NullPool)
            with engine.connect() as reader:
                verify(reader)
    except (sqlite3.DatabaseError, OSError, AssertionError, ValueError) as error:
        raise (
            error if isinstance(error, NotWholeError) else NotWholeError(f"{type(error).__name__}: {error}")
        ) from error


def _check_database(connection: sqlite3.Connection) -> None:
    said = connection.execute("PRAGMA integrity_check").fetchone()[0]
    if said != "ok":
        raise NotWholeError(f"SQLite finds the file damaged: {said}")


def _check_book(connection: sqlite3.Connection) -> None:
    for what, sql in NEVER.items():
        row = connection.execute(f"{sql} LIMIT 1").fetchone()
        if row is not None:
            raise NotWholeError(f"{what}: {row}")


def _check_photos(connection: sqlite3.Connection, folder: Path) -> None:
    """Every row's photo is there, whole, with its thumbnail."""
    store = PhotoStore(folder / "photos")
    for (name,) in connection.execute(_ROWS_OF_PHOTOS):
        try:
            data, thumb = store.path(name).read_bytes(), store.path(name, thumb=True).read_bytes()
        except FileNotFoundError as error:
            raise NotWholeError(f"a row names a photo that is not there: {error.filename}") from error
        if hashlib.sha256(data).hexdigest() != name or thumb[-2:] != b"\xff\xd9":
            raise NotWholeError(f"a row names a photo that is damaged: {name}, {len(data)} and {len(thumb)} bytes")


def _check_uploads(folder: Path) -> None:
    """An uploaded roster under its name is that roster; its note can be read."""
    for path in folder.iterdir() if folder.exists() else ():
        if path.suffix == ".json":
            json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix == "" and hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            raise NotWholeError(f"an uploaded roster is damaged: {path.stat().st_size} bytes")


def _check_once(effects: dict[str, int], ops: Iterable[str], begun: set[str], done: set[str]) -> None:
    for op in ops:
        found = effects.get(op, 0)
        if found > 1:
            raise NotWholeError(f"{op} is there {found} times")
        if op in done and found == 0:
            raise NotWholeError(f"{op} was answered and is lost")
        if op not in begun and found:
            raise NotWholeError(f"{op} is there and was not asked for")
