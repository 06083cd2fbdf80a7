"""A household on its phone: the newest publication, objecting to one line, and what became of it."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import Conflict, DomainError
from webapp.extensions import db
from webapp.reviews import queries, service
from webapp.reviews.forms import ObjectionForm
from webapp.reviews.models import CommunityMonth, Objection, PublicationLine
from webapp.reviews.views.blueprint import bp
from webapp.reviews.views.publication import page_of
from webapp.users.residents_gate import resident
from webapp.web.access import RESIDENT, actor, requires
from webapp.web.forms import perform
from webapp.web.home import HomeLink
from webapp.web.htmx import go, render
from webapp.web.paging import page_among

LINES = 20  # on one page


def _open() -> int:
    """How many of its objections wait for an answer."""
    mine = queries.objections_of_household(resident().household_id, clock.today())
    return sum(not one.objection.settled for one in mine)


HOME = (
    HomeLink("公示", "看每一条，有异议就提", "reviews.my_publication", "megaphone", 50),
    HomeLink("我的异议", "查得怎么样了，有什么答复", "reviews.my_objections", "messages-square", 60, False, _open),
)


@bp.get("/home/publication")
@requires(RESIDENT)
def my_publication() -> Response:
    who, all_ = resident(), request.args.get("all") == "1"
    row = queries.newest_hung(who.community_id)
    if row is None:
        return render("reviews/my_publication.html", "reviews/_my_lines.html", row=None, page=None)
    place = request.args.get("place", "")[:80] if all_ else ""
    page = page_of(row, LINES, place) if all_ else page_among(queries.hung_lines_of(row, who.household_id), LINES)
    return render(
        "reviews/my_publication.html",
        "reviews/_my_lines.html",
        row=row,
        page=page,
        all_=all_,
        place=place,
        places=queries.places_in(row) if all_ else [],
        narrow=url_for("reviews.my_publication"),
        hidden={"all": 1},
        open_=queries.takes_objections(row, clock.now()),
        named=queries.named_to_all,
    )


@bp.get("/home/objections/record/<int:record_id>")
@requires(RESIDENT)
def object_to_record(record_id: int) -> Response:
    """From a line of the household's own book to the objection against its published line.

    :raises Conflict: before its publication, and when the window is over.
    :raises NotFound: for another community's.
    """
    line = queries.line_of_record(record_id, clock.now())
    if line is None:
        raise Conflict("这一条现在不能提异议：要等它公示，或者公示期已经过了。有疑问请问网格员或社区服务台。")
    row = queries.month_of_line(line.month_id, resident().community_id)
    return go(url_for("reviews.object_here", month_id=row.id, number=line.number))


@bp.route("/home/objections/new/<int:month_id>/<int:number>", methods=["GET", "POST"])
@requires(RESIDENT)
def object_here(month_id: int, number: int) -> Response:
    row = queries.month_of_line(month_id, resident().community_id)
    line, form, message = queries.line_in(row, number), ObjectionForm().for_household(), ""
    try:
        made = perform(form, lambda: _lodge(row, line, form))
    except DomainError as error:
        db.session.rollback()
        made, message = None, error.message
    if made is not None:
        flash(f"已提交，编号是 {queries.label_of(row.month, made.number)}。三天内答复。", "success")
        return go(url_for("reviews.my_objection", objection_id=made.id))
    return _form_page(row, line, form, message)


def _form_page(row: CommunityMonth, line: PublicationLine, form: ObjectionForm, message: str) -> Response:
    before = queries.made_before(row.id, line.number, resident().household_id)
    return render(
        "reviews/object_here.html",
        row=row,
        line=line,
        form=form,
        message=message,
        before=before,
        open_=queries.takes_objections(row, clock.now()),
        own=line.record_id in {one.record_id for one in _own(row)},
        status=422 if form.errors else 409 if message else 200,
    )


def _own(row: CommunityMonth) -> list[PublicationLine]:
    return list(db.session.scalars(queries.lines_statement(row, holder_id=resident().household_id)))


def _lodge(row: CommunityMonth, line: PublicationLine, form: ObjectionForm) -> Objection:
    return service.lodge(
        actor=actor(),
        month_id=row.id,
        line=line.number,
        kind=form.kind.data or "",
        reason=form.reason.data or "",
        now=clock.now(),
    )


@bp.get("/home/objections")
@requires(RESIDENT)
def my_objections() -> Response:
    items = queries.objections_of_household(resident().household_id, clock.today())
    return render("reviews/my_objections.html", items=items, who=resident())


@bp.get("/home/objections/<int:objection_id>")
@requires(RESIDENT)
def my_objection(objection_id: int) -> Response:
    found = queries.objection_of_household(objection_id, resident().household_id, clock.today())
    steps = queries.steps_of_objection(objection_id)
    return render("reviews/my_objection.html", found=found, steps=steps, who=resident())
