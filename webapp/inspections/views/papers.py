"""A round on paper: the route sheet with empty boxes, typing it in afterwards, the table of results, Excel."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from flask import Response, flash, request, send_file, url_for

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.points import Points, show
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.inspections import service
from webapp.inspections.forms import PaperForm, mark_fields, with_marks
from webapp.inspections.models import PLACE_STATES, ROUND_STATES, Round, RoundPlace
from webapp.inspections.queries import rounds as queries
from webapp.inspections.queries.rounds import Stand
from webapp.inspections.views.blueprint import bp
from webapp.inspections.views.rounds import leagues_of, seen_round
from webapp.web.access import actor, requires
from webapp.web.filters import month_name
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@bp.get("/desk/rounds/<int:round_id>/route-sheet")
@requires("records.view")
def route_sheet(round_id: int) -> Response:
    """Empty boxes, a page for each part of the community; ``?grid=``: only that one."""
    found, grid = seen_round(round_id), request.args.get("grid", 0, type=int)
    every = queries.stands(found.id)
    grids = [one for one in queries.by_grid(found.id, every) if grid in (0, one.grid_id)]
    parts = [(one, [each for each in every if each.place.grid_id == one.grid_id]) for one in grids]
    return render("inspections/route_sheet.html", found=found, text=found.sheet.text, parts=parts)


@bp.get("/desk/rounds/<int:round_id>/result-sheet")
@requires("records.view")
def result_sheet(round_id: int) -> Response:
    """For the notice board: ranks and marks by league, with lines to sign."""
    found = seen_round(round_id)
    every = queries.stands(found.id)
    return render(
        "inspections/result_sheet.html",
        found=found,
        text=found.sheet.text,
        share=queries.whole(every),
        leagues=leagues_of(found, every),
        states=PLACE_STATES,
        round_states=ROUND_STATES,
    )


# Typing in ------------------------------------------------------------------------------------------------------------


@bp.route("/desk/rounds/<int:round_id>/<int:courtyard_id>/enter", methods=["GET", "POST"])
@requires("rounds.enter")
def enter(round_id: int, courtyard_id: int) -> Response:
    """One courtyard of a paper round; then the next that is empty."""
    found = seen_round(round_id, "rounds.enter")
    stand = queries.stand(round_id, courtyard_id, actor().scope("rounds.enter"))
    people = queries.inspectors(found.community)
    form = with_marks(PaperForm, found.sheet.text)(data=_typed(stand) if request.method == "GET" else None)
    form.inspector.choices = options([(0, "请选"), *((one.user_id, one.label) for one in people)])
    if perform(form, lambda: _enter(round_id, courtyard_id, form, people)) is not None:
        flash(f"{stand.name}已补录。", "success")
        return _following(found, stand, form.inspector.data)
    stand = queries.stand(round_id, courtyard_id, actor().scope("rounds.enter"))
    return render(
        "inspections/enter.html",
        found=found,
        stand=stand,
        text=found.sheet.text,
        form=form,
        marks=mark_fields(form),
        status=status_of(form),
    )


def _typed(stand: Stand) -> dict[str, Any]:
    """What stands on the newest sheet; the inspector of the sheet before is likely this one's."""
    sheet = stand.sheet
    marks = {f"mark_{n}": Points(mark) for n, mark in enumerate(stand.marks)}
    user = (sheet.user_id if sheet else None) or request.args.get("inspector", 0, type=int)
    return {**marks, "note": sheet.note if sheet else "", "outcome": sheet.reason if sheet else "", "inspector": user}


def _enter(round_id: int, courtyard_id: int, form: Any, people: list[queries.Walker]) -> RoundPlace:
    walker = next(one for one in people if one.user_id == form.inspector.data)
    given: dict[str, Any] = {
        "actor": actor(),
        "round_id": round_id,
        "courtyard_id": courtyard_id,
        "note": form.note.data or "",
        "seen": form.seen.data or 0,
        "now": clock.now(),
        "by": service.Inspector(*walker),
    }
    try:
        if form.outcome.data:
            return service.shut(**given, reason=form.outcome.data)
        return service.score(**given, marks=form.marks(), photos=())
    except service.Taken as error:
        error.field = "seen"
        raise


def _following(found: Round, stand: Stand, inspector: int) -> Response:
    left = [one for one in queries.stands(found.id, actor().scope("rounds.enter")) if one.place.state == "waiting"]
    ahead = [one for one in left if one.place.position > stand.place.position] or left
    if not ahead:
        return go(url_for("inspections.round_page", round_id=found.id))
    return go(url_for("inspections.enter", round_id=found.id, courtyard_id=ahead[0].id, inspector=inspector))


# Excel ----------------------------------------------------------------------------------------------------------------


def _columns(found: Round) -> tuple[Column, ...]:
    items = found.sheet.text.items
    return (
        Column("league", "分组", width=18),
        Column("rank", "名次", "integer", width=8),
        Column("number", "编号"),
        Column("name", "院落", width=20),
        Column("place", "网格", width=22),
        Column("households", "户数", "integer", width=8),
        *(Column(f"mark_{n}", f"{item.name}（{show(item.full)}）", "points") for n, item in enumerate(items)),
        Column("score", "总分", "points", width=8),
        Column("prize", "计积分", "points", width=8),
        Column("state", "情况"),
        Column("inspector", "检查人", width=16),
        Column("at", "时间", width=18),
        Column("note", "说明", "prose", width=40),
    )


@bp.post("/desk/rounds/<int:round_id>/excel")
@requires("records.view")
def round_excel(round_id: int) -> Response:
    """The results (or what there is so far) as Excel."""
    found, now, book = seen_round(round_id), clock.now(), io.BytesIO()
    every = queries.stands(found.id)
    rows = list(_rows(found, every))
    share, title = queries.whole(every), f"{month_name(found.month)}卫生大检查"
    notes = [
        ("内容", f"{found.community.name} {title}，{ROUND_STATES[found.state]}"),
        ("覆盖率", f"{share.places} 个院查了 {share.scored} 个，{share.percent}%"),
        ("评分表", f"第 {found.sheet.version} 版，满分 {show(found.sheet.text.full)} 分"),
        ("名次计分", "；".join(reward.words for reward in found.sheet.text.rewards) or "不计分"),
        ("导出", f"{actor().label}，{clock.local(now):%Y-%m-%d %H:%M}"),
    ]
    write_table_to(book, "卫生大检查", _columns(found), rows, notes=notes)
    path = found.community.path
    log(actor(), "round:exported", now=now, object_kind="round", object_id=found.id, area_path=path, rows=len(rows))
    book.seek(0)
    name = f"{found.month // 100}-{found.month % 100:02}_卫生大检查_{found.community.name}.xlsx"
    response = send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(found: Round, every: list[Stand]) -> Iterator[dict[str, CellValue]]:
    for league, group in leagues_of(found, every):
        for one in group:
            place, sheet = one.place, one.sheet
            marks = {f"mark_{n}": Points(mark) for n, mark in enumerate(one.marks)}
            yield {
                **{column.key: None for column in _columns(found)},
                **marks,
                "league": league,
                "rank": place.rank,
                "number": one.number,
                "name": one.name,
                "place": one.spot.label,
                "households": place.households,
                "score": Points(place.score) if place.score is not None else None,
                "prize": Points(place.prize) if place.rank else None,
                "state": PLACE_STATES[place.state],
                "inspector": sheet.label if sheet else "",
                "at": sheet.at if sheet else None,
                "note": "；".join(text for text in (sheet.reason, sheet.note, place.unposted) if text) if sheet else "",
            }
