"""A book of ten million entries against one of ten thousand: the balance page, its queries, and the month report.

Both are the demonstration community with its entries replaced: every account gets the same number of lines, and its newest
ones say the same in both books, so that both pages have equal rows. The hashes are not chained, since no page reads them.
``BENCH_ENTRIES`` sets another size than ten million.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from bench.harness import Result, Side, cost_ratio
from bench.pages import household_at_kiosk
from bench.town import Request, application, call, cookie_of, environ, facts, folder, town
from webapp.core import clock
from webapp.core.signing import fingerprint
from webapp.extensions import db, start_reading
from webapp.kiosk import queries
from webapp.ledger.queries import scheme_totals
from webapp.places.models import Area
from webapp.web.application import Application

SMALL, LARGE = 10_000, int(os.environ.get("BENCH_ENTRIES", "10000000"))
KINDS = (("record", 20), ("record", -5), ("spend", -30))
PAGES, QUERIES, REPORTS = 300, 1000, 200


def run() -> list[Result]:
    small, large = _book(SMALL), _book(LARGE)
    print(f"  {LARGE:,} entries against {SMALL:,}; {_size(large):.0f} MB against {_size(small):.0f} MB on disk")
    return [_page(small, large), _queries(small, large), _report(small, large)]


def _size(app: Application) -> float:
    return float((app.config["VAR_DIR"] / "shanzhi.db").stat().st_size / 1e6)


def _book(entries: int) -> Application:
    """A copy of the town with so many entries."""
    var = folder()
    with sqlite3.connect(town().config["VAR_DIR"] / "shanzhi.db") as source:
        with sqlite3.connect(var / "shanzhi.db") as copy:
            source.backup(copy)
            _refill(copy, entries)
        copy.close()
    (var / "demo.json").write_bytes((Path(town().config["VAR_DIR"]) / "demo.json").read_bytes())
    return application(var)


def _refill(copy: sqlite3.Connection, entries: int) -> None:
    kept = copy.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = 'entry' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall()
    copy.execute("PRAGMA journal_mode=OFF")
    copy.execute("PRAGMA synchronous=OFF")
    for kind, name in copy.execute(
        "SELECT type, name FROM sqlite_master WHERE tbl_name = 'entry' AND type IN ('index', 'trigger') AND sql IS NOT NULL"
    ).fetchall():
        copy.execute(f"DROP {kind} {name}")
    copy.execute("DELETE FROM entry")
    accounts = [row[0] for row in copy.execute("SELECT id FROM account ORDER BY id")]
    each = -(-entries // len(accounts))
    columns = [row[1] for row in copy.execute("PRAGMA table_info(entry)")]
    names = "account_id seq amount balance_after kind cause_kind cause_id category_id title note actor_id actor_label happened_on posted_at hash"
    assert set(names.split()) | {"reverses"} == set(columns), columns
    copy.executemany(
        f"INSERT INTO entry ({names.replace(' ', ', ')}) VALUES ({', '.join('?' * len(names.split()))})",
        _lines(accounts, each),
    )
    copy.execute("UPDATE account SET entries = ?", (each,))
    for (sql,) in kept:
        copy.execute(sql)
    copy.commit()
    copy.execute("PRAGMA journal_mode=WAL")


def _lines(accounts: list[int], each: int) -> Iterable[tuple[object, ...]]:
    """Lines that say the same counted from the newest one."""
    today, now = date.today().isoformat(), clock.now().strftime("%Y-%m-%d %H:%M:%S.%f")
    hashed = fingerprint("bench")
    for account in accounts:
        for seq in range(1, each + 1):
            kind, amount = KINDS[(each - seq) % len(KINDS)]
            cause = account * 1_000_000 + (each - seq)
            yield (
                account,
                seq,
                amount,
                500,
                kind,
                kind,
                cause,
                1,
                "门前整洁",
                "",
                1,
                "曹*锋 网格员",
                today,
                now,
                hashed,
            )


def _calls(app: Application, request: Request) -> Side:
    def calls(times: int) -> None:
        for _ in range(times):
            status, _, body = call(app, dict(request))
            assert status == 200, body.decode()[:500]

    return calls


def _page(small: Application, large: Application) -> Result:
    number = facts(town())["households"][0]["number"]
    requests = [household_at_kiosk(app, number)[0] for app in (large, small)]
    sizes = [len(call(app, dict(request))[2]) for app, request in zip((large, small), requests, strict=True)]
    assert abs(sizes[0] - sizes[1]) < 50, f"equal rows: {sizes}"
    name = f"balance page with {LARGE:,} entries against {SMALL:,} (CPU)"
    return cost_ratio(name, _calls(large, requests[0]), _calls(small, requests[1]), times=PAGES, aim=1.05, floor=1.10)


def _queries(small: Application, large: Application) -> Result:
    number = facts(town())["households"][0]["number"]

    def side(app: Application) -> Side:
        _, visit = household_at_kiosk(app, number)

        def calls(times: int) -> None:
            start_reading()
            with app.app_context():
                for _ in range(times):
                    assert len(queries.balance(visit, clock.now()).lines) == queries.LAST_LINES
                db.session.remove()

        return calls

    return cost_ratio("balance page's queries likewise", side(large), side(small), times=QUERIES, aim=1.2, floor=1.3)


def _report(small: Application, large: Application) -> Result:
    """The month report is the desk's page of month totals. The database itself tells which tables it read."""
    request = environ("/desk/month-totals", cookie=cookie_of(large, "clerk"))
    other = environ("/desk/month-totals", cookie=cookie_of(small, "clerk"))
    read = _tables_read(large)
    assert "month_total" in read, read
    assert "entry" not in read, "the month report must not read the ledger"
    return cost_ratio(
        "month report likewise",
        _calls(large, request),
        _calls(small, other),
        times=REPORTS,
        aim=1.1,
        floor=1.5,
        notes=(f"reads {', '.join(sorted(read))}; never entry",),
    )


def _tables_read(app: Application) -> set[str]:
    seen: set[str] = set()

    def note(action: int, table: str | None, *_: object) -> int:
        if action == sqlite3.SQLITE_READ and table:
            seen.add(table)
        return sqlite3.SQLITE_OK

    start_reading()
    with app.app_context():
        community = db.session.query(Area.id).filter_by(kind="community").scalar()
        raw = db.session.connection().connection.dbapi_connection
        assert isinstance(raw, sqlite3.Connection)
        raw.set_authorizer(note)
        assert scheme_totals(community, clock.month_of(clock.now()))
        raw.set_authorizer(None)
        db.session.remove()
    return seen
