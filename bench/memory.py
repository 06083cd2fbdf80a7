"""Memory of the server after 10,000 requests, against a bare Flask + SQLAlchemy application that served as many.

Both run as waitress with four threads in a process of their own. PSS: pages shared with other processes count in part.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.harness import Result
from bench.pages import household_at_kiosk
from bench.town import KEY, cookie_of, facts, town

REQUESTS = 10_000
HEAP = {"MALLOC_ARENA_MAX": "1"}  # as deploy/shanzhi.service sets it; both sides
BARE = """
import sys
from flask import Flask, render_template_string
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import text

app = Flask("bare")
app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///" + sys.argv[1]
db = SQLAlchemy(app)


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(80))


with app.app_context():
    db.create_all()
    db.session.add_all([Item(name=f"item {number}") for number in range(50)])
    db.session.commit()


@app.get("/")
def page():
    items = db.session.scalars(db.select(Item).order_by(Item.id.desc()).limit(8)).all()
    return render_template_string("<ul>{% for one in items %}<li>{{ one.name }}</li>{% endfor %}</ul>", items=items)
"""
SERVE = """
import waitress

server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
print(server.effective_port, flush=True)
server.run()
"""
OURS = """
import sys
from pathlib import Path

from webapp import create_app

var = Path(sys.argv[1])
app = create_app({"VAR_DIR": var, "SECRET_KEY": sys.argv[2], "SQLALCHEMY_DATABASE_URI": f"sqlite:///{var / 'shanzhi.db'}"})
"""


def run() -> list[Result]:
    app = town()
    var = app.config["VAR_DIR"]
    kiosk, _ = household_at_kiosk(app, facts(app)["households"][0]["number"])
    pages = [
        ("/kiosk/balance", kiosk["HTTP_COOKIE"]),
        ("/kiosk/", kiosk["HTTP_COOKIE"].split("; ")[0]),
        ("/phone/", cookie_of(app, "inspector1")),
        ("/desk", cookie_of(app, "clerk")),
    ]
    with _served(OURS, str(var), KEY) as (pid, port):
        start = _pss(pid)
        _ask(port, pages)
        ours = _pss(pid)
    with _served(BARE, str(Path(var) / "bare.db")) as (pid, port):
        _ask(port, [("/", "")])
        bare = _pss(pid)
    print(f"  ours {ours:.1f} MB ({start:.1f} MB before the first request), bare {bare:.1f} MB")
    name = f"memory of the server after {REQUESTS:,} requests against a bare Flask + SQLAlchemy one"
    return [Result(name, ours / bare, 1.25, 1.5, "lower", f"{ours:.1f} MB", f"{bare:.1f} MB")]


@contextmanager
def _served(program: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """A server in a process of its own: (pid, port)."""
    with subprocess.Popen(
        [sys.executable, "-c", program + SERVE, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **HEAP},
    ) as server:
        try:
            assert server.stdout is not None
            yield server.pid, int(server.stdout.readline())
        finally:
            server.terminate()


def _ask(port: int, pages: list[tuple[str, str]]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for number in range(REQUESTS):
        path, cookie = pages[number % len(pages)]
        connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
    connection.close()


def _pss(pid: int) -> float:
    """MB."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.M)
    assert found
    return int(found[1]) / 1000
