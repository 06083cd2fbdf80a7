"""A household's phone: its own place and its courtyard's first, then the list; a head sees the courtyards it heads."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, request, url_for

from webapp.extensions import db
from webapp.places.models import Holder
from webapp.rankings.placing import TIES, Standing
from webapp.rankings.showing import Board, choose
from webapp.rankings.views.blueprint import bp
from webapp.users.residents_gate import Resident, resident
from webapp.web.access import RESIDENT, requires
from webapp.web.htmx import render
from webapp.web.paging import Page, page_number

LINES = 20


@bp.get("/home/rankings")
@requires(RESIDENT)
def at_home() -> Response:
    who = resident()
    board = choose(who.community_id, request.args)
    return render(
        "rankings/home.html",
        board=board,
        page=page_of(board) if board else None,
        own=_own(board, who) if board else [],
        ties=TIES,
        links=partial(_here, board) if board else None,
    )


def _here(board: Board, **changed: Any) -> str:
    return url_for("rankings.at_home", **board.here(**changed))


def _own(board: Board, who: Resident) -> list[tuple[str, Standing]]:
    """The household's own line, or those of its courtyard and of the courtyards that it heads."""
    if board.scheme.kind == "household":
        wanted = {who.household_id: "您家"}
    elif board.scheme.kind == "courtyard":
        wanted = {who.courtyard_id: "您的院落"} if who.courtyard_id else {}
        wanted |= {yard: db.session.get_one(Holder, yard).name for yard in who.heads if yard != who.courtyard_id}
    else:
        wanted = {}
    found = [(whose, board.own(holder_id)) for holder_id, whose in wanted.items()]
    return [(whose, one) for whose, one in found if one is not None]


def page_of(board: Board) -> Page[Standing]:
    """One page of the chosen league, or of the most improved."""
    if board.league is None:
        best = board.improved()
        number = min(page_number(), max(1, -(-len(best) // LINES)))
        return Page(best[(number - 1) * LINES : number * LINES], number, len(best), LINES)
    number = min(page_number(), max(1, -(-board.total // LINES)))
    return Page(board.lines((number - 1) * LINES + 1, LINES), number, board.total, LINES)
