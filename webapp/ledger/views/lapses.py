"""到期清零 at the desk: which days come, who loses how much, before and after."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from flask import Response, send_file
from sqlalchemy import Select

from webapp.core import clock
from webapp.core.points import Points
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.forms import ReasonForm
from webapp.ledger.queries import LapseDay
from webapp.ledger.views.blueprint import XLSX, bp
from webapp.places.models import HOLDER_KINDS
from webapp.places.queries import area_label
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import render
from webapp.web.paging import paginate

COLUMNS = (
    Column("number", "编号", width=14),
    Column("name", "户主、院落、店名", width=20),
    Column("area", "所属区域", width=24),
    Column("points", "清零的分", "points", width=12),
)


@bp.get("/desk/lapses")
@requires("ledger.view")
def lapses() -> Response:
    scope = actor().scope("ledger.view")
    days = queries.lapse_days(scope, clock.today())
    totals = [queries.total_of(queries.losing(day, scope)) for day in days]
    return render("ledger/lapses.html", rows=list(zip(days, totals, strict=True)), today=clock.today())


@bp.get("/desk/lapses/<int:scheme_id>/<int:year>")
@requires("ledger.view")
def lapse(scheme_id: int, year: int) -> Response:
    scope = actor().scope("ledger.view")
    day = queries.lapse_day(scheme_id, year, scope, clock.today())
    losing = queries.losing(day, scope)
    return render(
        "ledger/lapse.html",
        "ledger/_losing.html",
        day=day,
        total=queries.total_of(losing),
        page=paginate(losing, as_row=queries.as_loser),
        today=clock.today(),
        kinds=HOLDER_KINDS,
    )


@bp.route("/desk/lapses/<int:scheme_id>/<int:year>/export", methods=["GET", "POST"])
@requires("ledger.export")
def export_lapse(scheme_id: int, year: int) -> Response:
    """GET asks for the reason, as with every list of names."""
    scope = actor().scope("ledger.export")
    day = queries.lapse_day(scheme_id, year, scope, clock.today())
    total, form = queries.total_of(queries.losing(day, scope)), ReasonForm()
    reason = perform(form, lambda: _note(day, total[0], form.reason.data))
    if reason is not None:
        return _file(day, scope, reason)
    return render("ledger/lapse_export.html", day=day, total=total, form=form, status=status_of(form))


def _note(day: LapseDay, rows: int, reason: str) -> str:
    return service.note_lapse_export(
        actor=actor(), now=clock.now(), scheme=day.scheme, rows=rows, filtered=str(day.last_day), reason=reason
    )


def _file(day: LapseDay, scope: tuple[str, ...], reason: str) -> Response:
    losing, book = queries.losing(day, scope), io.BytesIO()
    count, total = queries.total_of(losing)
    state = "已清零" if day.over else "将清零"
    notes = [
        ("积分办法", day.scheme.name),
        ("最后一天", day.last_day.isoformat()),
        ("范围", f"{day.year - 1} 年底以前得的、还没有用的分，占用着的、暂停花分的不算"),
        (state, f"{count} 户，合计 {total} 分"),
        ("导出人", actor().label),
        ("导出时间", clock.local(clock.now()).strftime("%Y-%m-%d %H:%M:%S")),
        ("导出原因", reason),
    ]
    write_table_to(book, state, COLUMNS, _rows(losing, total), notes=notes)
    book.seek(0)
    name = f"{day.last_day}_到期清零_{day.scheme.name}.xlsx"
    response = send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _rows(losing: Select[Any], total: Points) -> Iterator[dict[str, CellValue]]:
    for row in db.session.execute(losing):
        one = queries.as_loser(row)
        yield {
            "number": one.owner.number,
            "name": one.owner.name,
            "area": area_label(one.owner.area),
            "points": one.points,
        }
    yield {"number": "合计", "name": "", "area": "", "points": total}
