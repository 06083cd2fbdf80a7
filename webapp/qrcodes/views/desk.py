"""Printing, replacing and revoking at the desk."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from flask import Response, current_app, flash, request, stream_template, url_for

from webapp.audit.service import log, only_area
from webapp.core import clock
from webapp.core.text import normalise
from webapp.extensions import db
from webapp.places import queries as places
from webapp.places.models import Holder
from webapp.places.views.blueprint import area_wanted
from webapp.qrcodes import queries, service
from webapp.qrcodes.forms import EndCodeForm
from webapp.qrcodes.models import STATES, Code
from webapp.qrcodes.plaques import words_beside
from webapp.qrcodes.queries import Plate, Wanted
from webapp.qrcodes.views.blueprint import bp
from webapp.web.access import actor, requires
from webapp.web.finding import sealed, searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate

KINDS = {"courtyard": "院落", "shop": "商铺", "household": "住户积分卡"}
#: format -> (words, how many on a page)
FORMATS = {"12": ("A4 一页 12 张", 12), "door": ("门牌大小，A4 横放两张", 2), "card": ("积分卡，A4 一页 10 张", 10)}


def _wanted() -> Wanted:
    """The filter in the address or the form. :raises NotFound: for an area outside the scope."""
    given = request.values
    kind = given.get("kind", "courtyard")
    area = area_wanted(actor().scope("codes.print"))
    return Wanted(
        kind=kind if kind in KINDS else "courtyard",
        area=area.path if area else "",
        lane=normalise(given.get("lane", "")[:60]) if kind == "courtyard" else "",
        search=searched(),
    )


def _filter(wanted: Wanted) -> dict[str, Any]:
    """The same filter as it stands in addresses."""
    given = {
        "kind": wanted.kind,
        "area": request.values.get("area", 0, type=int),
        "lane": wanted.lane,
        "q": sealed(wanted.search),
    }
    return {name: value for name, value in given.items() if value}


@bp.get("/desk/codes")
@requires("codes.print")
def codes() -> Response:
    wanted, scope = _wanted(), actor().scope("codes.print")
    return render(
        "qrcodes/codes.html",
        "qrcodes/_codes.html",
        page=paginate(queries.holders_statement(scope, wanted)),
        wanted=wanted,
        asked=_filter(wanted),
        kinds=KINDS,
        formats=_formats(wanted.kind),
        areas=places.area_options(scope),
        lanes=queries.lanes_in(scope, wanted.area) if wanted.kind == "courtyard" else (),
        lacking=queries.lacking(scope, wanted),
    )


def _formats(kind: str) -> dict[str, str]:
    names = ("card",) if kind == "household" else ("12", "door")
    return {name: FORMATS[name][0] for name in names}


@bp.post("/desk/codes/prepare")
@requires("codes.print")
def prepare() -> Response:
    """Give a code to whoever of the list has none, then lead to the sheet."""
    wanted = _wanted()
    rows = db.session.execute(queries.holders_statement(actor().scope("codes.print"), wanted)).all()
    made = service.make_missing(
        holder_ids=[row[0] for row in rows if row.token is None], actor=actor(), now=clock.now()
    )
    layout = request.form.get("format", "")
    layout = layout if layout in _formats(wanted.kind) else next(iter(_formats(wanted.kind)))
    log(
        actor(),
        "code:printed",
        now=clock.now(),
        object_kind="code",
        area_path=only_area(actor().scope("codes.print")),
        kind=wanted.kind,
        count=len(rows),
        format=layout,
    )
    if made:
        flash(f"新生成了 {made} 个码。", "success")
    return go(url_for("qrcodes.sheet", format=layout, **_filter(wanted)))


@bp.get("/desk/codes/sheet")
@requires("codes.print")
def sheet() -> Response:
    """The sheet, streamed plate by plate: a whole county's 3,600 need no more memory than one page."""
    wanted = _wanted()
    layout = request.args.get("format", "")
    layout = layout if layout in _formats(wanted.kind) else next(iter(_formats(wanted.kind)))
    plates = queries.plates(
        actor().scope("codes.print"), wanted, base_url=str(current_app.config["BASE_URL"]), beside=words_beside
    )
    return Response(
        stream_template(
            f"qrcodes/sheet_{layout}.html",
            pages=_pages(plates, FORMATS[layout][1]),
            back_url=url_for("qrcodes.codes", **_filter(wanted)),
            words=FORMATS[layout][0],
            invitation="扫码：看积分 · 评一评" if wanted.kind == "shop" else "扫码：看积分 · 找人办事",
            community=_community_name(),
        ),
        mimetype="text/html",
    )


def _community_name() -> str:
    scope = actor().scope("codes.print")
    return places.top_area(scope).name if scope else ""


def _pages(plates: Iterator[Plate], count: int) -> Iterator[list[Plate]]:
    while page := list(islice(plates, count)):
        yield page


@bp.get("/desk/codes/<int:holder_id>")
@requires("codes.print")
def code(holder_id: int) -> Response:
    holder = _holder(holder_id, "codes.print")
    return render(
        "qrcodes/code.html",
        holder=holder,
        active=queries.active_code(holder_id),
        history=queries.codes_of(holder_id),
        states=STATES,
        formats=_formats(holder.kind),
        base_url=current_app.config["BASE_URL"],
    )


def _holder(holder_id: int, permission: str) -> Holder:
    return places.holder_in_scope(holder_id, None, actor().scope(permission))


def _active(holder_id: int) -> Code:
    _holder(holder_id, "codes.manage")
    found = queries.active_code(holder_id)
    return found if found is not None else service.code_of(0)


@bp.route("/desk/codes/<int:holder_id>/replace", methods=["GET", "POST"])
@requires("codes.manage")
def replace(holder_id: int) -> Response:
    return _ending(holder_id, "replace")


@bp.route("/desk/codes/<int:holder_id>/revoke", methods=["GET", "POST"])
@requires("codes.manage")
def revoke(holder_id: int) -> Response:
    return _ending(holder_id, "revoke")


def _ending(holder_id: int, verb: str) -> Response:
    active = _active(holder_id)
    form = EndCodeForm()
    if perform(form, lambda: _end(active, verb, str(form.reason.data))):
        flash(
            "已更换，请打印新码，旧码扫了会说明已更换。" if verb == "replace" else "已作废，旧码扫了会说明已作废。",
            "success",
        )
        return go(url_for("qrcodes.code", holder_id=holder_id))
    return render("qrcodes/end.html", form=form, code=active, verb=verb, status=status_of(form))


def _end(active: Code, verb: str, reason: str) -> bool:
    act = service.replace if verb == "replace" else service.revoke
    act(code=active, reason=reason, actor=actor(), now=clock.now())
    return True
