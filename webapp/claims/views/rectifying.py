"""整改返还 on a household's phone: what was deducted from its shop, itself or its courtyard, and the "after" photo."""

from __future__ import annotations

from flask import Response, request, url_for

from webapp.claims.views.blueprint import bp
from webapp.core import clock, signing
from webapp.core.errors import NotFound
from webapp.records import queries as records
from webapp.records import service as record_service
from webapp.records.forms import RectifyForm
from webapp.records.models import RECTIFICATIONS, Record, Rectification
from webapp.records.views.photos import photo_response
from webapp.schemes.queries import rule_version
from webapp.users.residents_gate import resident
from webapp.web import photos
from webapp.web.access import RESIDENT, actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.home import HomeLink
from webapp.web.htmx import go, render
from webapp.web.once import FIELD


def _mine() -> list[int]:
    who = resident()
    return [holder_id for holder_id, _, _ in records.concerned(who.household_id, who.heads)]


def _open() -> int:
    who = resident()
    return records.count_to_rectify(who.household_id, who.heads, clock.today())


HOME = (HomeLink("我的商铺和整改", "扣了分，按期改好可以返还", "claims.rectifications", "store", 35, badge=_open),)


@bp.get("/home/rectifications")
@requires(RESIDENT)
def rectifications() -> Response:
    who = resident()
    holders = records.concerned(who.household_id, who.heads)
    found = records.provisional_of([holder_id for holder_id, _, _ in holders], clock.today())
    shown = [one for one in holders if one[1] == "shop" or any(line.holder_id == one[0] for line in found)]
    return render("claims/rectifications.html", holders=shown, found=found, shown_name=records.shown_name)


@bp.route("/home/rectifications/<int:record_id>", methods=["GET", "POST"])
@requires(RESIDENT)
def rectify(record_id: int) -> Response:
    record = records.record_of(record_id, _mine())
    form = RectifyForm()
    if perform(form, lambda: _report(record, form)) is None:
        return _page(record, form)
    return go(url_for("claims.rectify", record_id=record_id))


def _report(record: Record, form: RectifyForm) -> Rectification:
    key = request.form.get(FIELD) or signing.random_token()
    return record_service.report_rectified(
        actor=actor(),
        record_id=record.id,
        photos=photos.taken().or_refuse(),
        note=form.note.data or "",
        client_key=signing.fingerprint(f"household {resident().household_id}\0{key}"),
        now=clock.now(),
    )


def _page(record: Record, form: RectifyForm) -> Response:
    sent = records.rectifications_of(record.id)
    return render(
        "claims/rectify.html",
        record=record,
        whom=records.target(record.holder_id),
        rule=rule_version(record.rule_version_id),
        found=next(iter(records.provisional_of([record.holder_id], clock.today(), record_id=record.id)), None),
        sent=sent,
        before=records.photos_of(record.id),
        after=records.after_photos([one.id for one in sent]),
        states=RECTIFICATIONS,
        form=form,
        kept_photos=photos.kept(),
        status=status_of(form),
    )


@bp.get("/home/rectifications/photos/<sha256>")
@requires(RESIDENT)
def rectified_photo(sha256: str) -> Response:
    if not records.rectified_photo_concerns(sha256, _mine()):
        raise NotFound("没有这张照片。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")
