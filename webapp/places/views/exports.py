"""Lists as Excel, exactly as filtered. Each export has a reason and leaves a line in the audit log."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, send_file
from sqlalchemy import Select, func, select

from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.core.sheets import CellValue, Column, write_table_to
from webapp.core.text import mask_name, mask_phone
from webapp.extensions import db
from webapp.places import queries, service
from webapp.places.forms import ExportForm
from webapp.places.models import AREA_KINDS, TENURES, Courtyard, Holder, Household, Person, Shop, Station
from webapp.places.service.imports.registers import AREAS, COURTYARDS, HOUSEHOLDS, SHOPS
from webapp.places.views.blueprint import STATES, Listing, bp, listing
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import render

ExportRow = Mapping[str, CellValue]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROLES = {"party_member": "党员", "volunteer": "志愿者", "staff": "社区工作人员"}


@dataclass(frozen=True)
class Sheet:
    """How one register leaves: its columns carry the titles of the import where both have them."""

    title: str
    endpoint: str
    columns: tuple[Column, ...]
    rows: Callable[[Listing, bool], Iterator[ExportRow]]
    count: Callable[[Listing], int]


def _full(holder: Holder, asked: bool) -> bool:
    """Whether this holder's data may leave unmasked."""
    return asked and actor().may("people.unmask", holder.area.path)


def _each(statement: Select[Any]) -> Iterator[Any]:
    """Row by row, so that memory does not grow with the list."""
    return iter(db.session.scalars(statement.execution_options(yield_per=500)))


def _state(active: bool) -> str:
    return "在用" if active else "停用"


