"""``python -m bench.ledger_verify [ROWS] [URL]``: the whole book of a million entries, verified in 30 seconds.

Rows are written straight into a migrated database (SQLite in a temporary folder, or an empty PostgreSQL database that
``URL`` names), with the hashes and figures that the verbs would have made: half are households' lines, half their
roll-ups. Not a ratio, so it is not a row of ``make bench``; it exits 1 when the goal is missed.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask_migrate import upgrade
from sqlalchemy import Connection, insert, text

from webapp import create_app
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db, start_writing
from webapp.ledger import chain
from webapp.ledger.models import Account, Entry, MonthTotal
from webapp.ledger.replay import Figures, bucket_of
from webapp.ledger.verify import verify_all
from webapp.places import service as places
from webapp.schemes.service import load_preset

SECONDS = 30.0
COURTYARDS, HOUSEHOLDS = 90, 1800
START = datetime(2025, 12, 1, 1, 0, tzinfo=UTC)
CHUNK = 10_000

Row = dict[str, Any]


class Writer:
    """Makes rows as the verbs do, and keeps what accounts and months come to."""

    def __init__(self, community_id: int, accounts: list[tuple[int, int, int]]) -> None:
        self.community_id = community_id
        self.keys = {ident: (holder, scheme) for ident, holder, scheme in accounts}
        self.figures = {ident: Figures() for ident in self.keys}
        opened = chain.moment_text(START)
        self.heads = {
            ident: chain.genesis(ident, holder, scheme, community_id, opened) for ident, holder, scheme in accounts
        }
        self.months: dict[tuple[int, int, int], list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def entry(self, account_id: int, number: int, now: datetime, kind: str, category_id: int) -> Row:
        amount = 20 if number % 5 else -20
        figures, bucket, month = self.figures[account_id], bucket_of(kind, amount), clock.month_of(now)
        figures.add(amount, bucket, month, kind)
        row: Row = {
            "account_id": account_id,
            "seq": figures.entries,
            "amount": amount,
            "balance_after": figures.balance,
            "kind": kind,
            "cause_kind": "record" if kind == "record" else "up:record",
            "cause_id": number,
            "category_id": category_id,
            "title": "门前屋后干净",
            "note": "",
            "actor_id": 3,
            "actor_label": "陈* 网格员",
            "happened_on": clock.local_date(now),
            "posted_at": now,
            "reverses": None,
        }
        texts = {"happened_on": row["happened_on"].isoformat(), "posted_at": chain.moment_text(now)}
        row["hash"] = chain.entry_hash(self.heads[account_id], [(row | texts)[name] for name in chain.ENTRY_FIELDS])
        self.heads[account_id] = row["hash"]
        total = self.months[month, self.keys[account_id][1], category_id]
        total[0 if bucket == "earned" else 1] += abs(amount)
        total[3] += 1
        return row

    def accounts(self) -> Iterator[Row]:
        for ident, (holder, scheme) in self.keys.items():
            figures = {name: getattr(self.figures[ident], name) for name in Figures.__slots__}
            yield {
                "id": ident,
                "holder_id": holder,
                "scheme_id": scheme,
                "community_id": self.community_id,
                "head": self.heads[ident],
                "opened_at": START,
                **figures,
            }

    def totals(self) -> Iterator[Row]:
        for (month, scheme_id, category_id), (earned, deducted, spent, entries) in self.months.items():
            yield {
                "community_id": self.community_id,
                "month": month,
                "scheme_id": scheme_id,
                "category_id": category_id,
                "earned": earned,
                "deducted": deducted,
                "spent": spent,
                "entries": entries,
            }


def prepare() -> tuple[Writer, list[int], list[int]]:
    """A community of 1,800 households in 90 courtyards: the writer, and both kinds' accounts."""
    place = None
    for kind, name in (("county", "善城县"), ("street", "城关街道"), ("community", "昌宁社区")):
        place = places.add_area(actor=SYSTEM, now=START, parent=place, kind=kind, name=name)
    assert place is not None
    lower = load_preset("household", area=place, actor=SYSTEM, now=START)
    yards = [
        places.add_courtyard(actor=SYSTEM, now=START, area=place, number=f"Y{n:03}", name=f"{n} 号院")
        for n in range(COURTYARDS)
    ]
    homes = [
        places.add_household(
            actor=SYSTEM,
            now=START,
            courtyard=yards[n % COURTYARDS],
            area=None,
            number=f"H{n:04}",
            name="刘红梅",
            tenure="owner",
            phone="",
        )
        for n in range(HOUSEHOLDS)
    ]
    upper_id = lower.rolls_up_to_id or 0
    accounts = [(n, yard.id, upper_id) for n, yard in enumerate(yards, start=1)]
    accounts += [(n, home.id, lower.id) for n, home in enumerate(homes, start=COURTYARDS + 1)]
    writer = Writer(place.id, accounts)
    return writer, [ident for ident, *_ in accounts[:COURTYARDS]], [ident for ident, *_ in accounts[COURTYARDS:]]


def write(connection: Connection, rows: int) -> None:
    writer, yards, homes = prepare()
    connection.execute(insert(Account), list(writer.accounts()))
    pending: list[Row] = []
    for number in range(rows // 2):
        now = START + timedelta(seconds=60 * number)
        home = number % HOUSEHOLDS
        pending.append(writer.entry(homes[home], number, now, "record", 1 + number % 5))
        pending.append(writer.entry(yards[home % COURTYARDS], number, now, "roll_up", 0))
        if len(pending) >= CHUNK:
            connection.execute(insert(Entry.__table__), pending)
            pending.clear()
    if pending:
        connection.execute(insert(Entry.__table__), pending)
    columns = ("balance", "entries", "year", "earned", "deducted", "spent", "month", "merit", "net", "rolled", "head")
    changed = ", ".join(f"{name} = :{name}" for name in columns)
    connection.execute(text(f"UPDATE account SET {changed} WHERE id = :id"), list(writer.accounts()))
    connection.execute(insert(MonthTotal), list(writer.totals()))


def main(rows: int, url: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        address = url or f"sqlite:///{Path(folder) / 'bench.db'}"
        app = create_app({"VAR_DIR": Path(folder), "SQLALCHEMY_DATABASE_URI": address, "SECRET_KEY": "k" * 40})
        with app.app_context():
            upgrade()
            start_writing()
            write(db.session.connection(), rows)
            db.session.commit()
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            started, worked = time.perf_counter(), time.process_time()
            counts = verify_all(db.engine)
            seconds, worked = time.perf_counter() - started, time.process_time() - worked
            grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            print(f"{db.engine.dialect.name}: {counts}")
            print(f"verified in {seconds:.1f} s ({worked:.1f} s of CPU), memory grew by {grown:.0f} MB")
    good = counts.entries == rows and seconds <= SECONDS
    print("within the goal" if good else f"MISSED: {rows} rows in {SECONDS:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
    )
