"""What hangs on the notice board, at the kiosk: the newest publication, a screen at a time, or only the visitor's lines."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request

from webapp.core import clock
from webapp.kiosk.gate import here, terminal
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.paging import Fit, lines_among, lines_of
from webapp.reviews import queries
from webapp.reviews.sealing import code_of
from webapp.web.access import KIOSK, requires
from webapp.web.htmx import render

LINES = Fit(lying=5, lying_large=4, standing=12, standing_large=10)


@bp.get("/kiosk/publication")
@requires(KIOSK)
def publication() -> Response:
    row, visit = queries.newest_hung(terminal().community_id), here()
    if row is None:
        return render("kiosk/publication.html", row=None, screen=None)
    mine = visit is not None and request.args.get("mine") == "1"
    own = queries.hung_lines_of(row, visit.household_id) if visit and mine else None

    def fetch(after: int, most: int) -> Sequence[queries.HungLine]:
        return queries.hung_lines(row, after=after, most=most)

    return render(
        "kiosk/publication.html",
        row=row,
        screen=lines_among(row.lines, fetch, LINES) if own is None else lines_of(own, LINES),
        mine=mine,
        code=code_of(row.signature),
        takes=queries.takes_objections(row, clock.now()),
    )
