"""Posting a record by HTTP against bare sqlite3 writing the same rows into the same tables, both
durable (synchronous=FULL)."""

from __future__ import annotations

import re
import sqlite3
import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench.harness import Result, spread
from bench.raw import Raw
from bench.town import Request, call, cookie_of, environ, folder, town
from webapp.extensions import db
from webapp.places.models import Shop
from webapp.web.application import Application

POSTS, ROUNDS = 100, 7
TURN = 5  # posts before the baseline's turn
RAW_A_POST = 4  # they are quick: fewer would measure the clock


def run() -> list[Result]:
    app = town()
    warm_up(app)
    rows, commits = _written_rows(app), _commits(app)
    print(f"  rows of one post: {rows}")
    name = "posting a record by HTTP, rate against raw SQLite transactions of the same rows at FULL"
    return [
        compare(app, Raw.of_sqlite(_raw_database(app)), name, aim=0.15, floor=0.10),
        Result(
            "commits in the write-ahead log a post, each one sync at FULL",
            commits / POSTS,
            1.0,
            1.0,
            "lower",
            f"{commits} of {POSTS} posts",
            f"{POSTS}",
        ),
    ]


def warm_up(app: Application) -> None:
    """Afterwards every shop of the round has its account."""
    _post_all(app, form_requests(app, "warm-up", POSTS))


def compare(app: Application, raw: Raw, name: str, *, aim: float, floor: float) -> Result:
    """Posts by HTTP against the same rows by hand. They take turns every few milliseconds, so that a slow spell of the
    machine meets both."""
    ours: list[float] = []
    baseline: list[float] = []
    for number in range(ROUNDS + 1):
        mine, theirs = _round(app, raw, number)
        if number:  # the first is a warm-up
            ours.append(mine)
            baseline.append(theirs)
    print("  ours     " + " ".join(f"{value * 1e6:.0f}" for value in ours) + " µs a post")
    print("  baseline " + " ".join(f"{value * 1e6:.0f}" for value in baseline) + " µs a transaction")
    return Result(
        name=name,
        ratio=statistics.median(theirs / mine for theirs, mine in zip(baseline, ours, strict=True)),
        aim=aim,
        floor=floor,
        better="higher",
        ours=f"{statistics.median(ours) * 1e6:.0f} µs",
        baseline=f"{statistics.median(baseline) * 1e6:.0f} µs",
        spread=spread(baseline),
        notes=(f"{syncs_a_second():.0f} fsync/s on this disk",),
    )


def _round(app: Application, raw: Raw, number: int) -> tuple[float, float]:
    """Seconds of a post, and of the same rows by hand."""
    mine = theirs = 0.0
    requests = form_requests(app, str(number), POSTS)
    for turn in range(0, POSTS, TURN):
        mine += _seconds(partial(_post_all, app, requests[turn : turn + TURN]))
        theirs += _seconds(partial(_write_rows, raw, RAW_A_POST * TURN))
    return mine / POSTS, theirs / (POSTS * RAW_A_POST)


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _post_all(app: Application, requests: list[Request]) -> None:
    for request in requests:
        status, _, body = call(app, request)
        assert status == 303, (status, body.decode()[:2000])


def _write_rows(raw: Raw, count: int) -> None:
    for _ in range(count):
        raw.post()


def _commits(app: Application) -> int:
    """How many transactions a round of posts leaves in the write-ahead log: frames that end a commit, counted in the
    file (https://www.sqlite.org/fileformat2.html#walformat)."""
    requests = form_requests(app, "commits", POSTS)
    with sqlite3.connect(app.config["VAR_DIR"] / "shanzhi.db", isolation_level=None) as other:
        busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy, "somebody reads: the log was not emptied"
        keep = other.execute("SELECT 1 FROM area LIMIT 1")  # a reader: the log is not begun anew while we count
        for request in requests:
            status, _, body = call(app, request)
            assert status == 303, (status, body.decode()[:2000])
        log = (app.config["VAR_DIR"] / "shanzhi.db-wal").read_bytes()
        keep.close()
    page_size, frames = int.from_bytes(log[8:12], "big"), log[32:]
    salt, size = log[16:24], 24 + page_size
    heads = [frames[at : at + 24] for at in range(0, len(frames) - size + 1, size)]
    assert all(head[8:16] == salt for head in heads), "frames of another round"
    return sum(1 for head in heads if int.from_bytes(head[4:8], "big"))


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


def syncs_a_second() -> float:
    import os

    file = os.open(folder() / "sync", os.O_CREAT | os.O_WRONLY)
    begun = time.perf_counter()
    for _ in range(100):
        os.write(file, b"x" * 512)
        os.fsync(file)
    os.close(file)
    return 100 / (time.perf_counter() - begun)
