"""Hot pages against the same template rendered from constants (CPU): what looking things up costs."""

from __future__ import annotations

from typing import Any

from bench.constants import same_page_from_constants
from bench.harness import Result, rate_ratio
from bench.town import WSGI, call, cookie_of, environ, facts, town
from webapp.extensions import db
from webapp.places.models import Shop
from webapp.web.application import Application

TIMES = 400


def run() -> list[Result]:
    app = town()
    return [_scoring(app)]


def _row(name: str, app: Application, request: dict[str, Any], aim: float, floor: float) -> Result:
    bare, body = same_page_from_constants(app, dict(request))
    status, _, constant = call(bare, dict(request))
    assert status == 200
    difference = abs(len(constant) - len(body))
    assert difference < 200, f"the baseline must be the same page: {len(constant)} and {len(body)} bytes"
    return rate_ratio(name, _side(app, request), _side(bare, request), times=TIMES, aim=aim, floor=floor)


def _side(app: WSGI, request: dict[str, Any]) -> Any:
    def calls(times: int) -> None:
        for _ in range(times):
            status, _, _ = call(app, dict(request))
            assert status == 200

    return calls


def _scoring(app: Application) -> Result:
    with app.app_context():
        shop_id = db.session.query(Shop.id).filter_by(number=facts(app)["shops"][0]["number"]).scalar()
        db.session.remove()
    request = environ(f"/phone/score/{shop_id}", cookie=cookie_of(app, "inspector1"))
    return _row("signed-in scoring page, rate against the same page from constants", app, request, 0.50, 0.35)
