"""Honours at the desk: who holds what, certificates, Excel, withdrawal, and the kinds."""

from __future__ import annotations

import io
from typing import Any

from flask import Response, current_app, flash, request, send_file, url_for

from webapp.core import clock
from webapp.core.errors import Conflict
from webapp.core.points import Points
from webapp.core.sheets import Column, write_table_to
from webapp.extensions import db
from webapp.honours import queries, service
from webapp.honours.forms import KindForm, WithdrawForm
from webapp.honours.models import PRESETS, STATES, Honour, HonourKind
from webapp.honours.views.blueprint import bp
from webapp.places.models import Area
from webapp.places.queries import communities_in
from webapp.qrcodes.drawing import qr_path
from webapp.rankings.models import PERIODS
from webapp.rankings.showing import period_name
from webapp.reviews.queries import community_of_reviewer
from webapp.schemes.models import Scheme
from webapp.schemes.queries import schemes_for
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {"courtyard": "院落", "household": "住户", "shop": "商铺", "person": "个人"}


def community(permission: str) -> Area:
    """The community asked for, or the first one's. :raises NotFound: outside the scope."""
    return community_of_reviewer(actor().scope(permission), request.args.get("community", type=int))


def period_words(period: str, month: int) -> str:
    """``2026 年 10 月``, ``2026 年 第四季度``, ``2026 年``."""
    words = period_name(period, month)
    return words if period == "year" else f"{month // 100} 年 {words}"


def _state() -> str:
    asked = request.args.get("state", "")
    return asked if asked in STATES else "current"


@bp.get("/desk/honours")
@requires("records.view")
def honours() -> Response:
    here, state = community("records.view"), _state()
    return render(
        "honours/list.html",
        "honours/_list.html",
        community=here,
        communities=communities_in(actor().scope("records.view")),
        state=state,
        states=STATES,
        page=paginate(queries.honours_statement(here.id, state, clock.today())),
        periods=PERIODS,
    )


COLUMNS = (
    Column("number", "证书编号"),
    Column("title", "荣誉"),
    Column("name", "获得者"),
    Column("spot", "网格或地点"),
    Column("place", "名次", "integer"),
    Column("points", "积分", "points"),
    Column("starts_on", "从", "date"),
    Column("ends_on", "到", "date"),
    Column("decided", "谁定的"),
    Column("note", "会议记录"),
    Column("withdrawn", "撤销"),
)


@bp.get("/desk/honours/excel")
@requires("records.view")
def excel() -> Response:
    """Exactly the list; names are masked, so it needs no reason."""
    here, state, book = community("records.view"), _state(), io.BytesIO()
    found = db.session.scalars(queries.honours_statement(here.id, state, clock.today()))
    write_table_to(
        book, "荣誉", COLUMNS, [_cells(one) for one in found], notes=[("社区", here.name), ("状态", STATES[state])]
    )
    book.seek(0)
    name = f"{clock.today()}_荣誉_{STATES[state]}_{here.name}.xlsx"
    return send_file(book, mimetype=XLSX, as_attachment=True, download_name=name)


def _cells(one: Honour) -> dict[str, Any]:
    gone = one.withdrawn_at
    when = f"{clock.local_date(gone)} {one.withdrawn_label}：{one.withdrawn_reason}" if gone else ""
    plain = {name: getattr(one, name) for name in ("number", "title", "spot", "place", "starts_on", "ends_on")}
    more = {"name": one.shown_name, "points": Points(one.points), "withdrawn": when}
    return plain | more | {"decided": one.choice.decided_label, "note": one.choice.note}


@bp.get("/desk/honours/<int:honour_id>/certificate")
@requires("honours.decide")
def certificate(honour_id: int) -> Response:
    """For the wall: A4 lying, the full name, the code that leads to the page where anybody checks it."""
    honour = queries.honour_in_scope(honour_id, actor().scope("honours.decide"))
    if honour.state(clock.today()) == "withdrawn":
        raise Conflict("这项荣誉已经撤销，不能再打印证书。挂着的请收回来。")
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    link = f"{base}{url_for('honours.check', code=honour.code)}".upper()
    full = actor().may("people.unmask", honour.community.path)
    return render(
        "honours/certificate.html",
        honour=honour,
        name=honour.holder.name if full else honour.shown_name,
        state=honour.state(clock.today()),
        states=STATES,
        qr=qr_path(link, "M"),
        period=period_words(honour.choice.period, honour.choice.month),
    )


