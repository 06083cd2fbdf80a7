"""A household on its own phone: the door, and the first page behind it."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, session, url_for

from webapp.core import clock, signing
from webapp.core.errors import DomainError
from webapp.extensions import db, reading
from webapp.places.models import Household, number_of
from webapp.places.queries import area_label, communities_lived_in, lineage, number_typed
from webapp.users import residents_gate
from webapp.users.forms import ResidentSignInForm
from webapp.users.queries import people_serving
from webapp.users.residents_gate import resident
from webapp.users.service import phones, residents
from webapp.users.service.pins import Guess
from webapp.users.views.blueprint import bp
from webapp.web import cookies
from webapp.web.access import ANYBODY, RESIDENT, actor, keyless, requires
from webapp.web.addresses import local_target
from webapp.web.home import home_links, home_notices
from webapp.web.htmx import go, render

#: In the session: the phone, for counting its guesses; signed, so that nobody counts on another's.
PHONE = "phone"


@bp.route("/home/sign-in", methods=["GET", "POST"])
@requires(ANYBODY)
@keyless
def resident_sign_in() -> Response:
    """Whoever is signed in is led on, unless the card of another household was scanned."""
    target = local_target(request.args.get("next"))
    if request.method == "POST":
        return _signing_in(target)
    if residents_gate.recognised() and residents_gate.expected() in (None, resident().household_id):
        return go(target or url_for("users.home"))
    return _page(_form(), target)


def _signing_in(target: str | None) -> Response:
    """The form carries no once-key: the PIN is checked outside the transaction, and a second sign-in replaces the first."""
    with reading():
        form = _form()
        meant = _meant(form) if form.validate_on_submit() else None
    if meant is None:
        return _page(form, target, status=422)
    guess, now = Guess(device=f"phone:{_phone()}", network=request.remote_addr or ""), clock.now()
    try:
        token = residents.sign_in(**meant, pin=str(form.pin.data), guess=guess, now=now)
    except DomainError as error:
        if error.keeps_changes:
            db.session.commit()
        else:
            db.session.rollback()
        return _page(form, target, message=error.message, status=error.status)
    phones.end(cookies.sent(residents_gate.COOKIE), now)  # whoever was signed in here before
    return residents_gate.begin(go(target or url_for("users.home")), token)


def _form() -> ResidentSignInForm:
    """With a choice of communities only where there are several, and with what a scanned card has told."""
    scanned = residents_gate.expected()
    card = db.session.get(Household, scanned) if scanned else None
    told = {"number": card.number, "community_id": card.community_id} if card is not None and card.active else {}
    form = ResidentSignInForm(data=told)
    form.offer(communities_lived_in())
    return form


def _meant(form: ResidentSignInForm) -> dict[str, Any]:
    """The community, and the number in full if its dashes were left out."""
    community_id = form.community()
    number = number_typed(community_id, number_of(form.number.data))
    return {"community_id": community_id, "number": number}


def _phone() -> str:
    return str(session.setdefault(PHONE, signing.random_token()))


def _page(form: ResidentSignInForm, target: str | None, *, message: str = "", status: int = 200) -> Response:
    return render("users/resident_sign_in.html", form=form, target=target, message=message, status=status)


@bp.post("/home/sign-out")
@requires(RESIDENT)
def resident_sign_out() -> Response:
    token = cookies.sent(residents_gate.COOKIE)
    residents.sign_out(actor=actor(), token=token, area_path=resident().area_path, now=clock.now())
    flash("已退出登录。", "success")
    return residents_gate.forget(go(url_for("users.resident_sign_in")))


@bp.get("/home/")
@requires(RESIDENT)
def home() -> Response:
    """Who is signed in, what can be done here, and whom to call."""
    who = resident()
    areas = lineage(who.area_path)
    return render(
        "users/home.html",
        who=who,
        place=area_label(areas[-1]),
        notices=home_notices(),
        links=home_links(head=bool(who.heads)),
        serving=people_serving(who.area_id, who.courtyard_id),
        community=next(area for area in areas if area.id == who.community_id),
    )
