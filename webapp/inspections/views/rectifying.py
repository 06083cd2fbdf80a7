"""待复查 on the inspector's phone: deductions that can still be put right, and the "after" photo that gives points back."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock, signing
from webapp.core.errors import Invalid, NotFound
from webapp.extensions import db
from webapp.inspections.views.blueprint import bp
from webapp.records import queries as records
from webapp.records import service as record_service
from webapp.records.forms import RectifyForm
from webapp.records.models import RECTIFICATIONS, Record, Rectification
from webapp.records.queries.desk import record_in_scope
from webapp.records.service import why_recused
from webapp.schemes.queries import rule_version
from webapp.web import photos
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.once import FIELD


@bp.get("/phone/re-inspections")
@requires("records.make")
def reinspections() -> Response:
    found = records.to_reinspect(actor().scope("records.make"), clock.today())
    return render("inspections/reinspections.html", found=found)


@bp.route("/phone/rectify/<int:record_id>", methods=["GET", "POST"])
@requires("records.make")
def rectify(record_id: int) -> Response:
    record = record_in_scope(record_id, actor().scope("records.make"))
    form = RectifyForm()
    made = perform(form, lambda: _confirm(record, form))
    if made is None:
        return _page(record, form)
    if made.new_record_id:
        flash("整改合格，返还一半：原来的一笔冲正，另记下面这一笔。", "success")
    return go(url_for("inspections.result", record_id=made.new_record_id or record_id))


def _confirm(record: Record, form: RectifyForm) -> Rectification:
    return record_service.confirm_rectified(
        actor=actor(),
        record_id=record.id,
        photos=photos.taken().or_refuse(),
        note=form.note.data or "",
        client_key=signing.fingerprint(f"{actor().user_id}\0{request.form.get(FIELD) or signing.random_token()}"),
        now=clock.now(),
    )


def _page(record: Record, form: RectifyForm, reason: str = "", why: str = "") -> Response:
    """``why``: why a report could not be returned with ``reason``."""
    if record.rectify_until is None:
        raise NotFound("这一条按细则不能整改返还。")
    sent, whom = records.rectifications_of(record.id), records.target(record.holder_id)
    found = next(iter(records.provisional_of([whom.id], clock.today(), record_id=record.id)), None)
    return render(
        "inspections/rectify.html",
        record=record,
        whom=whom,
        rule=rule_version(record.rule_version_id),
        found=found,
        sent=sent,
        before=records.photos_of(record.id),
        after=records.after_photos([one.id for one in sent]),
        states=RECTIFICATIONS,
        recused=why_recused(whom, actor().person_id),
        form=form,
        kept_photos=photos.kept(),
        reason=reason,
        why=why,
        status=422 if why else status_of(form),
    )


@bp.post("/phone/rectify/<int:record_id>/return")
@requires("records.make")
def return_rectified(record_id: int) -> Response:
    record, reason = record_in_scope(record_id, actor().scope("records.make")), request.form.get("reason", "")
    try:
        record_service.turn_down_rectified(actor=actor(), record_id=record_id, reason=reason, now=clock.now())
    except Invalid as error:
        db.session.rollback()
        return _page(record, RectifyForm(formdata=None), reason, error.message)
    flash("已退回，对方看得到原因，整改期内可以再拍。", "success")
    return go(url_for("inspections.reinspections"))
