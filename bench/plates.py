"""3,600 plates on sheets: seconds, bytes, and whether memory stays flat."""

from __future__ import annotations

import time
import tracemalloc
from functools import cache

from bench.harness import Result
from bench.town import application, call, cookie_of, environ, folder
from webapp.demo import commands
from webapp.extensions import db, start_writing
from webapp.web.application import Application


@cache
def county_seat() -> Application:
    """The demonstration's county seat, loaded once a run."""
    from flask_migrate import upgrade

    app = application(folder())
    start_writing()
    with app.app_context():
        upgrade()
        commands.load(app, "county")
        db.session.remove()
    return app


def run() -> list[Result]:
    app = county_seat()
    cookie = cookie_of(app, "admin")
    begun, cpu = time.perf_counter(), time.process_time()
    status, _, body = call(app, environ("/desk/codes/sheet", cookie=cookie, query="kind=shop&format=12"))
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    assert status == 200
    plates = body.count(b"<article")
    assert plates == 3600, plates
    growth = _growth(app, cookie)
    print(
        f"  {plates} plates: {seconds:.1f} s ({cpu:.1f} s CPU), {len(body) / 1e6:.2f} MB, {growth:.1f} MB held while streaming"
    )
    seconds_row = Result(
        "3,600 plates on sheets, seconds", seconds, 12, 12, "lower", f"{seconds:.1f} s", "12 s allowed"
    )
    size = len(body) / 1e6
    size_row = Result("3,600 plates on sheets, MB", size, 6, 6, "lower", f"{size:.2f} MB", "6 MB allowed")
    memory_row = Result(
        "3,600 plates: memory held while streaming, MB", growth, 16, 32, "lower", f"{growth:.1f} MB", "flat"
    )
    return [seconds_row, size_row, memory_row]


def _growth(app: object, cookie: str) -> float:
    """Peak of what Python holds while the sheet is read and thrown away piece by piece, in MB."""
    tracemalloc.start()
    answer = app(environ("/desk/codes/sheet", cookie=cookie, query="kind=shop&format=12"), lambda *_: None)  # type: ignore[operator]  # WSGI
    tracemalloc.reset_peak()
    start = tracemalloc.get_traced_memory()[0]
    for _ in answer:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return (peak - start) / 1e6
