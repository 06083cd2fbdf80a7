"""Rosters from Excel: choose, upload, look at the preview, confirm."""

from __future__ import annotations

import io

from flask import Flask, Response, after_this_request, current_app, flash, send_file, url_for

from webapp.core import clock
from webapp.core.errors import AlreadyUsed, Invalid
from webapp.core.sheets import errors_workbook, template
from webapp.core.uploads import KeptUploads
from webapp.extensions import db, reading
from webapp.places import queries
from webapp.places.forms import UploadForm
from webapp.places.models import Area, ImportRun
from webapp.places.service import imports
from webapp.places.views.blueprint import bp
from webapp.places.views.exports import XLSX
from webapp.web import housekeeping
from webapp.web.access import actor, keyless, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render

LISTS = {
    "areas": "places.areas",
    "courtyards": "places.courtyards",
    "households": "places.households",
    "shops": "places.shops",
}


def uploads() -> imports.Uploads:
    return imports.Uploads(KeptUploads(current_app.config["VAR_DIR"] / "imports"))


def clean_uploads(app: Flask) -> None:
    """Uploads that nobody confirmed go after a day; other features' tables lie in the same folder."""
    housekeeping.add(app, "imports", KeptUploads(app.config["VAR_DIR"] / "imports").forget_old)


@bp.route("/desk/import", methods=["GET", "POST"])
@requires("places.import")
@keyless
def upload() -> Response:
    form = UploadForm()
    scope = actor().scope("places.import")
    form.register.choices = options((key, register.title) for key, register in imports.REGISTERS.items())
    form.area_id.choose_from(queries.import_areas(scope))
    preview = perform(form, lambda: _upload(form, scope))
    if preview is not None:
        return go(_url("places.preview", preview))
    runs = queries.import_runs(scope)
    return render("places/import.html", form=form, runs=runs, registers=imports.REGISTERS, status=status_of(form))


def _upload(form: UploadForm, scope: tuple[str, ...]) -> imports.Preview:
    """Everything here only reads the database: nobody waits for it."""
    register = imports.register_of(form.register.data)
    data, name = form.file.data.read(), form.file.data.filename or ""
    db.session.rollback()
    with reading():
        base = queries.area(form.area_id.data, scope)
        try:
            found = imports.read(register, data, name, secret=current_app.config["SECRET_KEY"])
        except Invalid as error:
            raise Invalid(error.message, field="file") from error
        preview = imports.preview_of(found, actor=actor(), base=base, now=clock.now())
    uploads().keep(preview, data)
    return preview


def _url(endpoint: str, preview: imports.Preview) -> str:
    return url_for(endpoint, register=preview.register, area_id=preview.area_id, sha256=preview.sha256)


@bp.get("/desk/import/<register>/template")
@requires("places.import")
def import_template(register: str) -> Response:
    wanted = imports.register_of(register)
    book = template(wanted.columns, wanted.title, wanted.examples)
    return send_file(io.BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=f"{wanted.title}导入模板.xlsx")


def _base(area_id: int) -> Area:
    return queries.area(area_id, actor().scope("places.import"))


def _kept(register: str, area_id: int, sha256: str) -> imports.Preview:
    """The uploader's own preview. :raises Gone: for anybody else, and after a day."""
    return uploads().preview(register=register, area_id=area_id, user_id=actor().user_id or 0, sha256=sha256)


def _earlier(register: str, base: Area, sha256: str) -> ImportRun | None:
    return imports.earlier_run(imports.register_of(register), base, sha256)


@bp.get("/desk/import/<register>/<int:area_id>/<sha256>")
@requires("places.import")
def preview(register: str, area_id: int, sha256: str) -> Response:
    base = _base(area_id)
    return render(
        "places/import_preview.html",
        preview=_kept(register, area_id, sha256),
        register=imports.register_of(register),
        base=base,
        earlier=_earlier(register, base, sha256),
    )


@bp.get("/desk/import/<register>/<int:area_id>/<sha256>/errors")
@requires("places.import")
def import_errors(register: str, area_id: int, sha256: str) -> Response:
    """The bad rows as Excel, to mend beside the own file."""
    _base(area_id)
    found = _kept(register, area_id, sha256)
    book = errors_workbook(found.error_table())
    name = f"错误清单_{imports.register_of(register).title}.xlsx"
    response = send_file(io.BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.post("/desk/import/<register>/<int:area_id>/<sha256>")
@requires("places.import")
@keyless
def confirm_import(register: str, area_id: int, sha256: str) -> Response:
    """Sent twice, it answers the second time that all is done: the file itself is the key."""
    base, done = _base(area_id), go(url_for(LISTS[imports.register_of(register).key]))
    if _earlier(register, base, sha256):
        flash("这个文件已经导入过了，数据没有再变。", "info")
        return done
    found = _kept(register, area_id, sha256)
    run = _confirm(found)
    if run is not None:
        flash(f"导入完成：新增 {run.added} 行，更新 {run.changed} 行。", "success")
    after_this_request(lambda response: _forget(found, response))
    return done


def _confirm(found: imports.Preview) -> ImportRun | None:
    """Read the file again before the writer's turn, then check and write in one go."""
    data = uploads().data(found)
    db.session.rollback()
    with reading():
        ready = imports.read(
            imports.register_of(found.register), data, found.file_name, secret=current_app.config["SECRET_KEY"]
        )
        imports.warm(ready, _base(found.area_id), clock.now(), uploads().kept.folder)
    try:
        return imports.confirm(ready, actor=actor(), base=_base(found.area_id), now=clock.now())
    except AlreadyUsed as error:
        flash(error.message, "info")
        return None


def _forget(found: imports.Preview, response: Response) -> Response:
    """After the commit: an upload that was taken over is not kept."""
    if response.status_code < 400:
        uploads().drop(found)
    return response
