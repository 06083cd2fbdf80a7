"""Which household signed in on this phone: what opens the views that state ``RESIDENT``.

The token lies in a cookie of its own, not in Flask-Login's session: an inspector who lives here may be both on one phone.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, cast

from flask import Response, g, request, session, url_for
from sqlalchemy import bindparam, func, select

from webapp.core import clock, signing
from webapp.places.models import Area, Holder, Household
from webapp.prepared import Prepared
from webapp.users.models import ResidentSignIn
from webapp.users.queries import courtyards_headed_in
from webapp.users.service import phones
from webapp.users.service.residents import actor_of
from webapp.web import cookies
from webapp.web.htmx import go

COOKIE = "resident"
#: In the session: whose card was scanned. Its number is no part of an address.
EXPECTED = "expected_household"


class Resident(NamedTuple):
    """Who signed in. ``name`` is the householder's in full: mask it before it is shown. ``heads``: the courtyards that
    somebody of the household heads today; the appointment gives the head's pages."""

    sign_in_id: int
    household_id: int
    number: str
    name: str
    courtyard_id: int | None
    courtyard: str
    area_id: int
    area_path: str
    community_id: int
    community: str
    heads: tuple[int, ...]


_in, _household, _home = ResidentSignIn.__table__.c, Household.__table__.c, Holder.__table__.c
_yard, _area, _community = Holder.__table__.alias(), Area.__table__.alias(), Area.__table__.alias()
_WHO = Prepared(
    select(
        _in.id,
        _in.household_id,
        _home.number,
        _home.name,
        _household.courtyard_id,
        func.coalesce(_yard.c.name, ""),
        _home.area_id,
        _area.c.path,
        _home.community_id,
        _community.c.name,
    )
    .select_from(ResidentSignIn.__table__)
    .join(Household.__table__, _household.id == _in.household_id)
    .join(Holder.__table__, _home.id == _in.household_id)
    .join(_area, _area.c.id == _home.area_id)
    .join(_community, _community.c.id == _home.community_id)
    .outerjoin(_yard, _yard.c.id == _household.courtyard_id)
    .where(
        _in.token_print == bindparam("token"),
        _in.ended_at.is_(None),
        _in.expires_at > bindparam("now", type_=_in.expires_at.type),
        _home.active,
    )
)


def who_lives_here(token: str, now: datetime) -> Resident | None:
    """The household with this token; None if the sign-in ended or expired, or the household was closed."""
    row = _WHO.first(token=signing.fingerprint(token), now=now)
    if row is None:
        return None
    heads = tuple(sorted(courtyards_headed_in(row.household_id)))
    return Resident._make((*row, heads))


def resident() -> Resident:
    """The household that asks; only in views that state RESIDENT."""
    return cast(Resident, g.resident)


def recognised() -> bool:
    """Whether a household is signed in on this phone. It is then where ``resident()`` and ``actor()`` find it."""
    token = cookies.sent(COOKIE)
    found = who_lives_here(token, clock.now()) if token else None
    if found is None:
        return False
    g.resident = found
    g.actor = actor_of(found.household_id, found.name, request.remote_addr or "")
    return True


def expect(household_id: int) -> Response:
    """To the door, with this household's number filled in already: its card was scanned."""
    session[EXPECTED] = household_id
    return go(url_for("users.resident_sign_in"))


def expected() -> int | None:
    """The household whose card was scanned."""
    return cast("int | None", session.get(EXPECTED))


def begin(response: Response, token: str) -> Response:
    """The phone keeps a new sign-in, for as long as it lasts; forms that were shown before are worth nothing."""
    session.pop(EXPECTED, None)
    session.pop("csrf_token", None)
    cookies.keep(response, COOKIE, token, seconds=int(phones.LASTS.total_seconds()), samesite="Lax")
    return response


def forget(response: Response) -> Response:
    """Signed out: the phone keeps nothing of what was shown."""
    session.pop(EXPECTED, None)
    cookies.drop(response, COOKIE)
    cookies.empty_browser(response)
    return response
