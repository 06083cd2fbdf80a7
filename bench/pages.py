"""Hot pages against the same template rendered from constants (CPU): what looking things up costs."""

from __future__ import annotations

from typing import Any

from bench.constants import same_page_from_constants
from bench.harness import Result, rate_ratio
from bench.town import WSGI, Request, call, cookie_of, environ, facts, town
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db, start_writing
from webapp.kiosk.gate import sealed
from webapp.kiosk.queries import Visit, terminal_of, visit_of
from webapp.kiosk.service import visits
from webapp.places.models import Household, Shop, Station
from webapp.schemes.queries import schemes_at
from webapp.users.models import Device
from webapp.users.service import devices
from webapp.web.application import Application

TIMES = 400


def run() -> list[Result]:
    app = town()
    return [_balance(app), _scoring(app)]


def _row(name: str, app: Application, request: dict[str, Any], aim: float, floor: float) -> Result:
    _, headers, _ = call(app, dict(request))  # the first page of a browser: it gets its session cookie
    if "shanzhi=" in headers.get("Set-Cookie", ""):
        others = [cookie for cookie in request["HTTP_COOKIE"].split("; ") if not cookie.startswith("shanzhi=")]
        request["HTTP_COOKIE"] = "; ".join([*others, headers["Set-Cookie"].split(";")[0]])
    bare, body = same_page_from_constants(app, dict(request))
    status, _, constant = call(bare, dict(request))
    assert status == 200
    difference = abs(len(constant) - len(body))
    assert difference < 200, f"the baseline must be the same page: {len(constant)} and {len(body)} bytes"
    return rate_ratio(name, pages_of(app, request), pages_of(bare, request), times=TIMES, aim=aim, floor=floor)


def pages_of(app: WSGI, request: dict[str, Any]) -> Any:
    def calls(times: int) -> None:
        for _ in range(times):
            status, _, _ = call(app, dict(request))
            assert status == 200

    return calls


def _balance(app: Application) -> Result:
    """A household stands at a kiosk; random ones would only change which rows are read."""
    request, _ = household_at_kiosk(app, facts(app)["households"][0]["number"])
    return _row("kiosk balance page, rate against the same page from constants", app, request, 0.55, 0.45)


def household_at_kiosk(app: Application, number: str) -> tuple[Request, Visit]:
    """The request for its balance page, and the visit itself."""
    start_writing()
    with app.app_context():
        _, pairing = _device()
        _, device_token = devices.pair_device(pairing, clock.now())
        household = db.session.query(Household).filter_by(number=number).first()
        terminal = terminal_of(device_token)
        assert terminal is not None
        assert household is not None
        scheme = next(one for one in schemes_at(terminal.area_path, "household") if one.spendable)
        token = visits.start(
            terminal=terminal, household_id=household.id, scheme_id=scheme.id, via="pin", now=clock.now()
        )
        sealed_token = sealed(token, clock.now())
        found = visit_of(device_token, token, clock.now())
        assert found is not None
        db.session.commit()
        db.session.remove()
    return environ("/kiosk/balance", cookie=f"kiosk={device_token}; visit={sealed_token}"), found[1]


def _device() -> tuple[Device, str]:
    station = db.session.query(Station).first()
    return devices.add_device(station=station, name="测速终端", paper="80", printer="", actor=SYSTEM, now=clock.now())


def _scoring(app: Application) -> Result:
    with app.app_context():
        shop_id = db.session.query(Shop.id).filter_by(number=facts(app)["shops"][0]["number"]).scalar()
        db.session.remove()
    request = environ(f"/phone/score/{shop_id}", cookie=cookie_of(app, "inspector1"))
    return _row("signed-in scoring page, rate against the same page from constants", app, request, 0.50, 0.35)
