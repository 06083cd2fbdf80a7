"""Posting a record by HTTP against bare sqlite3 writing the same rows into the same tables, both
durable (synchronous=FULL)."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from bench.harness import Result, spread
from bench.town import Request, call, cookie_of, environ, folder, town
from webapp.extensions import db
from webapp.places.models import Shop
from webapp.web.application import Application

POSTS, ROUNDS = 100, 7
RAW_POSTS = 4 * POSTS  # they are quick: fewer would measure the clock


def run() -> list[Result]:
    app = town()
    _time_ours(app, ROUNDS + 1)  # every shop has its account now
    rows, raw = _written_rows(app), Raw(_raw_database(app))
    ours: list[float] = []
    baseline: list[float] = []
    for number in range(ROUNDS + 1):
        theirs, mine = _time_raw(raw), _time_ours(app, number)
        if number:  # the first is a warm-up
            baseline.append(theirs)
            ours.append(mine)
    print(f"  rows of one post: {rows}")
    print("  ours     " + " ".join(f"{value * 1e6:.0f}" for value in ours) + " µs a post")
    print("  baseline " + " ".join(f"{value * 1e6:.0f}" for value in baseline) + " µs a transaction")
    print(f"  this disk: {syncs_a_second():.0f} fsync/s")
    middle, base = sorted(ours)[ROUNDS // 2], sorted(baseline)[ROUNDS // 2]
    return [
        Result(
            name="posting a record by HTTP, rate against raw SQLite transactions of the same rows at FULL",
            ratio=base / middle,
            aim=0.15,
            floor=0.10,
            better="higher",
            ours=f"{middle * 1e6:.0f} µs",
            baseline=f"{base * 1e6:.0f} µs",
            spread=spread(baseline),
            notes=(f"{syncs_a_second():.0f} fsync/s on this disk",),
        )
    ]


def _form_of(app: Application, cookie: str, shop_id: int) -> tuple[str, str]:
    """The CSRF token and a rule without proof, from the scoring page itself."""
    _, headers, body = call(app, environ(f"/phone/score/{shop_id}", cookie=cookie, query="show=all"))
    html = body.decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token, "the page has a form"
    return token.group(1), headers.get("Set-Cookie", cookie).split(";")[0]


def form_requests(app: Application, name: str, count: int) -> list[Request]:
    """Posts of a member of staff who has just signed in, each to the next shop, by a rule that no cap refuses."""
    cookie = cookie_of(app, "inspector1")
    with app.app_context():
        shops = [row[0] for row in db.session.query(Shop.id).order_by(Shop.id)]
        rule = _repeatable_rule()
        db.session.remove()
    token, cookie = _form_of(app, cookie, shops[0])
    form = {"csrf_token": token, "rule": str(rule), "note": "现场"}
    return [
        environ(
            f"/phone/score/{shops[post % len(shops)]}", cookie=cookie, form=form | {"_once": f"bench-{name}-{post}"}
        )
        for post in range(count)
    ]


def _time_ours(app: Application, number: int) -> float:
    """Seconds a post."""
    requests = form_requests(app, str(number), POSTS)
    begun = time.perf_counter()
    for request in requests:
        status, _, body = call(app, request)
        assert status == 303, (status, body.decode()[:2000])
    return (time.perf_counter() - begun) / POSTS


def _repeatable_rule() -> int:
    """A rule of the shop scheme without cap and with a note as proof: 拾金不昧."""
    from webapp.schemes.models import RuleVersion

    return int(db.session.query(RuleVersion.id).filter_by(title="拾金不昧").order_by(RuleVersion.id.desc()).first()[0])


def _written_rows(app: Application) -> dict[str, int]:
    """How many rows of each table one post writes, counted, not believed."""
    seen: dict[str, int] = {}
    last = ""

    def note(statement: str) -> None:
        nonlocal last
        if statement == last:  # a trigger of the same statement
            return
        last = statement
        written = re.match(r'(INSERT) INTO "?(\w+)|(UPDATE) "?(\w+)', statement)
        if written:
            name = " ".join(word for word in written.groups() if word)
            seen[name] = seen.get(name, 0) + 1

    def traced(raw: Any, *_: Any) -> None:
        raw.set_trace_callback(note)

    with app.app_context():
        db.event.listen(db.engine, "checkout", traced)
        db.session.remove()
    cookie = cookie_of(app, "inspector1")
    seen.clear()
    with app.app_context():
        shop_id = db.session.query(Shop.id).order_by(Shop.id.desc()).first()[0]
        rule = _repeatable_rule()
        db.session.remove()
    token, cookie = _form_of(app, cookie, shop_id)
    form = {"csrf_token": token, "rule": str(rule), "note": "现场", "_once": "bench-rows"}
    status, _, body = call(app, environ(f"/phone/score/{shop_id}", cookie=cookie, form=form))
    assert status == 303, (status, body.decode()[:2000])
    with app.app_context():
        db.event.remove(db.engine, "checkout", traced)
        db.engine.dispose()
        db.session.remove()
    return dict(seen)


def _raw_database(app: Application) -> Path:
    """A copy of the town: the baseline writes into the same tables, with their indexes, keys and triggers."""
    file = folder() / "raw.db"
    with sqlite3.connect(app.config["VAR_DIR"] / "shanzhi.db") as source, sqlite3.connect(file) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=WAL")
    return file


class Raw:
    """The statements of one post, by hand: bare sqlite3, prepared, nothing checked, nothing rendered."""

    def __init__(self, file: Path) -> None:
        self.connection = sqlite3.connect(file, isolation_level=None)
        self.connection.execute("PRAGMA synchronous=FULL")
        self.connection.execute("PRAGMA foreign_keys=ON")
        self.record = self._last(
            "SELECT * FROM record WHERE source = 'inspection' AND state = 'posted' ORDER BY id DESC"
        )
        self.entry = self._last(f"SELECT * FROM entry WHERE cause_kind = 'record' AND cause_id = {self.record['id']}")
        self.audit = self._last("SELECT * FROM audit_line ORDER BY id DESC")
        self.sent = self._last("SELECT * FROM sent_form ORDER BY sent_at DESC")
        self.number = 0

    def _last(self, query: str) -> dict[str, Any]:
        cursor = self.connection.execute(query + " LIMIT 1")
        return dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))

    def _insert(self, table: str, row: dict[str, Any]) -> int:
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join("?" * len(row))
        cursor = self.connection.execute(
            f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values())
        )  # names of columns
        return cursor.lastrowid or 0

    def post(self) -> None:
        """One durable transaction with the rows of one post."""
        run, record, entry = self.connection.execute, self.record, self.entry
        self.number += 1
        run("BEGIN IMMEDIATE")
        key = f"raw-{self.number}"
        self._insert("sent_form", self.sent | {"key": key})
        new = {name: value for name, value in record.items() if name != "id"} | {"client_key": key}
        cause = self._insert("record", new)
        moved = run(
            "UPDATE account SET balance = balance + ?, entries = entries + 1, earned = earned + ?, merit = merit + ?"
            " WHERE id = ? RETURNING balance, entries",
            (entry["amount"], entry["amount"], entry["amount"], entry["account_id"]),
        ).fetchone()
        self._insert("entry", entry | {"seq": moved[1], "balance_after": moved[0], "cause_id": cause})
        run("UPDATE account SET head = ? WHERE id = ?", (entry["hash"], entry["account_id"]))
        run(
            "UPDATE month_total SET earned = earned + ?, entries = entries + 1 WHERE community_id = ? AND month = 202611"
            " AND scheme_id = ? AND category_id = ?",
            (entry["amount"], record["community_id"], record["scheme_id"], entry["category_id"]),
        )
        run("UPDATE rule_use SET uses = uses + 1 WHERE rule_id = ?", (record["rule_id"],))
        self._insert("audit_line", {name: value for name, value in self.audit.items() if name != "id"})
        run("UPDATE sent_form SET location = ? WHERE key = ?", (self.sent["location"], key))
        run("COMMIT")


def _time_raw(raw: Raw) -> float:
    """Seconds a transaction."""
    begun = time.perf_counter()
    for _ in range(RAW_POSTS):
        raw.post()
    return (time.perf_counter() - begun) / RAW_POSTS


def syncs_a_second() -> float:
    import os

    file = os.open(folder() / "sync", os.O_CREAT | os.O_WRONLY)
    begun = time.perf_counter()
    for _ in range(100):
        os.write(file, b"x" * 512)
        os.fsync(file)
    os.close(file)
    return 100 / (time.perf_counter() - begun)
