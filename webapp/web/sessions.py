"""The signed session cookie and the form token in it, with what never changes made once instead of on each page."""

from __future__ import annotations

from functools import cache

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf.csrf import generate_csrf
from itsdangerous import URLSafeTimedSerializer

from webapp.web import assets


class SessionInterface(SecureCookieSessionInterface):
    """Flask's own; its signer is made anew for each reading and each writing of a cookie."""

    def __init__(self) -> None:
        self._signer_of = cache(super().get_signing_serializer)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        return self._signer_of(app)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint not in assets.ENDPOINTS:  # those are one copy for everybody: no cookie, no "Vary: Cookie"
            super().save_session(app, session, response)


def csrf_token() -> str:
    """For forms: Flask-WTF's token, which it keeps for the request; a page has several forms."""
    return str(g.get("csrf_token") or generate_csrf())


def init_app(app: Flask) -> None:
    app.session_interface = SessionInterface()
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.context_processor(lambda: {"csrf_token": csrf_token})  # Flask-WTF has one too; the later one counts
