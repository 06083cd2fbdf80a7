"""Requests as bytes go over the wire: nothing is quoted, mended or followed on the way to the application."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace

from flask import Response
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as AnyResponse

from webapp.extensions import db, start_writing
from webapp.web.application import Application

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Sent:
    """One request. ``path`` and ``query`` as they stand in the request line."""

    method: str
    path: bytes
    query: bytes = b""
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    what: str = ""
    length: int | None = field(default=None)  # another Content-Length than the body's

    def plus(self, what: str, **other: object) -> Sent:
        """The same with something changed; ``what`` says what was done to it."""
        return replace(self, what=f"{self.what} {what}".strip(), **other)

    def __str__(self) -> str:
        headers = {name: value[:80] for name, value in self.headers}
        return (
            f"{self.method} {self.path[:200]!r}?{self.query[:300]!r} {headers} "
            f"{self.content_type} {self.body[:600]!r} ({self.what})"
        )


def _unquoted(path: bytes) -> str:
    """As a server hands it to the application: percent-encoding undone, bytes as Latin-1."""
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def environ(sent: Sent, cookies: str, address: str) -> dict[str, object]:
    made: dict[str, object] = {
        "REQUEST_METHOD": sent.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": _unquoted(sent.path),
        "QUERY_STRING": sent.query.decode("latin-1"),
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_COOKIE": cookies,
        "REMOTE_ADDR": address,
        "CONTENT_TYPE": sent.content_type,
        "CONTENT_LENGTH": str(len(sent.body) if sent.length is None else sent.length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(sent.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in sent.headers:
        made[f"HTTP_{name.upper().replace('-', '_')}"] = value
    return made


def send(app: Application, sent: Sent, cookies: str, address: str = "127.0.0.1") -> AnyResponse:
    """The answer; an exception that no handler caught comes out here. The test's own transaction ends."""
    db.session.rollback()
    with app.app_context():
        pieces, status, headers = run_wsgi_app(app.wsgi_app, environ(sent, cookies, address), buffered=True)
    start_writing()
    return Response(b"".join(pieces), status, headers)
