"""A county's month: records are confirmed by the working group and posted at the publication, batch by batch, against
bare sqlite3 writing the same rows in the same transactions; and how long a kiosk waits for its balance page meanwhile.

``make bench`` takes 20,000 records; ``python -m bench.county 200000`` takes a whole county's.
"""

from __future__ import annotations

import sqlite3
import statistics
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from bench.harness import Result, table
from bench.pages import household_at_kiosk
from bench.town import application, call, facts, folder, town
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.demo import contract
from webapp.extensions import db, start_writing
from webapp.ledger import chain
from webapp.ledger.models import Account, Entry, MonthTotal
from webapp.places.models import Area, Courtyard, Holder, Household
from webapp.prepared import table_of
from webapp.records import service as records
from webapp.records.models import Record, RecordStep
from webapp.reviews.service.publishing import POSTED_AT_ONCE
from webapp.schemes.models import Scheme
from webapp.schemes.queries import RuleView, current_rules
from webapp.users.permissions import grants_of
from webapp.web.application import Application

RECORDS, A_HOUSEHOLD = 20_000, 10  # records, and how many of them each household has
WATCHED = 0.2  # the share during which a kiosk asks; its time does not count against the baseline
PAUSE = 0.02  # seconds between two looks of the kiosk
SECONDS = 300.0  # for 200,000 records

Row = dict[str, Any]


def run(count: int = RECORDS) -> list[Result]:
    app = county()
    ids = fill(app, count)
    raw = _Raw(_copy(app))
    watched = int(count * WATCHED)
    mine, theirs = _both(app, raw, ids[watched:])
    waits = _waits(app, ids[:watched])
    seconds, bare = sum(mine), sum(theirs)
    pairs = [ours / base for ours, base in zip(mine, theirs, strict=True)]
    at_county = seconds / len(ids[watched:]) * 200_000
    p99 = sorted(waits)[int(len(waits) * 0.99)] * 1000
    print(f"  {len(ids[watched:]):,} records confirmed and posted in {seconds:.1f} s, by bare sqlite3 in {bare:.1f} s")
    print(f"  a batch of {POSTED_AT_ONCE}: ratios from {min(pairs):.2f} to {max(pairs):.2f}")
    print(
        f"  kiosk: {len(waits)} looks, median {statistics.median(waits) * 1000:.0f} ms, worst {max(waits) * 1000:.0f} ms"
    )
    return [
        Result(
            "confirming and posting a month, time against bare sqlite3 writing the same rows",
            seconds / bare,
            2.0,
            3.0,
            "lower",
            f"{seconds / len(ids[watched:]) * 1e6:.0f} µs a record",
            f"{bare / len(ids[watched:]) * 1e6:.0f} µs",
        ),
        Result("200,000 records at this rate, seconds", at_county, 150, SECONDS, "lower", f"{at_county:.0f} s", ""),
        Result("kiosk balance page meanwhile, 99th of 100 in ms", p99, 100, 200, "lower", f"{p99:.0f} ms", ""),
    ]


# The county ----------------------------------------------------------------------------------------------------------


def county() -> Application:
    """The demonstration community in a folder of its own: other rows measure the town as it is."""
    var = folder()
    with sqlite3.connect(town().config["VAR_DIR"] / "shanzhi.db") as source:
        source.backup(sqlite3.connect(var / "shanzhi.db"))
    contract.write(var, facts(town()))
    return application(var)


def _copy(app: Application) -> Path:
    path = folder() / "bare.db"
    with sqlite3.connect(app.config["VAR_DIR"] / "shanzhi.db") as source:
        source.backup(sqlite3.connect(path))
    return path


