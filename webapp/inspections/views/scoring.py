"""The inspector's phone: a place to score, what came of it, and the day."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, flash, request, url_for

from webapp.core import clock, signing
from webapp.core.errors import Conflict, NotFound
from webapp.core.text import normalise
from webapp.inspections import queries, service
from webapp.inspections.forms import ScoreForm
from webapp.inspections.queries.rounds import offer
from webapp.inspections.views.blueprint import bp
from webapp.ledger.queries import find_account
from webapp.places.queries import households_of
from webapp.records import queries as records
from webapp.records import service as record_service
from webapp.records.forms import chosen_points, points_name, steps
from webapp.records.models import Record
from webapp.records.queries.desk import record_in_scope
from webapp.records.service import MOST_PHOTOS, undo_until, why_recused
from webapp.schemes.queries import rule_version
from webapp.web import photos
from webapp.web.access import actor, in_turn, requires
from webapp.web.forms import perform
from webapp.web.htmx import go, render
from webapp.web.once import FIELD
from webapp.web.paging import Page, page_number

#: How many of the day's records stand on the page; the rest is one tap away.
LATEST_OF_TODAY, ALL_OF_TODAY = 10, 500
#: How many of those that wait for re-inspection stand on the first page.
REINSPECT_FIRST = 3


@bp.before_request
def take_photos() -> None:
    if request.method == "POST" and request.endpoint in ("inspections.score", "inspections.rectify"):
        photos.take(MOST_PHOTOS)


# Scoring --------------------------------------------------------------------------------------------------------------


def _target(holder_id: int) -> records.Target:
    """:raises NotFound: outside the inspector's areas, as if it did not exist."""
    whom = records.target(holder_id)
    if not actor().may("records.make", whom.path):
        raise NotFound(record_service.OUT_OF_REACH)
    return whom


@bp.route("/phone/score/<int:holder_id>", methods=["GET", "POST"])
@requires("records.make")
@in_turn
def score(holder_id: int) -> Response:
    if request.method == "GET":
        return _score_page(_target(holder_id))
    form = ScoreForm()
    made = perform(form, lambda: _inspect(holder_id, form))
    if made is not None:
        return go(url_for("inspections.result", record_id=made.id))
    return _score_page(_target(holder_id), form)


def _inspect(holder_id: int, form: ScoreForm) -> Record:
    version_id = cast(int, form.rule.data)
    try:
        return service.inspect(
            actor=actor(),
            holder_id=holder_id,
            rule_version_id=version_id,
            points=chosen_points(version_id),
            note=form.note.data or "",
            photos=photos.taken().or_refuse(),
            client_key=signing.fingerprint(f"{actor().user_id}\0{request.form.get(FIELD) or signing.random_token()}"),
            now=clock.now(),
        )
    except (Conflict, NotFound) as error:
        error.field = error.field or "rule"  # shown above the rules, with everything that was typed
        raise


def _score_page(whom: records.Target, form: ScoreForm | None = None) -> Response:
    """``form``: what was sent and refused."""
    today, mine = clock.today(), queries.schemes_of(whom)
    asked = request.args.get("scheme", type=int)
    scheme = next((one for one in mine if one.id == asked), mine[0] if mine else None)
    board = queries.board(scheme, whom, actor(), today) if scheme else None
    show, text = request.args.get("show", "common")[:12], normalise(request.args.get("q", "")[:60])
    fragment = "_rule_list" if request.headers.get("HX-Target") == "rule-list" else "_rules"
    return render(
        "inspections/score.html",
        f"inspections/{fragment}.html",
        whom=whom,
        spot=whom.spot,
        errors=form.errors if form else {},
        note=form.note.data if form else "",
        schemes=mine,
        board=board,
        shown=board.shown(show, text, form.rule.data if form else None) if board else [],
        show=show,
        search=text,
        chosen=form.rule.data if form else None,
        steps=steps,
        points_name=points_name,
        typed=request.form if form else {},
        account=find_account(whom.id, scheme.id) if scheme else None,
        visits=board.visits if board else 0,
        last=records.recent(whom.id, 2),
        households=households_of(whom.id) if whom.kind == "courtyard" else [],
        provisional=records.provisional_at(whom.id, today),
        recused=why_recused(whom, actor().person_id),
        round_offer=offer(whom.id) if whom.kind == "courtyard" and form is None else None,
        kept_photos=photos.kept(),
        status=422 if form else 200,
    )


# What came of it ------------------------------------------------------------------------------------------------------


@bp.get("/phone/records/<int:record_id>")
@requires("records.make")
def result(record_id: int) -> Response:
    record = record_in_scope(record_id, actor().scope("records.make"))
    return render(
        "inspections/result.html",
        record=record,
        whom=records.target(record.holder_id),
        rule=rule_version(record.rule_version_id),
        account=find_account(record.holder_id, record.scheme_id),
        photos=len(records.photos_of(record.id)),
        until=undo_until(record),
        may_undo=_may_undo(record),
    )


def _may_undo(record: Record) -> bool:
    mine = record.recorder_id is not None and record.recorder_id == actor().user_id
    early = mine and record.state in records.LIVE and clock.now() <= undo_until(record)
    return early and not record_service.is_rest(record.id)


@bp.post("/phone/records/<int:record_id>/undo")
@requires("records.make")
def undo(record_id: int) -> Response:
    record_in_scope(record_id, actor().scope("records.make"))
    record_service.undo(actor=actor(), record_id=record_id, now=clock.now())
    flash("已撤回，积分恢复到记之前。", "success")
    if request.form.get("from") == "day":
        return go(url_for("inspections.my_day"))
    return go(url_for("inspections.result", record_id=record_id))


# My day ---------------------------------------------------------------------------------------------------------------


@bp.get("/phone/")
@requires("records.make")
def my_day() -> Response:
    today, scope, kind = clock.today(), actor().scope("records.make"), request.args.get("kind", "")
    covered = queries.coverage(scope, today)
    left = sum(one.left for one in covered if kind in ("", one.kind))
    number = min(page_number(), max(1, -(-left // queries.PER_PAGE)))
    items = queries.unvisited(scope, today, kind=kind, page=number)
    me, (start, end) = cast(int, actor().user_id), clock.day_bounds(today)
    most = ALL_OF_TODAY if "all" in request.args else LATEST_OF_TODAY
    counting, every = records.count_of_recorder(me, start, end)
    return render(
        "inspections/my_day.html",
        "inspections/_unvisited.html",
        lines=records.of_recorder_between(me, start, end, most=most),
        counting=counting,
        every=every,
        live=records.LIVE,
        undo_since=clock.now() - record_service.UNDO_FOR,
        coverage=covered,
        reinspect=records.to_reinspect(scope, today, most=REINSPECT_FIRST),
        reinspections=records.count_to_reinspect(scope, today),
        kind=kind,
        page=Page(items, number, left, queries.PER_PAGE),
        find_url=url_for("qrcodes.find") if "qrcodes.find" in current_app.view_functions else "",
    )
