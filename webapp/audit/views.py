"""The audit log at the desk: what was done or seen, by whom, in words; and as Excel, exactly as filtered."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from flask import Blueprint, Response, request, send_file

from webapp.audit import queries, words
from webapp.audit.forms import ExportForm
from webapp.audit.models import AuditLine
from webapp.audit.queries import Filter
from webapp.audit.service import log, only_area
from webapp.audit.words import AuditWords
from webapp.core import clock
from webapp.core.sheets import Column, write_table_to
from webapp.extensions import db
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import render
from webapp.web.menu import SETTINGS, MenuEntry
from webapp.web.paging import paginate

bp = Blueprint("audit", __name__)
MENU = (MenuEntry("审计日志", "audit.lines", "scroll-text", "audit.view", 130, group=SETTINGS),)
AUDIT_WORDS = AuditWords(subjects={"audit": "审计日志"}, actions={"audit:exported": "导出审计日志"})

SHOWN_DAYS = 30  # days that are shown unless others are asked for
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
COLUMNS = (
    Column("at", "时间", width=20),
    Column("who", "经办", width=20),
    Column("where", "从哪里", width=18),
    Column("what", "做了什么", width=22),
    Column("name", "对象", width=24),
    Column("number", "对象序号", width=10),
    Column("detail", "内容", "prose", width=70),
)


@dataclass(frozen=True)
class ShownLine:
    """A line in words. ``object_kind`` and ``object_id`` lead to everything about the same object."""

    at: datetime
    who: str
    where: str
    what: str
    detail: str
    object_kind: str
    object_id: int | None
    object_name: str


@bp.get("/desk/audit")
@requires("audit.view")
def lines() -> Response:
    wanted = _wanted()
    page = paginate(queries.lines(actor().scope("audit.view"), wanted))
    return render(
        "audit/lines.html",
        "audit/_lines.html",
        page=replace(page, items=_shown(page.items)),
        wanted=wanted,
        subjects=words.subjects(),
        actions=words.actions(),
    )


@bp.route("/desk/audit/export", methods=["GET", "POST"])
@requires("audit.view")
def export() -> Response:
    """GET asks for the reason; the filter is in the address of both."""
    wanted, form = _wanted(), ExportForm()
    found = queries.lines(actor().scope("audit.view"), wanted)
    rows = queries.count(found)
    if perform(form, lambda: _note(form, wanted, rows)):
        return _file(wanted)
    return render(
        "audit/export.html",
        form=form,
        rows=rows,
        filtered=_filtered(wanted),
        status=status_of(form),
    )


def _wanted() -> Filter:
    """The filter in the address; without days, the last thirty. Everything about one object is shown from its start."""
    given = request.args
    object_id = given.get("object", type=int)
    first = _day("first")
    if first is None and "first" not in given and object_id is None:
        first = clock.today() - timedelta(days=SHOWN_DAYS - 1)
    action = given.get("action", "")
    return Filter(
        first=first,
        last=_day("last"),
        action=action if action in words.subjects() or action in words.actions() else "",
        who=searched(limit=40),
        object_kind=given.get("kind", "")[:30] if object_id is not None else "",
        object_id=object_id,
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _shown(lines: Sequence[AuditLine]) -> list[ShownLine]:
    things = {(line.object_kind, line.object_id) for line in lines if line.object_id is not None}
    referred = {thing for line in lines for thing in words.things_in(line.action, line.detail)}
    called = words.object_names(things | referred)
    return [_line(line, called) for line in lines]


def _line(line: AuditLine, called: Mapping[words.Thing, str]) -> ShownLine:
    return ShownLine(
        at=line.at,
        who=line.actor_label,
        where=line.where,
        what=words.actions().get(line.action, line.action),
        detail=words.detail_words(line.action, line.detail, called),
        object_kind=line.object_kind,
        object_id=line.object_id,
        object_name=called[line.object_kind, line.object_id] if line.object_id is not None else "",
    )


def _note(form: ExportForm, wanted: Filter, rows: int) -> bool:
    """An export is an act like any other, and comes with its reason."""
    log(
        actor(),
        "audit:exported",
        now=clock.now(),
        object_kind="audit",
        area_path=only_area(actor().scope("audit.view")),
        rows=rows,
        filtered=_filtered(wanted),
        reason=form.reason.data,
    )
    return True


def _filtered(wanted: Filter) -> str:
    """The filter in words."""
    action = words.subjects().get(wanted.action) or words.actions().get(wanted.action, "")
    parts = (
        words.day_words(wanted.first, wanted.last),
        action,
        f"经办含「{wanted.who}」" if wanted.who else "",
        f"对象序号 {wanted.object_id}" if wanted.object_id is not None else "",
    )
    return "、".join(part for part in parts if part)


def _file(wanted: Filter) -> Response:
    now = clock.now()
    notes = (
        ("筛选", _filtered(wanted)),
        ("导出人", actor().label),
        ("导出时间", f"{clock.local(now):%Y-%m-%d %H:%M}"),
    )
    out = io.BytesIO()
    write_table_to(out, "审计日志", COLUMNS, _rows(wanted), notes=notes)
    out.seek(0)
    name = f"{clock.local(now):%Y-%m}_审计日志.xlsx"
    return send_file(out, mimetype=XLSX, as_attachment=True, download_name=name)


def _rows(wanted: Filter) -> Iterator[dict[str, str]]:
    """In parts, so that memory does not grow with the log."""
    statement = queries.lines(actor().scope("audit.view"), wanted).execution_options(yield_per=500)
    for part in db.session.scalars(statement).partitions():
        for shown in _shown(part):
            yield {
                "at": f"{clock.local(shown.at):%Y-%m-%d %H:%M:%S}",
                "who": shown.who,
                "where": shown.where,
                "what": shown.what,
                "name": shown.object_name,
                "number": str(shown.object_id or ""),
                "detail": shown.detail,
            }
