"""The start page. A demonstration says what this is and leads to every door; a real instance leads to its two."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from webapp.demo import contract
from webapp.web.access import ANYBODY, requires
from webapp.web.htmx import render

bp = Blueprint("demo", __name__)


@bp.get("/")
@requires(ANYBODY)
def start() -> Response:
    facts = contract.read(current_app.config["VAR_DIR"])
    if facts is None:
        return render("demo/door.html")
    logins = {one["login"].split("-")[0]: one for one in facts["staff"]}
    return render("demo/start.html", facts=facts, logins=logins, home=facts["households"][0])
