"""What a scan shows. GET only: link previews fetch these addresses too."""

from __future__ import annotations

from flask import Response, current_app, make_response, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.places.models import Area
from webapp.places.queries import area_label, colour_of
from webapp.qrcodes import queries
from webapp.qrcodes.doors import open_door
from webapp.qrcodes.forms import DigitsForm
from webapp.qrcodes.plaques import plaques_of
from webapp.qrcodes.queries import Scanned
from webapp.qrcodes.ranks import rank_of
from webapp.qrcodes.views.blueprint import bp
from webapp.schemes.queries import schemes_for
from webapp.users import residents_gate
from webapp.users.queries import people_serving
from webapp.web.access import ANYBODY, actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.limits import limited

SCORING = "inspections.score"


@bp.get("/q/<token>")
@bp.get("/Q/<token>", endpoint="scan_capitals")
@requires(ANYBODY)
@limited("120/minute")
def scan(token: str) -> Response:
    """Everybody's door: inspectors score, others see the public page, an old code explains itself."""
    found = queries.scanned(token)
    if found.state != "active" or not found.holder_active:
        return make_response(render("qrcodes/old.html", found=found, status=410))
    if found.kind == "plate" and actor().may("records.make", found.area_path) and SCORING in current_app.view_functions:
        return go(url_for(SCORING, holder_id=found.holder_id))
    page = open_door(found)
    if page is None:
        raise NotFound("这个码没有可以看的页面。")
    return page


def courtyard_page(found: Scanned) -> Response:
    """A courtyard's head, grid worker, published rank and points, and how to reach them; nothing about its households."""
    area = db.session.get_one(Area, found.area_id)
    scheme = next(iter(schemes_for(area, "courtyard")), None)
    account = find_account(found.holder_id, scheme.id) if scheme else None
    return render(
        "qrcodes/courtyard.html",
        found=found,
        area_label=area_label(area),
        colour=colour_of(area) or "",
        account=account,
        rank=rank_of(found.community_id, scheme.id, found.holder_id) if scheme else None,
        plaques=plaques_of([found.holder_id]).get(found.holder_id, ()),
        serving=people_serving(found.area_id, found.holder_id),
        community=db.session.get_one(Area, found.community_id),
        month=clock.month_of(clock.now()),
    )


def card_page(found: Scanned) -> Response:
    """A household's card scanned by a phone: it says what the card is for, and nothing about the household."""
    return render("qrcodes/card.html", token=found.token, community=db.session.get_one(Area, found.community_id))


@bp.post("/q/<token>/sign-in")
@requires(ANYBODY)
@limited("30/minute")
def card_sign_in(token: str) -> Response:
    """From a card to its household's door. The PIN is asked there; who has only the card gets no further."""
    found = queries.scanned(token)
    if found.kind != "card":
        raise NotFound("这不是积分卡。请扫积分卡上的码，或直接输入户号登录。")
    if found.state != "active" or not found.holder_active:
        return make_response(render("qrcodes/old.html", found=found, status=410))
    return residents_gate.expect(found.holder_id)


@bp.route("/q/", methods=["GET", "POST"])
@requires(ANYBODY)
@limited("30/minute")
def find() -> Response:
    """For a camera that fails: the digits under the plate."""
    form = DigitsForm()
    token = perform(form, lambda: queries.token_of_digits(str(form.code.data)))
    if token is not None:
        return go(url_for("qrcodes.scan", token=token))
    return render("qrcodes/find.html", form=form, status=status_of(form))