def _courtyards(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for found in _each(queries.courtyards(asked.scope, asked.wanted)):
        yield {**_place(found), "address": found.address, "lane": found.lane, "position": found.position}


def _place(found: Holder) -> dict[str, CellValue]:
    return {
        "number": found.number,
        "name": found.name,
        "area": queries.area_label(found.area).replace(" · ", "/"),
        "state": _state(found.active),
    }


def _households(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for found in _each(queries.households(asked.scope, asked.wanted)):
        shown = _full(found, full)
        yield {
            **_place(found),
            "head": found.name if shown else mask_name(found.name),
            "courtyard": found.courtyard.number if found.courtyard else "",
            "courtyard_name": found.courtyard.name if found.courtyard else "",
            "tenure": TENURES[found.tenure],
            "phone": found.phone if shown else mask_phone(found.phone),
        }


def _people(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for found in _each(queries.people(asked.scope, asked.wanted)):
        shown = _full(found, full)
        yield {
            **_place(found),
            "name": found.name if shown else mask_name(found.name),
            "household": found.household.number if found.household else "",
            "mobile": found.phone if shown else mask_phone(found.phone),
            "identity_tail": found.identity_tail if shown else "",
            "party_member": found.party_member,
            "volunteer": found.volunteer,
            "staff": found.staff,
        }


def _shops(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for found in _each(queries.shops(asked.scope, asked.wanted)):
        shown = _full(found, full)
        yield {
            **_place(found),
            "address": found.address,
            "trade": found.trade,
            "keeper": found.keeper if shown else mask_name(found.keeper),
            "phone": found.phone if shown else mask_phone(found.phone),
            "position": found.position,
        }


def _stations(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for found in _each(queries.stations(asked.scope, asked.wanted)):
        yield {
            "name": found.name,
            "area": queries.area_place(found.area),
            "address": found.address,
            "phone": found.phone,
            "hours": found.hours,
            "state": _state(found.active),
        }


def _area_rows(asked: Listing) -> list[queries.AreaNode]:
    top = (asked.area.path,) if asked.area else asked.scope
    return queries.area_tree(top, active=asked.wanted.state == "active")


def _areas(asked: Listing, full: bool) -> Iterator[ExportRow]:
    for node in _area_rows(asked):
        yield {
            "parent": node.area.parent.name if node.area.parent else "",
            "kind": AREA_KINDS[node.area.kind],
            "name": node.area.name,
            "number": node.area.number,
            "colour": queries.area_colour(node.area),
            "phone": node.area.phone,
            "position": node.area.position,
            "households": node.households,
            "courtyards": node.courtyards,
            "shops": node.shops,
            "state": _state(node.area.active),
        }


def _counter(
    list_of: Callable[[tuple[str, ...], queries.Filter], Select[Any]], model: type[Any]
) -> Callable[[Listing], int]:
    def count(asked: Listing) -> int:
        found = list_of(asked.scope, asked.wanted).with_only_columns(model.id).order_by(None)
        return db.session.scalar(select(func.count()).select_from(found.subquery())) or 0

    return count


_STATE = Column("state", "状态", width=8)
_AREA = Column("area", "所属区域", width=24)
SHEETS = {
    "areas": Sheet(
        "区域",
        "places.areas",
        (
            *AREAS.columns,
            Column("courtyards", "院落数", "integer", width=8),
            Column("households", "户数", "integer", width=8),
            Column("shops", "商铺数", "integer", width=8),
            _STATE,
        ),
        _areas,
        lambda asked: len(_area_rows(asked)),
    ),
    "courtyards": Sheet(
        "院落", "places.courtyards", (*COURTYARDS.columns, _STATE), _courtyards, _counter(queries.courtyards, Courtyard)
    ),
    "households": Sheet(
        "住户",
        "places.households",
        (
            HOUSEHOLDS.column("number"),
            HOUSEHOLDS.column("head"),
            HOUSEHOLDS.column("courtyard"),
            Column("courtyard_name", "院落名称", width=22),
            _AREA,
            HOUSEHOLDS.column("tenure"),
            HOUSEHOLDS.column("phone"),
            _STATE,
        ),
        _households,
        _counter(queries.households, Household),
    ),
    "people": Sheet(
        "居民",
        "places.people",
        (
            Column("number", "居民编号"),
            Column("name", "居民姓名"),
            Column("household", "户号"),
            _AREA,
            Column("mobile", "居民电话", "phone", width=18),
            Column("identity_tail", "证件末四位", width=12),
            Column("party_member", "党员", width=8),
            Column("volunteer", "志愿者", width=8),
            Column("staff", "工作人员", width=10),
            _STATE,
        ),
        _people,
        _counter(queries.people, Person),
    ),
    "shops": Sheet(
        "商铺",
        "places.shops",
        tuple(column for column in (*SHOPS.columns, _STATE) if column.key != "owner"),
        _shops,
        _counter(queries.shops, Shop),
    ),
    "stations": Sheet(
        "服务站",
        "places.stations",
        (
            Column("name", "服务站名称", width=24),
            _AREA,
            Column("address", "地址", width=28),
            Column("phone", "电话", width=18),
            Column("hours", "开放时间", width=18),
            _STATE,
        ),
        _stations,
        _counter(queries.stations, Station),
    ),
}


@bp.route("/desk/exports/<register>", methods=["GET", "POST"])
@requires("places.export")
def export(register: str) -> Response:
    """GET asks for the reason; the list's filter is in the address and comes along in the form."""
    if register not in SHEETS:
        raise NotFound("没有这种名册，请从列表页面上导出。")
    sheet, asked = SHEETS[register], listing("places.export")
    form = ExportForm(data=asked.hidden)
    count = sheet.count(asked)
    if perform(form, lambda: _note(register, asked, form, count)):
        return _file(sheet, asked, full=bool(form.full.data))
    return render(
        "places/export.html",
        form=form,
        sheet=sheet,
        register=register,
        asked=asked,
        count=count,
        filtered=_filtered(asked),
        status=status_of(form),
    )


def _note(register: str, asked: Listing, form: ExportForm, count: int) -> bool:
    full = bool(form.full.data)
    if full:
        for path in asked.scope:
            actor().must("people.unmask", path)
    service.note_export(
        actor=actor(),
        now=clock.now(),
        register=register,
        area_path=asked.wanted.area or (asked.scope[0] if len(asked.scope) == 1 else ""),
        rows=count,
        filtered=_filtered(asked),
        full=full,
        reason=form.reason.data,
    )
    return True


def _filtered(asked: Listing) -> str:
    """The filter in words, without what was searched for if it is a phone's tail."""
    wanted = asked.wanted
    words = [
        queries.area_place(asked.area) if asked.area else "",
        STATES[wanted.state],
        TENURES.get(wanted.tenure, ""),
        ROLES.get(wanted.role, ""),
        "按关键字筛选" if wanted.text else "",
    ]
    return "、".join(word for word in words if word)


def _file(sheet: Sheet, asked: Listing, *, full: bool) -> Response:
    now = clock.now()
    notes = (
        ("名册", sheet.title),
        ("筛选", _filtered(asked)),
        ("姓名电话", "完整" if full else "已隐去一部分"),
        ("导出人", actor().label),
        ("导出时间", clock.local(now).strftime("%Y-%m-%d %H:%M")),
    )
    out = io.BytesIO()
    write_table_to(out, sheet.title, sheet.columns, sheet.rows(asked, full), notes=notes)
    out.seek(0)
    name = f"{clock.local(now):%Y-%m}_{sheet.title}_{_whose(asked)}.xlsx"
    response = send_file(out, mimetype=XLSX, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _whose(asked: Listing) -> str:
    """The area that a file is about, for its name."""
    area = asked.area or queries.top_area(asked.scope)
    return area.name.replace("/", " ")
