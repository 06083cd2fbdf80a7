"""A household's PIN: set by a clerk, printed once."""

from __future__ import annotations

from flask import Response, current_app, request, url_for

from webapp.core import clock
from webapp.places import queries as places
from webapp.places.models import Household
from webapp.users.service import pins
from webapp.users.views.blueprint import bp
from webapp.web.access import actor, requires
from webapp.web.htmx import render


@bp.route("/desk/households/<int:household_id>/pin", methods=["GET", "POST"])
@requires("pins.set")
def household_pin(household_id: int) -> Response:
    found: Household = places.household(household_id, actor().scope("pins.set"))
    if request.method == "POST":
        pin = pins.set_pin(household=found, actor=actor(), now=clock.now())
        address = str(current_app.config["BASE_URL"]).rstrip("/") + url_for("users.home")
        return render("users/pin_sheet.html", household=found, pin=pin, made_at=clock.now(), address=address)
    return render("users/pin.html", household=found, known=pins.has_pin(found.id))
