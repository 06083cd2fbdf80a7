"""What opens the kiosk's views: the device's own cookie, and the resident's short one inside it.

The resident's cookie carries the time of the last page, signed, and is renewed with every page: an old copy of it is
refused after the idle time even if nobody closed the visit, and the server's row closes it at once.
"""

from __future__ import annotations

from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, g

from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import NotSignedIn
from webapp.core.text import mask_name
from webapp.kiosk import queries
from webapp.kiosk.queries import Terminal, Visit
from webapp.kiosk.service import visits
from webapp.web import cookies, housekeeping
from webapp.web.access import KIOSK_HOUSEHOLD

DEVICE_YEARS = 5 * 365 * 24 * 3600  # seconds a kiosk's cookie is kept
NOT_PAIRED = "这台终端还没有配对，或已被停用。请工作人员在工作台「自助终端」里重新配对。"
GONE = "为了保护您的积分，页面已自动退出。请重新刷卡或输入户号。"


class NotPaired(NotSignedIn):
    title = "终端未配对"


class VisitOver(NotSignedIn):
    title = "已自动退出"


def here() -> Visit | None:
    """The resident at the kiosk, if there is one; for views that anybody at the kiosk may open."""
    return cast("Visit | None", g.get("visit"))


def terminal() -> Terminal:
    """The kiosk that asks."""
    return cast(Terminal, g.terminal)


def visit() -> Visit:
    """The resident at the kiosk; only in views that state KIOSK_HOUSEHOLD."""
    return cast(Visit, g.visit)


def sealed(token: str, now: datetime) -> str:
    """The visit's cookie: token, second of the last page, and a code over both."""
    stamp = f"{token}.{int(now.timestamp()):x}"
    return f"{stamp}.{signing.keyed_code(current_app.config['SECRET_KEY'], 'visit', stamp, 16)}"


def unsealed(value: str, now: datetime) -> str | None:
    """The token, if the cookie is ours and its last page was shown less than the idle time ago."""
    stamp, _, code = value.rpartition(".")
    token, _, second = stamp.rpartition(".")
    right = signing.keyed_code(current_app.config["SECRET_KEY"], "visit", stamp, 16)
    if not token or not signing.same(code, right):
        return None
    age = int(now.timestamp()) - int(second, 16)
    return token if -5 <= age <= visits.IDLE + visits.GRACE + visits.SLACK else None


def check(permission: str) -> Response | None:
    """Open a kiosk's view, or refuse. Views for anybody at the kiosk know a resident's visit too, if there is one.

    :raises NotPaired: if the device is unknown or revoked.
    :raises VisitOver: if a resident is needed and none is here any more.
    """
    device_token = cookies.sent("kiosk")
    found = _visit(device_token, clock.now())
    if found is not None:
        g.terminal, g.visit = found
        label, where = f"{mask_name(g.visit.name)}家"[:80], f"kiosk:{g.terminal.device_id}"
        g.actor = Actor(kind="kiosk", label=label, household_id=g.visit.household_id, where=where)
        return None
    kiosk = queries.terminal_of(device_token) if device_token else None
    if kiosk is None:
        raise NotPaired(NOT_PAIRED)
    g.terminal = kiosk
    g.actor = Actor(kind="kiosk", label=f"{kiosk.station} {kiosk.name}"[:80], where=f"kiosk:{kiosk.device_id}")
    if permission == KIOSK_HOUSEHOLD:
        raise VisitOver(GONE)
    return None


def _visit(device_token: str, now: datetime) -> tuple[Terminal, Visit] | None:
    value = cookies.sent("visit")
    token = unsealed(value, now) if value and device_token else None
    return queries.visit_of(device_token, token, now) if token else None


def renew(response: Response) -> Response:
    """With every page the resident's time starts anew; the blueprint calls it after each request."""
    now_here = here()
    if now_here is not None and not g.get("visit_changed"):
        cookies.keep(response, "visit", sealed(now_here.token, clock.now()), seconds=None)
    return response


def begin(response: Response, token: str) -> Response:
    """A visit starts: its cookie takes the place of the one before."""
    g.visit_changed = True
    cookies.keep(response, "visit", sealed(token, clock.now()), seconds=None)
    return response


def forget(response: Response) -> Response:
    """Home again: cookie, caches and storage of the browser are emptied, and the type is of the usual size."""
    g.visit_changed = True
    cookies.drop(response, "visit")
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    response.delete_cookie("large", path="/", secure=secure, httponly=True, samesite="Strict")
    cookies.empty_browser(response)
    return response


def init_app(app: Flask) -> None:
    app.extensions["kiosk_gate"] = check
    housekeeping.add(app, "kiosk-visits", visits.end_expired)
