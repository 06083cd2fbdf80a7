"""Objections at the desk: what waits for an answer, one with all that is known of its line, and lodging on behalf."""

from __future__ import annotations

from flask import Response, current_app, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError, Invalid, NotFound
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.places.queries import communities_in, household_by_number
from webapp.qrcodes.drawing import qr_path
from webapp.records.queries import photos_of, steps_of
from webapp.reviews import queries, service
from webapp.reviews.forms import DecisionForm, ObjectionForm
from webapp.reviews.models import KINDS, CommunityMonth, Objection, PublicationLine
from webapp.reviews.queries import Listed
from webapp.reviews.views.blueprint import bp
from webapp.schemes.queries import current_rules, rule_version
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


def to_answer() -> int:
    """How many objections wait where the one who looks answers."""
    return queries.objections_waiting(actor().scope("objections.decide"), clock.today()).open


@bp.get("/desk/objections")
@requires("records.view")
def objections() -> Response:
    scope, settled = actor().scope("records.view"), request.args.get("state") == "settled"
    page = paginate(queries.objections_statement(scope, settled=settled))
    return render(
        "reviews/objections.html",
        "reviews/_objections.html",
        page=page,
        items=queries.as_listed(page.items, actor(), clock.today()),
        settled=settled,
        waiting=queries.objections_waiting(scope, clock.today()),
    )


# One ------------------------------------------------------------------------------------------------------------------


def _one(objection_id: int) -> Listed:
    return queries.objection_in_scope(objection_id, actor().scope("records.view"), actor(), clock.today())


@bp.get("/desk/objections/<int:objection_id>")
@requires("records.view")
def objection(objection_id: int) -> Response:
    found = _one(objection_id)
    return _page(found, _decision(found))


def _decision(found: Listed) -> DecisionForm:
    record = found.objection.record
    return DecisionForm().offering(current_rules(record.scheme_id, record.happened_on), record.rule_version_id)


def _page(found: Listed, form: DecisionForm, message: str = "", *, status: int = 200) -> Response:
    record = found.objection.record
    return render(
        "reviews/objection.html",
        found=found,
        record=record,
        form=form,
        message=message,
        account=find_account(record.holder_id, record.scheme_id),
        rule=rule_version(record.rule_version_id),
        photos=photos_of(record.id),
        record_steps=steps_of(record.id),
        steps=queries.steps_of_objection(found.objection.id),
        status=status,
    )


@bp.post("/desk/objections/<int:objection_id>/acknowledge")
@requires("objections.decide")
def acknowledge(objection_id: int) -> Response:
    service.acknowledge(actor=actor(), objection_id=objection_id, now=clock.now())
    flash("已受理。请在三天内调查、答复。", "success")
    return go(url_for("reviews.objection", objection_id=objection_id))


@bp.post("/desk/objections/<int:objection_id>/decide")
@requires("objections.decide")
def decide_objection(objection_id: int) -> Response:
    """A refusal shows the page again with what was typed."""
    found = _one(objection_id)
    form = _decision(found)
    try:
        done = perform(form, lambda: _decide(objection_id, form))
    except DomainError as error:
        db.session.rollback()
        found = _one(objection_id)
        return _page(found, form, error.message, status=error.status)
    if done is None:
        return _page(_one(objection_id), form, status=422)
    flash("已答复。自助终端、手机和下一张小票上都看得到。", "success")
    return go(url_for("reviews.objection", objection_id=objection_id))


def _decide(objection_id: int, form: DecisionForm) -> Objection:
    answer, now = form.answer.data or "", clock.now()
    if form.outcome.data == "dismiss":
        return service.dismiss(actor=actor(), objection_id=objection_id, answer=answer, now=now)
    anew = form.outcome.data == "anew"
    return service.uphold(
        actor=actor(),
        objection_id=objection_id,
        answer=answer,
        now=now,
        rule_version_id=form.rule.data if anew else None,
        points=form.points.data if anew else None,
    )


# On behalf ------------------------------------------------------------------------------------------------------------


def _published(month_id: int) -> CommunityMonth:
    """:raises NotFound: outside the communities of the one who looks."""
    row = db.session.get(CommunityMonth, month_id)
    mine = {one.id for one in communities_in(actor().scope("objections.make"))}
    if row is None or row.published_at is None or row.community_id not in mine:
        raise NotFound("没有这份公示，或它不在您负责的范围内。")
    return row


@bp.route("/desk/objections/new/<int:month_id>/<int:number>", methods=["GET", "POST"])
@requires("objections.make")
def object_for(month_id: int, number: int) -> Response:
    """Somebody stands at the counter, or brought the form."""
    row = _published(month_id)
    line = queries.line_in(row, number)
    form = ObjectionForm()
    made = perform(form, lambda: _lodge(row, line, form))
    if made is None:
        open_ = queries.takes_objections(row, clock.now())
        return render("reviews/object_for.html", row=row, line=line, form=form, open_=open_, status=status_of(form))
    flash(f"已记下：{queries.label_of(row.month, made.number)}。请告诉来人这个号。", "success")
    return go(url_for("reviews.objection", objection_id=made.id))


def _lodge(row: CommunityMonth, line: PublicationLine, form: ObjectionForm) -> Objection:
    typed = form.household.data or ""
    household = household_by_number(row.community_id, typed) if typed else None
    if typed and household is None:
        raise Invalid("没有这个户号，请核对；不知道就空着。", field="household")
    return service.lodge(
        actor=actor(),
        month_id=row.id,
        line=line.number,
        kind=form.kind.data or "",
        reason=form.reason.data or "",
        household_id=household.id if household else None,
        brought_by=form.brought_by.data or "",
        now=clock.now(),
    )


@bp.get("/desk/objections/form/<int:month_id>")
@requires("objections.make")
def objection_form(month_id: int) -> Response:
    """异议表, to hang up beside the publication: blank, or with one line filled in (``?line=7``)."""
    row, number = _published(month_id), request.args.get("line", type=int)
    line = queries.line_in(row, number) if number else None
    link = f"{current_app.config['BASE_URL']}{url_for('reviews.public', token=row.token)}"
    return render("reviews/objection_form.html", row=row, line=line, kinds=KINDS, link=link, qr=qr_path(link, "M"))
