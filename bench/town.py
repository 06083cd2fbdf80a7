"""A small town in a throw-away folder, and raw WSGI calls against it: what the rows of the table measure with."""

from __future__ import annotations

import atexit
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask_migrate import upgrade

from webapp import create_app
from webapp.demo import commands, contract
from webapp.extensions import db, start_writing
from webapp.web.application import Application

KEY = "a key for measuring only, forty characters long"
Request = dict[str, Any]
WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def folder() -> Path:
    """A folder that goes away with the process."""
    path = Path(tempfile.mkdtemp(prefix="shanzhi-bench-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def application(var: Path, **more: Any) -> Application:
    settings = {"VAR_DIR": var, "SECRET_KEY": KEY, "SQLALCHEMY_DATABASE_URI": f"sqlite:///{var / 'shanzhi.db'}"}
    return create_app({**settings, **more})


@cache
def town(url: str = "") -> Application:
    """The demonstration community, loaded once a run and database."""
    app = application(folder(), **({"SQLALCHEMY_DATABASE_URI": url} if url else {}))
    start_writing()
    with app.app_context():
        upgrade()
        commands.load(app, "community")
        db.session.remove()
    return app


def facts(app: Application) -> dict[str, Any]:
    found = contract.read(app.config["VAR_DIR"])
    assert found is not None
    return found


def cookie_of(app: Application, login: str) -> str:
    """The session cookie of a member of staff who has just signed in, by the page everybody uses."""
    _, headers, body = call(app, environ("/sign-in"))
    token = re.search(r'name="csrf_token" value="([^"]+)"', body.decode())
    assert token, "the sign-in page has a form"
    form = {"csrf_token": token.group(1), "login": login, "password": facts(app)["staff"][0]["password"]}
    status, headers, body = call(app, environ("/sign-in", cookie=headers["Set-Cookie"].split(";")[0], form=form))
    assert status == 303, (status, body.decode())
    return headers["Set-Cookie"].split(";")[0]


def environ(path: str, *, cookie: str = "", form: dict[str, str] | None = None, query: str = "") -> dict[str, Any]:
    """A request as waitress would hand it over."""
    body = urlencode(form).encode() if form is not None else b""
    return {
        "REQUEST_METHOD": "GET" if form is None else "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_COOKIE": cookie,
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def call(app: WSGI, request: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """One request: status, headers, body."""
    seen: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        kept = dict(headers)  # of several cookies the session's matters here
        kept |= {name: value for name, value in headers if value.startswith(("shanzhi=", "__Host-shanzhi="))}
        seen[:] = [int(status[:3]), kept]

    answer = app(request, start)
    body = b"".join(answer)
    close = getattr(answer, "close", None)
    if close:
        close()
    return seen[0], seen[1], body
