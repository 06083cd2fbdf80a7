"""异议 at the kiosk: from one line of the notice board or of the own book, why, and what became of it."""

from __future__ import annotations

from flask import Response, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError, NotFound
from webapp.extensions import db
from webapp.kiosk.gate import here, terminal, visit
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.paging import Fit, lines_of
from webapp.reviews import queries, service
from webapp.reviews.models import KINDS
from webapp.web.access import KIOSK, KIOSK_HOUSEHOLD, actor, requires
from webapp.web.htmx import go, render

LISTED = Fit(lying=5, lying_large=5, standing=14, standing_large=11)


@bp.get("/kiosk/objections/new/<int:month_id>/<int:number>")
@requires(KIOSK)
def object_(month_id: int, number: int) -> Response:
    """First why, then once more what will be sent. Who has not said who they are is asked that before."""
    queries.line_in(queries.month_of_line(month_id, terminal().community_id), number)
    if here() is None:
        return go(url_for("kiosk.number", line=f"{month_id}-{number}"))
    return _page(month_id, number, request.args.get("kind", ""))


def _page(month_id: int, number: int, kind: str, *, reason: str = "", message: str = "", status: int = 200) -> Response:
    row = queries.month_of_line(month_id, terminal().community_id)
    line, before = queries.line_in(row, number), queries.made_before(row.id, number, visit().household_id)
    open_ = queries.takes_objections(row, clock.now())
    chosen = kind if kind in KINDS and open_ and before is None else ""
    return render(
        "kiosk/object_send.html" if chosen else "kiosk/object.html",
        row=row,
        line=line,
        named=queries.named_to_all(row, line) or line.record_id in _own_records(month_id),
        before=before,
        open_=open_,
        kinds=KINDS,
        kind=chosen,
        reason=reason,
        message=message,
        status=status,
    )


def _own_records(month_id: int) -> set[int]:
    row = queries.month_of_line(month_id, terminal().community_id)
    return {one.record_id for one in db.session.scalars(queries.lines_statement(row, holder_id=visit().household_id))}


@bp.post("/kiosk/objections/new/<int:month_id>/<int:number>")
@requires(KIOSK_HOUSEHOLD)
def object_now(month_id: int, number: int) -> Response:
    kind, reason = request.form.get("kind", ""), request.form.get("reason", "")
    try:
        made = service.lodge(actor=actor(), month_id=month_id, line=number, kind=kind, reason=reason, now=clock.now())
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        return _page(month_id, number, kind, reason=reason, message=error.message, status=error.status)
    return go(url_for("kiosk.objection", objection_id=made.id))


@bp.get("/kiosk/objections")
@requires(KIOSK_HOUSEHOLD)
def objections() -> Response:
    """我的异议: what was asked, and the answers."""
    found = queries.objections_of_household(visit().household_id, clock.today())
    return render("kiosk/objections.html", screen=lines_of(found, LISTED))


@bp.get("/kiosk/objections/<int:objection_id>")
@requires(KIOSK_HOUSEHOLD)
def objection(objection_id: int) -> Response:
    """One, with its number large: what is shown after it was sent, too."""
    found = queries.objection_of_household(objection_id, visit().household_id, clock.today())
    return render("kiosk/objection.html", found=found)


@bp.get("/kiosk/publication/register")
@requires(KIOSK)
def register() -> Response:
    """异议登记簿 of the newest publication, without names."""
    newest = queries.notice(terminal().community_id)
    row = queries.publication(terminal().community_id, newest.month) if newest else None
    found = queries.register(row, clock.today()) if row else []
    return render("kiosk/register.html", row=row, screen=lines_of(found, LISTED))
