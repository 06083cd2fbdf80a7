"""Rules from Excel: download the template or an export, change it, upload, look at the preview, confirm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from flask import Response, after_this_request, current_app, flash, url_for

from webapp.core import clock
from webapp.core.errors import Invalid
from webapp.core.sheets import Table, errors_workbook, template
from webapp.core.uploads import KeptUploads
from webapp.extensions import db
from webapp.schemes.forms import RulesFileForm
from webapp.schemes.models import Scheme
from webapp.schemes.service import imports, sheet
from webapp.schemes.service.imports import RulePlan
from webapp.schemes.views.blueprint import bp, kept, sheet_response
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render


@dataclass(frozen=True)
class Upload:
    """A kept file of the actor, for one scheme."""

    sha256: str
    file_name: str
    valid_from: date
    table: Table


def _uploads() -> KeptUploads:
    """The folder that rosters use too; the housekeeping of ``places`` empties it after a day."""
    return KeptUploads(current_app.config["VAR_DIR"] / "imports")


def _key(scheme_id: int) -> str:
    return f"rules.{scheme_id}.{actor().user_id or 0}"


def _kept(scheme_id: int, sha256: str) -> Upload:
    """:raises Gone: for anybody but the uploader, and after a day."""
    note = json.loads(_uploads().note(sha256, _key(scheme_id)))
    table = imports.read(_uploads().data(sha256), note["file_name"])
    return Upload(sha256, note["file_name"], date.fromisoformat(note["valid_from"]), table)


def _plan(scheme: Scheme, upload: Upload) -> RulePlan:
    return imports.plan(upload.table, scheme=scheme, valid_from=upload.valid_from, now=clock.now())


@bp.get("/desk/schemes/<int:scheme_id>/import/template")
@requires("schemes.edit")
def import_template(scheme_id: int) -> Response:
    kept(scheme_id)
    return sheet_response(template(sheet.COLUMNS, "细则", sheet.EXAMPLES), "细则导入模板")


@bp.route("/desk/schemes/<int:scheme_id>/import", methods=["GET", "POST"])
@requires("schemes.edit")
def upload(scheme_id: int) -> Response:
    found = kept(scheme_id)
    form = RulesFileForm()
    sha256 = perform(form, lambda: _upload(found, form))
    if sha256 is not None:
        return go(url_for("schemes.preview", scheme_id=scheme_id, sha256=sha256))
    return render("schemes/import.html", form=form, scheme=found, status=status_of(form))


def _upload(scheme: Scheme, form: RulesFileForm) -> str:
    data, name = form.file.data.read(), (form.file.data.filename or "")[-200:]
    scheme_id, valid_from = scheme.id, form.valid_from.data
    db.session.rollback()  # reading is slow: nobody waits for it
    try:
        table = imports.read(data, name)
    except Invalid as error:
        raise Invalid(error.message, field="file") from error
    imports.plan(table, scheme=kept(scheme_id), valid_from=valid_from, now=clock.now())
    note = json.dumps({"file_name": name, "valid_from": valid_from.isoformat()}, ensure_ascii=False)
    _uploads().keep(table.sha256, _key(scheme_id), data, note)
    return table.sha256


@bp.get("/desk/schemes/<int:scheme_id>/import/<sha256>")
@requires("schemes.edit")
def preview(scheme_id: int, sha256: str) -> Response:
    """Worked out anew each time it is looked at: it always shows what confirming would do now."""
    scheme = kept(scheme_id)
    found = _kept(scheme_id, sha256)
    return render("schemes/import_preview.html", scheme=scheme, upload=found, plan=_plan(scheme, found))


@bp.get("/desk/schemes/<int:scheme_id>/import/<sha256>/errors")
@requires("schemes.edit")
def import_errors(scheme_id: int, sha256: str) -> Response:
    """The bad rows as Excel, to mend beside the own file."""
    scheme = kept(scheme_id)
    found = _plan(scheme, _kept(scheme_id, sha256))
    return sheet_response(errors_workbook(found.table), "错误清单_细则")


@bp.post("/desk/schemes/<int:scheme_id>/import/<sha256>")
@requires("schemes.edit")
def confirm_import(scheme_id: int, sha256: str) -> Response:
    kept(scheme_id)
    db.session.rollback()  # the file is read before the writer's turn
    found = _kept(scheme_id, sha256)
    done = imports.confirm(
        found.table, scheme=kept(scheme_id), valid_from=found.valid_from, actor=actor(), now=clock.now()
    )
    flash(f"导入完成：新增 {len(done.new)} 条，修改 {len(done.changed)} 条。", "success")
    key = _key(scheme_id)
    after_this_request(lambda response: _forget(sha256, key, response))
    return go(url_for("schemes.scheme", scheme_id=scheme_id))


def _forget(sha256: str, key: str, response: Response) -> Response:
    """An upload that was taken over is not kept."""
    if response.status_code < 400:
        _uploads().drop(sha256, key)
    return response
