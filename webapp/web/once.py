"""Exactly once: a form carries a random key; the same key again answers with the first result.

The key is written in the same transaction as the form's effect. A repeat waits for the first to end (by the
writer's queue on SQLite, by the unique index on PostgreSQL) and is then sent where the first one was sent.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, current_app, request
from sqlalchemy import bindparam, delete, select, text, update

from webapp.core import clock, signing
from webapp.core.errors import Conflict
from webapp.extensions import WROTE, UtcDateTime, db
from webapp.prepared import Prepared, table_of
from webapp.web import housekeeping
from webapp.web.htmx import go
from webapp.web.models import SentForm

FIELD = "_once"
KEPT = timedelta(days=3)

_form = SentForm.__table__.c
_SENT = Prepared(select(_form.body_hash, _form.location).where(_form.key == bindparam("form")))
_LED_TO = Prepared(
    update(table_of(SentForm)).where(_form.key == bindparam("form")).values(location=bindparam("led_to"))
)
_CLAIM = Prepared(
    text(
        "INSERT INTO sent_form (key, body_hash, sent_at) VALUES (:key, :body_hash, :sent_at) ON CONFLICT DO NOTHING"
    ).bindparams(bindparam("sent_at", type_=UtcDateTime()))
)


def once_token() -> str:
    """A fresh key for a form that is being shown."""
    return signing.random_token()


def before_form() -> Response | None:
    """Claim the form's key, or answer a repeat.

    :raises Conflict: if the same key comes with other content.
    """
    key = _key()
    if not key:
        return None
    key, body = signing.fingerprint(f"{request.path}\0{key}"), _body_hash()
    db.session.info[WROTE] = True
    if _claim(key, body):
        return None
    (sent,) = _SENT.all(form=key)
    if sent.body_hash != body:
        raise Conflict("这张表单已经提交过，内容不一样。请返回重新打开再填。")
    return go(sent.location or "/")


def after_form(response: Response) -> None:
    """Remember where a successful form led, in the transaction that carries its effect."""
    key = _key()
    location = response.headers.get("HX-Redirect") or response.headers.get("Location")
    if not key or not location:
        return
    key = signing.fingerprint(f"{request.path}\0{key}")
    _LED_TO.count(form=key, led_to=location)


def _key() -> str:
    """The key that came with the form, unless the view takes none."""
    view = current_app.view_functions.get(request.endpoint or "")
    return "" if getattr(view, "keyless", False) else request.form.get(FIELD, "")


def forget_old(now: datetime) -> int:
    """Drop keys that no honest repeat can still use. Returns how many."""
    result = db.session.execute(delete(SentForm).where(SentForm.sent_at < now - KEPT))
    return int(getattr(result, "rowcount", 0))


def init_app(app: Flask) -> None:
    app.jinja_env.globals["once_token"] = once_token
    housekeeping.add(app, "sent-forms", forget_old)


def _claim(key: str, body: str) -> bool:
    return _CLAIM.count(key=key, body_hash=body, sent_at=clock.now()) == 1


def _body_hash() -> str:
    """Over every field but the CSRF token, which differs between two showings of the same form, and over the files."""
    digest = hashlib.sha256()
    for name, values in sorted(request.form.lists()):
        if name != "csrf_token":
            digest.update(repr((name, values)).encode())
    for name, file in sorted(request.files.items(multi=True), key=lambda item: item[0]):
        digest.update(repr((name, file.filename)).encode())
        stream: Any = file.stream
        digest.update(hashlib.file_digest(stream, "sha256").digest())
        stream.seek(0)
    return digest.hexdigest()
