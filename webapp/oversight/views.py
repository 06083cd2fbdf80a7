"""Today's page: where the desk opens."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from webapp.claims.queries import staff_desk
from webapp.core import clock
from webapp.oversight import queries
from webapp.places.models import HOLDER_KINDS
from webapp.places.queries import top_area
from webapp.records.queries import shown_name
from webapp.web.access import actor, requires
from webapp.web.htmx import render
from webapp.web.menu import MenuEntry

bp = Blueprint("oversight", __name__)
MENU = (MenuEntry("今天", "oversight.today", "calendar-days", "desk.open", 10),)


@bp.get("/desk", strict_slashes=False)
@requires("desk.open")
def today() -> Response:
    day = clock.today()
    return render(
        "oversight/today.html",
        today_=queries.today_of(actor().scope("desk.open"), day),
        day=day,
        steps=queries.first_steps(actor().scope("desk.open")),
        kinds=HOLDER_KINDS,
        shown_name=shown_name,
        claims_waiting=staff_desk(actor()).todo,
    )


def desk_place() -> str:
    """The name on top of the desk's menu: the area that the one who looks is responsible for."""
    scope = actor().scope("desk.open")
    return top_area(scope).name if scope else "善治积分"


def register(app: Flask) -> None:
    app.jinja_env.globals["desk_place"] = desk_place
