"""Security headers on every response, and where a form may be sent from."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request

from webapp.core.errors import NotAllowed
from webapp.web.application import READING_METHODS

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


def init_app(app: Flask) -> None:
    secure = app.config["SESSION_COOKIE_SECURE"]
    pairs = list(HEADERS.items())
    if secure:
        pairs.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))

    @app.after_request
    def add_headers(response: Response) -> Response:
        headers = response.headers
        for name, value in pairs:
            headers[name] = value
        if "Cache-Control" not in headers:
            headers["Cache-Control"] = "no-store"
        return response

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
    foreign = foreign or (origin is not None and urlsplit(origin).netloc != request.host)
    if foreign:
        raise NotAllowed("这个请求不是从本系统的页面发出的，没有执行。")