@bp.route("/desk/honours/<int:honour_id>/withdraw", methods=["GET", "POST"])
@requires("honours.decide")
def withdraw(honour_id: int) -> Response:
    honour, form = queries.honour_in_scope(honour_id, actor().scope("honours.decide")), WithdrawForm()
    if perform(form, lambda: _withdrawn(honour, form)):
        flash(f"{honour.shown_name}的「{honour.title}」已撤销，公开页、公示屏、终端都不再显示。", "success")
        return go(url_for("honours.honours", community=honour.community_id))
    return render("honours/withdraw.html", form=form, honour=honour, status=status_of(form))


def _withdrawn(honour: Honour, form: WithdrawForm) -> bool:
    service.withdraw(actor=actor(), honour=honour, reason=form.reason.data or "", now=clock.now())
    return True


# Kinds ----------------------------------------------------------------------------------------------------------------


@bp.get("/desk/honours/kinds")
@requires("records.view")
def kinds() -> Response:
    here = community("records.view")
    found = queries.kinds_of(here.id)
    names = {one.name for one in found}
    return render(
        "honours/kinds.html",
        community=here,
        kinds=found,
        months={one.id: queries.months_to_choose(one) for one in found if one.active},
        decided=queries.choices_of(here.id),
        periods=PERIODS,
        presets=[(number, name) for number, (name, _, _) in enumerate(PRESETS) if name not in names],
    )


@bp.route("/desk/honours/kinds/new", methods=["GET", "POST"])
@requires("honours.decide")
def add_kind() -> Response:
    here = community("honours.decide")
    schemes = _schemes(here)
    form = _new_form(schemes)
    form.scheme_id.choices = options((one.id, f"{one.name}（{KINDS[one.holder_kind]}）") for one in schemes)
    if perform(form, lambda: _added(here, form)):
        flash("已新增。每次公示以后，就可以按它评选。", "success")
        return go(url_for("honours.kinds", community=here.id))
    return render("honours/kind_form.html", form=form, community=here, kind=None, status=status_of(form))


def _schemes(here: Area) -> list[Scheme]:
    return [one for kind in KINDS for one in schemes_for(here, kind)]


def _new_form(schemes: list[Scheme]) -> KindForm:
    """Filled in as towns do it: from a preset, if one was chosen."""
    number = request.args.get("preset", type=int)
    known = number is not None and 0 <= number < len(PRESETS)
    name, holder_kind, places = PRESETS[number] if known and number is not None else ("", "courtyard", 3)
    scheme = next((one.id for one in schemes if one.holder_kind == holder_kind), None)
    filled = {"name": name, "scheme_id": scheme, "places": places, "minimum": Points(0), "months": 12}
    return KindForm(data=filled | {"period": "month", "leagues": "all", "no_veto": True, "active": True})


def _added(here: Area, form: KindForm) -> HonourKind:
    scheme = db.session.get_one(Scheme, form.scheme_id.data)
    return service.add_kind(actor=actor(), community=here, scheme=scheme, rule=form.rule(), now=clock.now())


@bp.route("/desk/honours/kinds/<int:kind_id>/edit", methods=["GET", "POST"])
@requires("honours.decide")
def change_kind(kind_id: int) -> Response:
    kind = queries.kind_in_scope(kind_id, actor().scope("honours.decide"))
    form = KindForm.of(kind)
    del form.scheme_id
    if perform(form, lambda: _changed(kind, form)):
        flash("已保存，从下一次评选起用；已经定的不变。", "success")
        return go(url_for("honours.kinds", community=kind.community_id))
    return render("honours/kind_form.html", form=form, community=kind.community, kind=kind, status=status_of(form))


def _changed(kind: HonourKind, form: KindForm) -> bool:
    service.change_kind(actor=actor(), kind=kind, rule=form.rule(), active=bool(form.active.data), now=clock.now())
    return True
