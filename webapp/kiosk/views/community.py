"""What belongs to everybody: courtyards in order, how points are earned, and who serves which building."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, request, url_for

from webapp.core import clock
from webapp.honours.queries import held_in
from webapp.kiosk.gate import here, terminal
from webapp.kiosk.queries import Terminal, Visit
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.paging import Screen, screen_of
from webapp.places.models import Courtyard, number_of
from webapp.places.queries import courtyard, courtyards_of
from webapp.rankings.placing import TIES, Standing
from webapp.rankings.showing import Board, choose
from webapp.schemes.queries import RuleView, Terms, current_rules, schemes_at
from webapp.users.queries import people_serving
from webapp.web.access import KIOSK, requires
from webapp.web.htmx import go, render
from webapp.web.paging import page_number

RANKS, RULES, COURTYARDS = 10, 6, 12  # on one screen


def household_scheme(kiosk: Terminal) -> Terms | None:
    """The scheme that this kiosk shows to households: the nearest whose points can be spent."""
    return next((scheme for scheme in schemes_at(kiosk.area_path, "household") if scheme.spendable), None)


@bp.get("/kiosk/rankings")
@requires(KIOSK)
def rankings() -> Response:
    """What was frozen at the last publication, courtyards first; the visitor's own place stands above the list."""
    board, visit = choose(terminal().community_id, request.args), here()
    own = board.own(_own_holder(board.scheme.kind, visit)) if board and visit else None
    return render(
        "kiosk/rankings.html",
        board=board,
        screen=_ranked(board) if board else None,
        own=own,
        month=clock.month_of(clock.now()),
        ties=TIES,
    )


def _own_holder(kind: str, visit: Visit) -> int | None:
    """The visitor's household or courtyard."""
    return {"household": visit.household_id, "courtyard": visit.courtyard_id}.get(kind)


def _ranked(board: Board) -> Screen[Standing]:
    """One screen of the league: only its lines are read."""
    if board.league is None:
        return screen_of(board.improved(), RANKS)
    pages = max(1, -(-board.total // RANKS))
    number = min(page_number(), pages)
    return Screen(board.lines((number - 1) * RANKS + 1, RANKS), number, pages, board.total)


@bp.get("/kiosk/honours")
@requires(KIOSK)
def honours() -> Response:
    """荣誉榜: who holds what today, one honour after the other."""
    held = dict(held_in(terminal().community_id, clock.today()))
    chosen = request.args.get("title", "")
    title = chosen if chosen in held else next(iter(held), "")
    return render("kiosk/honours.html", titles=list(held), title=title, screen=screen_of(held.get(title, []), RANKS))


@bp.get("/kiosk/rules")
@requires(KIOSK)
def rules() -> Response:
    """怎么得积分: the rules in force today, one category after the other."""
    scheme = household_scheme(terminal())
    found = current_rules(scheme.id, clock.today()) if scheme else []
    names = list(dict.fromkeys(rule.category for rule in found))
    chosen = request.args.get("category", type=int, default=0)
    category = names[chosen] if 0 <= chosen < len(names) else (names[0] if names else "")
    shown: list[RuleView] = [rule for rule in found if rule.category == category]
    return render("kiosk/rules.html", screen=screen_of(shown, RULES), names=names, category=category, scheme=scheme)


@bp.get("/kiosk/services")
@requires(KIOSK)
def services() -> Response:
    """谁为我服务: a visitor's own courtyard at once; others choose one from the list or by its number."""
    visit = here()
    if visit is not None and visit.courtyard_id is not None and "all" not in request.args:
        return go(url_for("kiosk.serving", courtyard_id=visit.courtyard_id))
    typed = number_of(request.args.get("q", "")[:30])
    found = _courtyards(terminal(), typed)
    if typed and len(found) == 1:
        return go(url_for("kiosk.serving", courtyard_id=found[0].id))
    return render("kiosk/services.html", screen=screen_of(found, COURTYARDS), typed=typed)


def _courtyards(kiosk: Terminal, typed: str) -> Sequence[Courtyard]:
    """Those whose number fits exactly, else those in whose number or name the digits occur; all without a number."""
    every = [yard for yard in courtyards_of(kiosk.community_id) if yard.active]
    exact = [yard for yard in every if typed in (yard.number, yard.number.lstrip("Y0"))]
    return exact or [yard for yard in every if typed in yard.number or typed in yard.name]


@bp.get("/kiosk/services/<int:courtyard_id>")
@requires(KIOSK)
def serving(courtyard_id: int) -> Response:
    """The chain from the secretary to the courtyard's head, names masked, phones to be called."""
    kiosk = terminal()
    yard = courtyard(courtyard_id, (kiosk.area_path,))
    return render("kiosk/serving.html", yard=yard, people=people_serving(yard.area_id, yard.id))
