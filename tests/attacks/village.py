"""A village in which everything has happened once, and the doors of those who live and work there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select

from tests.personas import open_sign_in
from webapp.core import clock
from webapp.core.photo_store import PhotoStore
from webapp.core.signing import fingerprint
from webapp.demo.building import Builder, Built
from webapp.demo.drafting import draft
from webapp.demo.history import History
from webapp.demo.towns import Community, Town
from webapp.extensions import db, start_writing
from webapp.kiosk import gate
from webapp.kiosk.queries import terminal_of
from webapp.kiosk.service import visits
from webapp.places.models import Household
from webapp.users.gate import keep_sign_in
from webapp.users.models import Appointment, Device, User
from webapp.users.permissions import GRANTS
from webapp.users.residents_gate import COOKIE
from webapp.users.service import devices, phones
from webapp.web.access import ANYBODY, KIOSK, KIOSK_HOUSEHOLD, RESIDENT, SIGNED_IN
from webapp.web.application import Application

PLAN = Town(
    county="昌宁县",
    street="城关街道",
    communities=(
        Community(
            name="昌宁社区",
            phone="0358-5550100",
            grids=2,
            micro_grids=2,
            courtyards=4,
            households=10,
            shops=6,
            inspectors=2,
            lane_heads=2,
            stations=2,
        ),
    ),
    days=62,
    per_day=2,
    redemptions=12,
    ratings=12,
)
#: Who stands at a door, from outside to inside; all but the first three are posts of staff.
DOORS = ("nobody", "resident", "kiosk", "inspector", "clerk", "grid_worker", "secretary", "administrator")
SECRET = "0123456789abcdef0123456789abcdef01234567"  # what a session's tokens are made of


def settle(app: Application) -> Village:
    """Build the village in an empty database; commits."""
    start_writing()
    now = clock.now()
    built = Builder(PLAN, now).build()
    store = PhotoStore(app.config["VAR_DIR"] / "photos")
    History(PLAN, built, now=now, store=store, key=app.config["SECRET_KEY"]).play()
    for one in built:
        draft(one, now)
    db.session.commit()
    village = Village(app, built[0])
    village.pair()
    return village


@dataclass
class Village:
    """``cookies(who)`` opens a door anew each time: whatever has been ended or closed meanwhile is opened again."""

    app: Application
    built: Built
    kiosk_token: str = ""
    ids: dict[str, int] = field(default_factory=dict)
    community_id: int = 0
    scheme_id: int = 0
    shop_scheme_id: int = 0
    homes: list[int] = field(default_factory=list)
    shops: list[int] = field(default_factory=list)

    def pair(self) -> None:
        device, pairing = self.built.kiosks[0]
        _, self.kiosk_token = devices.pair_device(pairing, clock.now())
        self.ids = {"kiosk": device.id, "resident": self.built.households[0].id}
        staff = select(Appointment.post, User.id).join(User, User.person_id == Appointment.person_id)
        self.ids |= {post: user_id for post, user_id in db.session.execute(staff.order_by(User.id.desc()))}
        self.community_id, self.scheme_id = self.built.community.id, self.built.household_scheme.id
        self.shop_scheme_id = self.built.shop_scheme.id
        self.homes, self.shops = [one.id for one in self.built.households], [one.id for one in self.built.shops]
        db.session.commit()

    def may(self, who: str, permission: str) -> bool:
        """Whether this door leads to views that state the permission."""
        if permission == ANYBODY:
            return True
        if who in ("nobody", "resident", "kiosk"):
            return permission in {"resident": (RESIDENT,), "kiosk": (KIOSK, KIOSK_HOUSEHOLD)}.get(who, ())
        return permission == SIGNED_IN or permission in GRANTS.get(who, ())

    def cookies(self, who: str) -> str:
        """The ``Cookie`` header of somebody who has just come in."""
        start_writing()
        opened: dict[str, Callable[[], str]] = {
            "nobody": lambda: self.session({}),
            "resident": self._resident,
            "kiosk": self._kiosk,
        }
        made = opened.get(who, lambda: self._staff(who))()
        db.session.commit()
        return made

    def session(self, kept: dict[str, Any]) -> str:
        """The session's cookie, with what the forms' tokens are made of."""
        serializer: Any = self.app.session_interface.get_signing_serializer(self.app)  # type: ignore[attr-defined]  # the default interface has it
        return f"{self.app.config['SESSION_COOKIE_NAME']}={serializer.dumps({**kept, 'csrf_token': SECRET})}"

    def token(self) -> str:
        """A form's token, for servers that ask for one."""
        return str(URLSafeTimedSerializer(self.app.config["SECRET_KEY"], salt="wtf-csrf-token").dumps(SECRET))

    def _staff(self, post: str) -> str:
        user = db.session.get_one(User, self.ids[post])
        user.active, user.must_change = True, False
        for one in db.session.scalars(select(Appointment).where(Appointment.person_id == user.person_id)):
            one.ends_on = None
        kept: dict[str, Any] = {}
        keep_sign_in(kept, open_sign_in(user), clock.now())
        return self.session(kept)

    def _household(self) -> Household:
        household = db.session.get_one(Household, self.ids["resident"])
        household.active = True
        return household

    def _resident(self) -> str:
        token = phones.start(household_id=self._household().id, network="127.0.0.1", now=clock.now())
        return f"{COOKIE}={token}; {self.session({})}"

    def _kiosk(self) -> str:
        device = db.session.get_one(Device, self.ids["kiosk"])
        device.token_print, device.revoked_at = fingerprint(self.kiosk_token), None
        device.station.active = True
        db.session.flush()
        terminal, now = terminal_of(self.kiosk_token), clock.now()
        assert terminal is not None
        given: dict[str, Any] = {"household_id": self._household().id, "scheme_id": self.scheme_id, "via": "pin"}
        token = visits.start(terminal=terminal, now=now - timedelta(seconds=1), **given)
        return f"kiosk={self.kiosk_token}; visit={gate.sealed(token, now)}; {self.session({})}"