def fill(app: Application, count: int) -> list[int]:
    """Households with open accounts, and their records after the first review."""
    start_writing()
    with app.app_context():
        now = clock.now()
        community = db.session.scalars(select(Area).where(Area.kind == "community")).first()
        scheme = db.session.scalars(select(Scheme).where(Scheme.code == "household")).first()
        assert community is not None
        assert scheme is not None
        homes = _households(community, scheme, max(count // A_HOUSEHOLD, 1), now)
        rules = [rule for rule in current_rules(scheme.id, clock.today()) if rule.lowest.tenths > 0]
        first = (db.session.query(db.func.max(Record.id)).scalar() or 0) + 1
        rows = [_record(first + number, homes, rules, community.id, now) for number in range(count)]
        for chunk in chunks(rows, 5000):
            db.session.execute(insert(table_of(Record)), chunk)
            db.session.execute(insert(table_of(RecordStep)), list(_steps(chunk, now)))
        db.session.commit()
        db.session.remove()
    return [row["id"] for row in rows]


def _households(community: Area, scheme: Scheme, count: int, now: datetime) -> list[tuple[int, int]]:
    """(holder, scheme) of new households in the community's courtyards, accounts open."""
    yards = db.session.execute(select(Courtyard.id, Courtyard.area_id)).all()
    holder_id = (db.session.query(db.func.max(Holder.id)).scalar() or 0) + 1
    account_id = (db.session.query(db.func.max(Account.id)).scalar() or 0) + 1
    holders, homes, accounts = [], [], []
    opened = chain.moment_text(now)
    for number in range(count):
        yard_id, area_id = yards[number % len(yards)]
        ident, account = holder_id + number, account_id + number
        common = {"id": ident, "kind": "household", "area_id": area_id, "community_id": community.id}
        holders.append({**common, "number": f"C{number}", "name": "刘红梅", "created_at": now})
        homes.append({"id": ident, "courtyard_id": yard_id})
        head = chain.genesis(account, ident, scheme.id, community.id, opened)
        whose = {"id": account, "holder_id": ident, "scheme_id": scheme.id, "community_id": community.id}
        accounts.append({**whose, "head": head, "opened_at": now})
    for model, rows in ((Holder, holders), (Household, homes), (Account, accounts)):
        db.session.execute(insert(table_of(model)), rows)
    return [(row["id"], scheme.id) for row in homes]


def _record(ident: int, homes: Sequence[tuple[int, int]], rules: Sequence[RuleView], area: int, now: datetime) -> Row:
    holder_id, scheme_id = homes[ident % len(homes)]
    rule = rules[ident % len(rules)]
    return {
        "id": ident,
        "client_key": f"county-{ident}",
        "holder_id": holder_id,
        "community_id": area,
        "scheme_id": scheme_id,
        "rule_id": rule.rule_id,
        "rule_version_id": rule.version_id,
        "points": rule.lowest.tenths,
        "source": "claim",
        "state": "passed",
        "happened_on": clock.local_date(now),
        "happened_at": now,
        "recorder_label": "院长",
        "recorder_household_id": holder_id,
        "created_at": now,
    }


def _steps(rows: Sequence[Row], now: datetime) -> Iterator[Row]:
    for row in rows:
        yield {"record_id": row["id"], "seq": 1, "kind": "passed", "label": "张* 网格员", "at": now}


def chunks(rows: Sequence[Any], size: int) -> Iterator[list[Any]]:
    found = iter(rows)
    while chunk := list(islice(found, size)):
        yield chunk


# Both ways -----------------------------------------------------------------------------------------------------------


def _both(app: Application, raw: _Raw, ids: Sequence[int]) -> tuple[list[float], list[float]]:
    """Seconds of each batch, ours and by hand, in turn: a slow spell of the machine meets both."""
    mine, theirs = [], []
    with app.app_context():
        for batch in chunks(ids, POSTED_AT_ONCE):
            mark = db.session.query(db.func.max(AuditLine.id)).scalar() or 0
            db.session.rollback()
            mine.append(_ours(batch))
            theirs.append(raw.batch(*_written(batch, mark)))
        db.session.remove()
    return mine, theirs


def _ours(batch: Sequence[int]) -> float:
    """Confirm as the meeting's page does, post as the publication does; each is a transaction."""
    start_writing()
    begun = time.perf_counter()
    confirmed = records.confirm(actor=secretary(), record_ids=batch, now=clock.now())
    db.session.commit()
    posted = records.post_confirmed(actor=SYSTEM, record_ids=batch, now=clock.now())
    db.session.commit()
    took = time.perf_counter() - begun
    assert (confirmed.done, posted.done) == (len(batch), len(batch)), (confirmed.refused, posted.refused)
    return took


def secretary() -> Actor:
    """With a person of its own, so that recusal is looked into."""
    return Actor(kind="staff", label="李* 书记", user_id=10**6, person_id=10**6, grants=grants_of([("secretary", "/")]))


Written = tuple[list[int], list[Row], list[Row], list[Row], list[Row], list[Row]]


def _written(batch: Sequence[int], mark: int) -> Written:
    """What a batch left: steps, audit lines, entries, accounts and month totals."""
    step, entry, account = RecordStep.__table__.c, Entry.__table__.c, Account.__table__.c
    steps = _rows(select(RecordStep.__table__).where(step.record_id.in_(batch), step.seq > 1))
    audit = _rows(select(AuditLine.__table__).where(AuditLine.__table__.c.id > mark))
    kinds = ("record", "up:record")
    entries = _rows(select(Entry.__table__).where(entry.cause_kind.in_(kinds), entry.cause_id.in_(batch)))
    accounts = _rows(select(Account.__table__).where(account.id.in_({row["account_id"] for row in entries})))
    months = _rows(select(MonthTotal.__table__))
    db.session.rollback()
    assert len(steps) == len(audit) == 2 * len(batch), (len(steps), len(audit))
    assert len(entries) >= len(batch)
    return list(batch), steps, audit, entries, accounts, months


def _rows(statement: Any) -> list[Row]:
    """As the driver takes them: moments as the text that SQLite holds."""
    found = db.session.execute(statement).mappings()
    return [{name: _plain(value) for name, value in row.items()} for row in found]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if hasattr(value, "isoformat") else value


class _Raw:
    """The same rows by hand, durable."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-4000"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()

    def batch(
        self,
        ids: list[int],
        steps: list[Row],
        audit: list[Row],
        entries: list[Row],
        accounts: list[Row],
        months: list[Row],
    ) -> float:
        begun = time.perf_counter()
        for state in ("confirmed", "posted"):
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("UPDATE record SET state = ? WHERE id = ?", [(state, ident) for ident in ids])
            self._insert("record_step", [row for row in steps if row["kind"] == state])
            self._insert("audit_line", [row for row in audit if row["action"] == f"record:{state}"])
            if state == "posted":
                self._insert("entry", entries)
                self._update_accounts(accounts)
                self._insert("month_total", months, "REPLACE")
            self._db.execute("COMMIT")
        return time.perf_counter() - begun

    def _insert(self, name: str, rows: list[Row], verb: str = "INSERT") -> None:
        names = list(rows[0])
        places = ", ".join(f":{one}" for one in names)
        columns = ", ".join(f'"{one}"' for one in names)
        self._db.executemany(f"{verb} INTO {name} ({columns}) VALUES ({places})", rows)

    def _update_accounts(self, rows: list[Row]) -> None:
        changed = ", ".join(f"{name} = :{name}" for name in rows[0] if name != "id")
        self._db.executemany(f"UPDATE account SET {changed} WHERE id = :id", rows)


# The kiosk meanwhile -------------------------------------------------------------------------------------------------


def _waits(app: Application, ids: Sequence[int]) -> list[float]:
    """Seconds of each look at the balance page while records are confirmed and posted."""
    request, _ = household_at_kiosk(app, facts(town())["households"][0]["number"])
    waits: list[float] = []
    answers: set[int] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            begun = time.perf_counter()
            status, _, _ = call(app, dict(request))
            waits.append(time.perf_counter() - begun)
            answers.add(status)
            time.sleep(PAUSE)

    kiosk = threading.Thread(target=look)
    kiosk.start()
    try:
        with app.app_context():
            for batch in chunks(ids, POSTED_AT_ONCE):
                _ours(batch)
            db.session.remove()
    finally:
        done.set()
        kiosk.join()
    assert answers == {200}, answers  # said here: an error in the kiosk's own thread would stop nobody
    assert len(waits) >= 20, f"the kiosk looked {len(waits)} times only"
    return waits


if __name__ == "__main__":
    found = run(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
    print(table(found))
    raise SystemExit(any(result.failed for result in found))
