"""The one hook that checks every view's stated permission, and makes the actor of the request.

Deny by default: a view that states nothing is closed. Staff come by a server-side sign-in whose token is in
Flask-Login's session; a household on its phone by a cookie of its own (``users.residents_gate``); a kiosk by its device
cookie; what the kiosk does beyond that is ``kiosk``'s own matter.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, abort, current_app, g, redirect, request, session, url_for
from flask_login import UserMixin, current_user
from sqlalchemy import bindparam, select

from webapp.core import clock, signing
from webapp.core.actor import Actor
from webapp.core.errors import NotAllowed, NotSignedIn
from webapp.core.text import mask_name
from webapp.extensions import login_manager
from webapp.places.models import Area, Person
from webapp.prepared import Prepared
from webapp.users import residents_gate
from webapp.users.models import POSTS, Appointment, SignIn, User
from webapp.users.permissions import grants_of
from webapp.users.service.signing_in import note_denial
from webapp.web import assets
from webapp.web.access import ANYBODY, KIOSK, KIOSK_HOUSEHOLD, RESIDENT, SIGNED_IN, endpoint_permission
from webapp.web.htmx import wants_fragment

#: What opens views that belong to a kiosk; ``kiosk`` registers it, so that users need not know kiosks.
KioskGate = Callable[[str], Response | None]

#: When the last page was asked for (seconds since 1970), in the signed session: an old copy of the cookie grows idle too.
SEEN = "seen"
SEEN_EVERY = 60  # seconds; the cookie is signed anew no oftener than that

_WHO = Prepared(
    select(User.id, User.person_id, Person.name, User.must_change, Appointment.post, Area.path)
    .join(SignIn, SignIn.user_id == User.id)
    .join(Person, Person.id == User.person_id)
    .outerjoin(
        Appointment,
        (Appointment.person_id == User.person_id)
        & (Appointment.starts_on <= bindparam("today"))
        & (Appointment.ends_on.is_(None) | (Appointment.ends_on >= bindparam("today"))),
    )
    .outerjoin(Area, Area.id == Appointment.area_id)
    .where(
        SignIn.token_print == bindparam("token"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("now"),
        User.active,
    )
    .order_by(Appointment.id)
)


class SignedIn(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """What Flask-Login carries: the actor, and whether the one-time password is still in use."""

    def __init__(self, token: str, actor: Actor, must_change: bool) -> None:
        self.id = token
        self.actor = actor
        self.must_change = must_change


def who_is(token: str, now: datetime, where: str) -> SignedIn | None:
    """The member of staff whose sign-in has this token; None if it ended, expired or was disabled."""
    rows = _WHO.all(token=signing.fingerprint(token), now=now, today=clock.local_date(now))
    return SignedIn(token, _actor_of(rows, where), rows[0].must_change) if rows else None


def _actor_of(rows: Sequence[Any], where: str) -> Actor:
    posts = [(row.post, row.path) for row in rows if row.post]
    first = rows[0]
    post_name = POSTS[posts[0][0]] if posts else "工作人员"
    return Actor(
        kind="staff",
        label=f"{mask_name(first.name)} {post_name}",
        user_id=first.id,
        person_id=first.person_id,
        name=first.name,
        where=where,
        grants=grants_of(posts),
    )


def keep_sign_in(kept: MutableMapping[str, Any], token: str, now: datetime) -> None:
    """Put a sign-in into a browser's session: only the token, which the server can end."""
    kept.update({"_user_id": token, "_fresh": True, "_permanent": True, SEEN: int(now.timestamp())})


def init_app(app: Flask) -> None:
    login_manager.session_protection = None  # the token alone counts; mobile networks change addresses
    login_manager.user_loader(_load)
    app.jinja_env.globals["signed_in_user"] = signed_in_user
    app.before_request(check)
    app.extensions["on_denial"] = _note_denial


def _note_denial() -> None:
    """Anybody else has no name that a line could keep; those are in the application's log."""
    who: Actor | None = g.get("actor")
    if who is not None and who.kind == "staff":
        note_denial(actor=who, page=request.endpoint or "", method=request.method, now=clock.now())


def _load(token: str) -> SignedIn | None:
    now = clock.now()
    idle = int(now.timestamp()) - int(session.get(SEEN, 0))
    limit: timedelta = current_app.config["PERMANENT_SESSION_LIFETIME"]
    found = who_is(token, now, request.remote_addr or "") if idle <= limit.total_seconds() else None
    if found is not None and not 0 <= idle < SEEN_EVERY:
        session[SEEN] = int(now.timestamp())
    return found


def signed_in_user() -> Actor | None:
    """For layouts: the member of staff who looks, if somebody has signed in. After a failure nobody is looked up."""
    known: Actor | None = g.get("actor")
    if known is not None and known.kind == "staff":
        return known
    if g.get("failed"):
        return None
    return current_user.actor if current_user.is_authenticated else None


def check() -> Response | None:
    """Open or close the view that is asked for."""
    if request.endpoint in assets.ENDPOINTS:
        return None
    if request.endpoint is None:
        _anybody()  # the page that says so has the menu of who asks
        return None
    permission = endpoint_permission(request.endpoint)
    if permission is None:
        abort(403)
    if permission in (KIOSK, KIOSK_HOUSEHOLD):
        return _kiosk(permission)
    if permission == RESIDENT:
        return None if residents_gate.recognised() else _to_sign_in("users.resident_sign_in")
    if permission != ANYBODY:
        return _staff(permission)
    _anybody()
    return None


def _anybody() -> None:
    """Public pages look at the sign-in only if there is a session at all: a scan may be an inspector's."""
    if "_user_id" in session and current_user.is_authenticated:
        g.actor = current_user.actor


def _kiosk(permission: str) -> Response | None:
    gate: KioskGate | None = current_app.extensions.get("kiosk_gate")
    if gate is None:
        abort(403)
    return gate(permission)


def _staff(permission: str) -> Response | None:
    if not current_user.is_authenticated:
        return _to_sign_in("users.sign_in")
    g.actor = current_user.actor
    if current_user.must_change and request.endpoint not in ("users.change_password", "users.sign_out"):
        return redirect(url_for("users.change_password"), 303)  # type: ignore[return-value]  # it is a Response
    if permission != SIGNED_IN and not g.actor.may(permission):
        raise NotAllowed("您的岗位不能打开这一页。如有需要，请联系系统管理员。")
    return None


def _to_sign_in(door: str) -> Response:
    """Ask for a sign-in and come back; only a GET's address is remembered, a form is never replayed."""
    if request.method != "GET" or wants_fragment():
        raise NotSignedIn("登录已过期。请重新登录，再做一次刚才的操作。")
    return redirect(url_for(door, next=request.full_path.rstrip("?")), 303)  # type: ignore[return-value]  # it is one
