"""The rankings of a publication, behind the same link for chat groups."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for

from webapp.rankings.placing import TIES
from webapp.rankings.queries import frozen_months
from webapp.rankings.showing import choose
from webapp.rankings.views.home import page_of
from webapp.reviews import queries
from webapp.reviews.models import CommunityMonth
from webapp.reviews.views.blueprint import bp
from webapp.web.access import ANYBODY, requires
from webapp.web.htmx import render
from webapp.web.limits import limited


@bp.get("/p/<token>/rankings")
@requires(ANYBODY)
@limited("60/minute")
def public_rankings(token: str) -> Response:
    """As they were frozen with the month; publications from before there were rankings have none."""
    row = queries.publication_by_token(token)
    board = choose(row.community_id, {**request.args, "month": str(row.month)}) if _ranked(row) else None

    def links(**changed: Any) -> str:
        asked = {name: value for name, value in board.here(**changed).items() if name != "month"} if board else {}
        return url_for("reviews.public_rankings", token=token, **asked)

    page = page_of(board) if board else None
    return render("reviews/public_rankings.html", row=row, board=board, page=page, links=links, ties=TIES)


def _ranked(row: CommunityMonth) -> bool:
    return any(one.month == row.month for one in frozen_months(row.community_id))
