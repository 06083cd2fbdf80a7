"""Rounds at the desk: begun, divided, watched, ended; and one courtyard's sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import Response, flash, request, url_for
from sqlalchemy import select

from webapp.audit.words import AuditWords
from webapp.core import clock
from webapp.core.errors import DomainError, NotFound
from webapp.extensions import db
from webapp.inspections import service
from webapp.inspections.models import PLACE_STATES, ROUND_STATES, Round
from webapp.inspections.queries import rounds as queries
from webapp.inspections.queries.rounds import Stand
from webapp.inspections.ranking import SheetText
from webapp.inspections.views.blueprint import bp
from webapp.inspections.views.walking import shown_photo
from webapp.places.models import Area
from webapp.places.queries import communities_in
from webapp.web.access import actor, requires
from webapp.web.filters import month_name
from webapp.web.htmx import go, render
from webapp.web.menu import MONTHLY, MenuEntry
from webapp.web.paging import paginate

MENU = (MenuEntry("卫生大检查", "inspections.rounds", "brush-cleaning", "records.view", 36, group=MONTHLY),)


def _names(keys: Sequence[int]) -> dict[int, str]:
    rows = db.session.execute(select(Round.id, Round.month).where(Round.id.in_(keys)))
    return {key: f"{month_name(month)}卫生大检查" for key, month in rows}


AUDIT_WORDS = AuditWords(
    subjects={"round": "卫生大检查", "sheet": "检查评分表"},
    actions={
        "sheet:saved": "保存评分表",
        "round:started": "开始一轮",
        "round:divided": "分工",
        "round:scored": "打分",
        "round:shut": "记进不去",
        "round:closed": "结束并排名",
        "round:abandoned": "作废",
        "round:exported": "导出结果",
    },
    details={"holder": "哪个院", "month": "月份", "score": "得分", "full": "满分"},
    names={"round": _names},
    refers={"holder": "holder"},
)


# The list, and a new round --------------------------------------------------------------------------------------------


@bp.get("/desk/rounds")
@requires("records.view")
def rounds() -> Response:
    scope = actor().scope("records.view")
    page = paginate(queries.rounds_statement(scope))
    shares = queries.shares_of([found.id for found in page.items])
    return render(
        "inspections/rounds.html", page=page, shares=shares, states=ROUND_STATES, may_start=actor().may("rounds.run")
    )


@bp.route("/desk/rounds/new", methods=["GET", "POST"])
@requires("rounds.run")
def start_round() -> Response:
    communities = communities_in(actor().scope("rounds.run"))
    wrong = ""
    if request.method == "POST":
        try:
            made = _start(communities)
        except DomainError as error:
            db.session.rollback()
            wrong = error.message
        else:
            flash("已开始。检查员手机上的「卫生大检查」里就有路线了。", "success")
            return go(url_for("inspections.round_page", round_id=made.id))
    return render(
        "inspections/round_new.html",
        communities=communities,
        chosen=request.values.get("community", type=int),
        month=request.form.get("month", type=int),
        months=service.months_to_start(clock.now()),
        on_sheet={area.id: queries.sheet_for(area) for area in communities},
        wrong=wrong,
        status=409 if wrong else 200,
    )


def _start(communities: Sequence[Area]) -> Round:
    wanted = request.form.get("community", type=int)
    community = next((area for area in communities if area.id == wanted), None)
    if community is None:
        raise NotFound("请选一个您负责的社区。")
    return service.start(
        actor=actor(), community=community, month=request.form.get("month", 0, type=int), now=clock.now()
    )


# One round ------------------------------------------------------------------------------------------------------------


def seen_round(round_id: int, permission: str = "records.view") -> Round:
    """:raises NotFound: outside the communities of the one who looks."""
    return queries.round_in_scope(round_id, actor().scope(permission))


def may_in(found: Round, permission: str) -> bool:
    return actor().may(permission, found.community.path)


@bp.get("/desk/rounds/<int:round_id>")
@requires("records.view")
def round_page(round_id: int) -> Response:
    found = seen_round(round_id)
    every = queries.stands(found.id)
    state, grid = request.args.get("state", ""), request.args.get("grid", 0, type=int)
    listed = [one for one in every if one.place.grid_id == grid] if grid else every
    shown = [one for one in listed if not state or one.place.state == state]
    ended = found.state in ("closing", "closed")
    return render(
        "inspections/round.html",
        "inspections/_places.html",
        found=found,
        text=found.sheet.text,
        share=queries.whole(every),
        listed=queries.whole(listed),
        grids=queries.by_grid(found.id, every),
        people=queries.by_inspector(every),
        state=state,
        grid=grid,
        shown=[] if ended else shown,
        leagues=leagues_of(found, listed) if ended else [],
        states=PLACE_STATES,
        round_states=ROUND_STATES,
        may_run=may_in(found, "rounds.run"),
        may_enter=may_in(found, "rounds.enter"),
    )


def leagues_of(found: Round, every: list[Stand]) -> list[tuple[str, list[Stand]]]:
    """The courtyards of each league by rank, those that were not marked last."""
    text = found.sheet.text
    ordered = sorted(every, key=lambda one: (one.place.rank is None, one.place.rank or 0, one.place.position))
    groups = [
        (league, [one for one in ordered if one.place.league == league]) for league in range(len(text.leagues) + 1)
    ]
    return [(text.league_name(league), group) for league, group in groups if group]


@bp.get("/desk/rounds/<int:round_id>/<int:courtyard_id>")
@requires("records.view")
def place_page(round_id: int, courtyard_id: int) -> Response:
    """All that was written down at one courtyard, and by whom."""
    found = seen_round(round_id)
    return render(
        "inspections/place.html",
        found=found,
        text=found.sheet.text,
        stand=queries.stand(round_id, courtyard_id, actor().scope("records.view")),
        written=queries.sheets_at(round_id, courtyard_id),
        states=PLACE_STATES,
        may_enter=found.state == "open" and may_in(found, "rounds.enter"),
    )


@bp.get("/desk/rounds/photos/<sha256>")
@requires("records.view")
def desk_photo(sha256: str) -> Response:
    return shown_photo(sha256, actor().scope("records.view"))


@bp.route("/desk/rounds/<int:round_id>/duties", methods=["GET", "POST"])
@requires("rounds.run")
def duties(round_id: int) -> Response:
    found = seen_round(round_id, "rounds.run")
    if request.method == "POST":
        service.divide(actor=actor(), round_id=round_id, duties=_chosen_duties(round_id), now=clock.now())
        flash("分工已保存。检查员先看到自己的网格。", "success")
        return go(url_for("inspections.round_page", round_id=round_id))
    return render(
        "inspections/duties.html",
        found=found,
        grids=queries.by_grid(round_id, queries.stands(round_id)),
        people=queries.inspectors(found.community),
        chosen={grid: user for grid, user, _ in queries.duties(round_id)},
    )


def _chosen_duties(round_id: int) -> dict[int, int]:
    chosen = {grid: request.form.get(f"grid-{grid}", 0, type=int) for grid in queries.grid_ids(round_id)}
    return {grid: user for grid, user in chosen.items() if user}


# The end --------------------------------------------------------------------------------------------------------------


@bp.route("/desk/rounds/<int:round_id>/close", methods=["GET", "POST"])
@requires("rounds.run")
def close_round(round_id: int) -> Response:
    found, wrong = seen_round(round_id, "rounds.run"), ""
    if request.method == "POST":
        try:
            service.close(actor=actor(), round_id=round_id, now=clock.now())
            return go(url_for("inspections.closing", round_id=round_id))
        except DomainError as error:
            db.session.rollback()
            wrong, found = error.message, seen_round(round_id, "rounds.run")
    every, text = queries.stands(round_id), found.sheet.text
    return render(
        "inspections/close.html",
        found=found,
        text=text,
        share=queries.whole(every),
        small=_too_small(text, every),
        wrong=wrong,
        status=409 if wrong else 200,
    )


def _too_small(text: SheetText, every: list[Stand]) -> list[str]:
    """The leagues that would be ranked without points, and why."""
    sizes = Counter(one.place.league for one in every if one.place.state == "scored")
    found = [(league, text.too_few(size)) for league, size in sorted(sizes.items())]
    return [f"{text.league_name(league)}：{words}" for league, words in found if words]


@bp.get("/desk/rounds/<int:round_id>/closing")
@requires("rounds.run")
def closing(round_id: int) -> Response:
    """How far it has come; the page itself asks for the next step until all is done."""
    found = seen_round(round_id, "rounds.run")
    return render("inspections/closing.html", "inspections/_closing.html", found=found, done=_posted(round_id))


def _posted(round_id: int) -> tuple[int, int]:
    """How many of the points are in the book (or can't be), of how many."""
    due = [one.place for one in queries.stands(round_id) if one.place.prize]
    return sum(1 for place in due if place.record_id or place.unposted), len(due)


@bp.post("/desk/rounds/<int:round_id>/closing")
@requires("rounds.run")
def go_on_closing(round_id: int) -> Response:
    progress = service.go_on(round_id=seen_round(round_id, "rounds.run").id, now=clock.now())
    if progress.done:
        return go(url_for("inspections.round_page", round_id=round_id))
    if request.headers.get("HX-Request") == "true":
        return render(
            "inspections/closing.html", "inspections/_closing.html", found=progress.row, done=_posted(round_id)
        )
    return go(url_for("inspections.closing", round_id=round_id))


@bp.route("/desk/rounds/<int:round_id>/abandon", methods=["GET", "POST"])
@requires("rounds.run")
def abandon_round(round_id: int) -> Response:
    found, wrong = seen_round(round_id, "rounds.run"), ""
    if request.method == "POST":
        try:
            service.abandon(actor=actor(), round_id=round_id, reason=request.form.get("reason", ""), now=clock.now())
            flash("这一轮已作废，不排名，不计分。", "success")
            return go(url_for("inspections.round_page", round_id=round_id))
        except DomainError as error:
            db.session.rollback()
            wrong, found = error.message, seen_round(round_id, "rounds.run")
    return render("inspections/abandon.html", found=found, wrong=wrong, status=409 if wrong else 200)
