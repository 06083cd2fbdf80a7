"""Posting a record by HTTP against raw SQLite transactions that write the same rows, both durable (synchronous=FULL)."""

from __future__ import annotations

import re
import sqlite3
import time
from pathlib import Path
from typing import Any

from bench.harness import Result, spread
from bench.town import call, cookie_of, environ, folder, town
from webapp.extensions import db
from webapp.places.models import Shop
from webapp.web.application import Application

POSTS, ROUNDS = 60, 7


def run() -> list[Result]:
    app = town()
    raw = _raw_database()
    ours, baseline, rows = [], [], _written_rows(app)
    for number in range(ROUNDS + 1):
        theirs, mine = _time_raw(raw, rows), _time_ours(app, number)
        if number:  # the first is a warm-up
            baseline.append(theirs)
            ours.append(mine)
    print(f"  rows of one post: {rows}")
    print("  ours     " + " ".join(f"{value * 1e6:.0f}" for value in ours) + " µs a post")
    print("  baseline " + " ".join(f"{value * 1e6:.0f}" for value in baseline) + " µs a transaction")
    print(f"  this disk: {_syncs_a_second():.0f} fsync/s")
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
            notes=(f"{_syncs_a_second():.0f} fsync/s on this disk",),
        )
    ]


def _form_of(app: Application, cookie: str, shop_id: int) -> tuple[str, str]:
    """The CSRF token and a rule without proof, from the scoring page itself."""
    _, headers, body = call(app, environ(f"/phone/score/{shop_id}", cookie=cookie, query="show=all"))
    html = body.decode()
    token = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert token, "the page has a form"
    return token.group(1), headers.get("Set-Cookie", cookie).split(";")[0]


def _time_ours(app: Application, number: int) -> float:
    """Seconds a post: each a rule of its own kind on a shop of its own, so that no cap refuses."""
    cookie = cookie_of(app, "inspector1")
    with app.app_context():
        shops = [row[0] for row in db.session.query(Shop.id).order_by(Shop.id)]
        rule = _repeatable_rule()
        db.session.remove()
    token, cookie = _form_of(app, cookie, shops[0])
    requests = [
        environ(
            f"/phone/score/{shops[post % len(shops)]}",
            cookie=cookie,
            form={"csrf_token": token, "rule": str(rule), "note": "现场", "_once": f"bench-{number}-{post}"},
        )
        for post in range(POSTS)
    ]
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
    tables = ("record", "entry", "month_total", "account", "audit_line", "rule_use", "sent_form", "holder")
    seen: dict[str, int] = {}

    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        verb = statement.split(maxsplit=1)[0].upper()
        if verb in ("INSERT", "UPDATE"):
            table = next((name for name in tables if re.search(rf"\b{name}\b", statement)), "other")
            seen[f"{verb} {table}"] = seen.get(f"{verb} {table}", 0) + 1

    with app.app_context():
        db.event.listen(db.engine, "before_cursor_execute", note)
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
        db.event.remove(db.engine, "before_cursor_execute", note)
        db.session.remove()
    return dict(seen)


def _raw_database() -> Path:
    file = folder() / "raw.db"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE row (id INTEGER PRIMARY KEY, kind TEXT, body TEXT)")
        connection.execute("CREATE TABLE state (id INTEGER PRIMARY KEY, value INTEGER, body TEXT)")
        connection.executemany("INSERT INTO state VALUES (?, 0, ?)", [(number, "x" * 200) for number in range(1, 50)])
    return file


def _time_raw(file: Path, rows: dict[str, int]) -> float:
    """The same number of inserted and updated rows, one durable transaction a post, prepared statements."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA synchronous=FULL")
    begun = time.perf_counter()
    for post in range(POSTS):
        connection.execute("BEGIN IMMEDIATE")
        for name, count in rows.items():
            for _ in range(count):
                if name.startswith("INSERT"):
                    connection.execute("INSERT INTO row (kind, body) VALUES (?, ?)", (name, "x" * 250))
                else:
                    connection.execute("UPDATE state SET value = value + 1 WHERE id = ?", (post % 49 + 1,))
        connection.execute("COMMIT")
    seconds = (time.perf_counter() - begun) / POSTS
    connection.close()
    return seconds


def _syncs_a_second() -> float:
    import os

    file = os.open(folder() / "sync", os.O_CREAT | os.O_WRONLY)
    begun = time.perf_counter()
    for _ in range(100):
        os.write(file, b"x" * 512)
        os.fsync(file)
    os.close(file)
    return 100 / (time.perf_counter() - begun)
