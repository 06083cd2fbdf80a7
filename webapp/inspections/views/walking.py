"""A round on the inspector's phone: the route, and a courtyard's sheet."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.points import Points, show
from webapp.inspections import service
from webapp.inspections.forms import MarksForm, mark_fields, with_marks
from webapp.inspections.models import Round, RoundPlace
from webapp.inspections.queries import rounds as queries
from webapp.inspections.queries.rounds import Stand
from webapp.inspections.views.blueprint import bp
from webapp.records import queries as records
from webapp.records.service import MOST_PHOTOS, why_recused
from webapp.records.views.photos import photo_response
from webapp.web import photos
from webapp.web.access import actor, in_turn, requires
from webapp.web.forms import perform
from webapp.web.htmx import go, render
from webapp.web.menu import MenuEntry
from webapp.web.paging import Page, page_number

ON_A_PAGE = 30


def _left() -> int:
    return queries.left_in(actor().scope("records.make"))


PHONE = (MenuEntry("卫生大检查", "inspections.route", "brush-cleaning", "records.make", 10, badge=_left, unit="个院"),)
SHOWN = {"waiting": "还没查", "scored": "已打分", "shut": "进不去"}


@bp.get("/phone/rounds")
@requires("records.make")
def route() -> Response:
    """The open round on its route: the next courtyard first. ``after``: the place where one stands now."""
    scope = actor().scope("records.make")
    rounds = queries.open_rounds(scope)
    wanted = request.args.get("round", type=int)
    found = next((one for one in rounds if one.id == wanted), rounds[0] if rounds else None)
    if found is None:
        return render("inspections/route.html", found=None)
    every = queries.stands(found.id, scope)
    duty = {grid for grid, user, _ in queries.duties(found.id) if user == actor().user_id}
    mine = [one for one in every if one.place.grid_id in duty]
    whose = "mine" if mine and request.args.get("whose") != "all" else "all"
    return render("inspections/route.html", **_route(found, rounds, every, mine, whose))


def _route(found: Round, rounds: list[Round], every: list[Stand], mine: list[Stand], whose: str) -> dict[str, Any]:
    walked = mine if whose == "mine" else every
    show_state = request.args.get("state", "waiting")
    listed = [one for one in walked if one.place.state == show_state]
    after = request.args.get("after", 0, type=int)
    waiting = [one for one in walked if one.place.state == "waiting"]
    ahead = [one for one in waiting if one.place.position > after]
    number = min(page_number(), max(1, -(-len(listed) // ON_A_PAGE)))
    items = listed[(number - 1) * ON_A_PAGE : number * ON_A_PAGE]
    return {
        "found": found,
        "rounds": rounds,
        "whose": whose,
        "counts": (len(mine), len(every)),
        "share": queries.whole(walked),
        "following": next(iter(ahead or waiting), None),
        "state": show_state,
        "states": SHOWN,
        "page": Page(items, number, len(listed), ON_A_PAGE),
    }


# A courtyard's sheet --------------------------------------------------------------------------------------------------


def _stand(round_id: int, courtyard_id: int) -> tuple[Round, Stand]:
    """:raises NotFound: for a courtyard that is not in the round, or outside the inspector's areas."""
    scope = actor().scope("records.make")
    return queries.round_in_scope(round_id, scope), queries.stand(round_id, courtyard_id, scope)


@bp.route("/phone/rounds/<int:round_id>/<int:courtyard_id>", methods=["GET", "POST"])
@requires("records.make")
@in_turn
def mark(round_id: int, courtyard_id: int) -> Response:
    found, stand = _stand(round_id, courtyard_id)
    form = with_marks(MarksForm, found.sheet.text)(data=_marked(stand) if request.method == "GET" else None)
    saved = perform(form, lambda: _score(round_id, courtyard_id, form, stand))
    if saved is not None:
        flash(f"{stand.name}已打 {show(saved.score or 0)} 分。结束前都可以改。", "success")
        return go(url_for("inspections.route", round=round_id, after=saved.position))
    return _mark_page(round_id, courtyard_id, form)


def _marked(stand: Stand) -> dict[str, Any]:
    """What stands on the courtyard's newest sheet."""
    marks = {f"mark_{n}": Points(mark) for n, mark in enumerate(stand.marks)}
    return {**marks, "note": stand.sheet.note if stand.sheet else ""}


def _score(round_id: int, courtyard_id: int, form: Any, stand: Stand) -> RoundPlace:
    """Without a new photo those of the sheet before go along."""
    taken = photos.taken().or_refuse() or (stand.sheet.photo_names if stand.sheet else ())
    try:
        return service.score(
            actor=actor(),
            round_id=round_id,
            courtyard_id=courtyard_id,
            marks=form.marks(),
            note=form.note.data or "",
            photos=taken,
            seen=form.seen.data or 0,
            now=clock.now(),
        )
    except service.Taken as error:
        error.field = "seen"
        raise


def _mark_page(round_id: int, courtyard_id: int, form: Any) -> Response:
    found, stand = _stand(round_id, courtyard_id)
    whom = records.target(courtyard_id)
    return render(
        "inspections/mark.html",
        found=found,
        stand=stand,
        text=found.sheet.text,
        form=form,
        marks=mark_fields(form),
        reasons=service.SHUT_REASONS,
        recused=why_recused(whom, actor().person_id),
        kept_photos=photos.kept(),
        status=422 if form.errors else 200,
    )


@bp.post("/phone/rounds/<int:round_id>/<int:courtyard_id>/shut")
@requires("records.make")
@in_turn
def shut(round_id: int, courtyard_id: int) -> Response:
    """进不去: the form stands under the marks."""
    found, stand = _stand(round_id, courtyard_id)
    form = with_marks(MarksForm, found.sheet.text)()
    saved = perform(form, lambda: _shut(round_id, courtyard_id, form))
    if saved is None:
        return _mark_page(round_id, courtyard_id, form)
    flash(f"{stand.name}已记「进不去」，算没有查到，路过时可以再去。", "success")
    return go(url_for("inspections.route", round=round_id, after=saved.position))


def _shut(round_id: int, courtyard_id: int, form: Any) -> RoundPlace:
    try:
        return service.shut(
            actor=actor(),
            round_id=round_id,
            courtyard_id=courtyard_id,
            reason=form.reason.data or "",
            seen=form.seen.data or 0,
            now=clock.now(),
        )
    except service.Taken as error:
        error.field = "seen"
        raise


@bp.get("/phone/rounds/photos/<sha256>")
@requires("records.make")
def round_photo(sha256: str) -> Response:
    return shown_photo(sha256, actor().scope("records.make"))


def shown_photo(sha256: str, scope: tuple[str, ...]) -> Response:
    """:raises NotFound: for a photo of no sheet in these areas."""
    if not queries.photo_in_rounds(sha256, scope):
        raise NotFound("没有这张照片，或它不在您负责的范围内。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")


@bp.before_request
def take_round_photos() -> None:
    if request.method == "POST" and request.endpoint == "inspections.mark":
        photos.take(MOST_PHOTOS)
