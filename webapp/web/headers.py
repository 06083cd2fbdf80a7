"""Security headers on every response, and where a form may be sent from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, request

from webapp.core.errors import NotAllowed
from webapp.web.application import READING_METHODS

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; media-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}


#: Werkzeug's own word for a file: caches may keep it, which ours must not.
ASKS_AGAIN = ("Cache-Control", "no-cache")


class FixedHeaders:
    """WSGI middleware: the same headers on every response, whoever made it, at next to no cost."""

    def __init__(self, wsgi_app: WSGIApplication, *, secure: bool) -> None:
        self._wsgi_app = wsgi_app
        self._fixed = list(HEADERS.items())
        if secure:
            self._fixed.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            if ASKS_AGAIN in headers:  # a file that was sent with no word about how long
                headers = [header for header in headers if header != ASKS_AGAIN]
            kept = any(name == "Cache-Control" for name, _ in headers)
            own = self._fixed if kept else [*self._fixed, ("Cache-Control", "no-store")]
            return start_response(status, headers + own, exc_info)

        return self._wsgi_app(environ, start)


def init_app(app: Flask) -> None:
    secure = bool(app.config["SESSION_COOKIE_SECURE"])
    app.wsgi_app = FixedHeaders(app.wsgi_app, secure=secure)  # type: ignore[method-assign]  # as Flask's docs do

    @app.before_request
    def same_origin() -> None:
        if request.method not in READING_METHODS:
            check_origin()


def check_origin() -> None:
    """A form comes from our own pages: the browser itself says so, beside the CSRF token.

    :raises NotAllowed: if the browser names another origin.
    """
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    foreign = site is not None and site not in ("same-origin", "none")
    foreign = foreign or (origin is not None and _host_of(origin) != request.host)
    if foreign:
        raise NotAllowed("这个请求不是从本系统的页面发出的，没有执行。")


def _host_of(origin: str) -> str:
    """The host that an origin names; nothing if it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""
