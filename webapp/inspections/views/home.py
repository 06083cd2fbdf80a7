"""What a courtyard's head sees of the monthly yard inspection: the own courtyard's marks, rank and points."""

from __future__ import annotations

from flask import Response, request, url_for

from webapp.core.errors import NotFound
from webapp.inspections.queries import rounds as queries
from webapp.inspections.service import why
from webapp.inspections.views.blueprint import bp
from webapp.records.views.photos import photo_response
from webapp.users.residents_gate import resident
from webapp.web.access import RESIDENT, requires
from webapp.web.home import HomeLink
from webapp.web.htmx import render

HOME = (HomeLink("卫生大检查", "本院得了几分、第几名", "inspections.results", "brush-cleaning", 45, True),)


@bp.get("/home/rounds")
@requires(RESIDENT)
def results() -> Response:
    found = queries.results_of(_heads())
    return render("inspections/results.html", found=found, why=why, home=url_for("users.home"))


def _heads() -> set[int]:
    """:raises NotFound: for a household without a courtyard's head."""
    heads = set(resident().heads)
    if not heads:
        raise NotFound("这一页给院长看。您家现在没有人当院长。")
    return heads


@bp.get("/home/rounds/photos/<sha256>")
@requires(RESIDENT)
def result_photo(sha256: str) -> Response:
    """A photo on a sheet of a courtyard that somebody here heads."""
    shown = {name for _, one in queries.results_of(_heads()) if one.sheet for name in one.sheet.photo_names}
    if sha256 not in shown:
        raise NotFound("没有这张照片。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")
