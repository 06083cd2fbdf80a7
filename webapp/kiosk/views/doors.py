"""The kiosk itself: pairing, home, the size of its type, and the end of a visit."""

from __future__ import annotations

from flask import Response, current_app, make_response, request, url_for

from webapp.core import clock
from webapp.kiosk import gate
from webapp.kiosk.gate import DEVICE_YEARS, here, terminal
from webapp.kiosk.service import visits
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.community import household_scheme
from webapp.redemption.queries import catalogue
from webapp.reviews import queries as reviews
from webapp.users.queries import people_serving
from webapp.users.service import devices
from webapp.web import cookies
from webapp.web.access import ANYBODY, KIOSK, KIOSK_HOUSEHOLD, requires
from webapp.web.addresses import local_target
from webapp.web.htmx import go, render
from webapp.web.limits import limited

CHEAPEST = 3


@bp.route("/kiosk/pair/<token>", methods=["GET", "POST"])
@requires(ANYBODY)
@limited("60/minute")
def pair(token: str) -> Response:
    """Which station this browser is about to belong to. Only the button pairs: a link preview changes nothing."""
    if request.method == "POST":
        return _pair(token)
    return render("kiosk/pair.html", device=devices.pairing(token, clock.now()), token=token)


def _pair(token: str) -> Response:
    _, own = devices.pair_device(token, clock.now(), request.remote_addr or "")
    response = go(url_for("kiosk.home"))
    cookies.keep(response, "kiosk", own, seconds=DEVICE_YEARS)
    return response


@bp.get("/kiosk/")
@requires(KIOSK)
def home() -> Response:
    """A resident who is still here is led to their balance: only that page counts down and clears itself."""
    if here() is not None:
        return go(url_for("kiosk.balance"))
    kiosk = terminal()
    offers = [offer for offer in catalogue(kiosk.area_path) if not offer.why_not]
    notice = reviews.notice(kiosk.community_id)
    return render(
        "kiosk/home.html",
        cheapest=sorted(offers, key=lambda offer: offer.price)[:CHEAPEST],
        notice=notice,
        left=(notice.objections_until - clock.today()).days if notice else 0,
        scheme=household_scheme(kiosk),
        serving=people_serving(kiosk.community_id)[:2],
        phone=kiosk.phone or current_app.config["HELP_PHONE"],
    )


@bp.post("/kiosk/type-size")
@requires(KIOSK)
def type_size() -> Response:
    """大字 / 标准字, remembered until somebody leaves."""
    target = local_target(request.form.get("back")) or url_for("kiosk.home")
    response = go(target)
    response.set_cookie(
        "large",
        "1" if request.form.get("large") == "1" else "0",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Strict",
    )
    return response


@bp.post("/kiosk/stay")
@requires(KIOSK_HOUSEHOLD)
def stay() -> Response:
    """Somebody touched the screen: the cookie is renewed, nothing else happens."""
    return make_response("", 204)


@bp.post("/kiosk/leave")
@requires(KIOSK)
def leave() -> Response:
    """退出, or nobody answered: whoever stood at this kiosk is gone."""
    visits.end_all_on(terminal().device_id, clock.now())
    return gate.forget(go(url_for("kiosk.home")))
