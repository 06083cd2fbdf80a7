"""The area tree at the desk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, flash, url_for
from wtforms.fields.choices import SelectChoice

from webapp.core import clock
from webapp.places import queries, service
from webapp.places.forms import AreaForm, MoveAreaForm
from webapp.places.models import AREA_KINDS, Area
from webapp.places.views.blueprint import area_nodes, asked_area, bp, closing, listing
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render


@bp.get("/desk/areas")
@requires("places.view")
def areas() -> Response:
    asked = listing()
    top = (asked.area.path,) if asked.area else asked.scope
    nodes = queries.area_tree(top, active=asked.wanted.state == "active")
    return render("places/areas.html", "places/_areas.html", nodes=nodes, asked=asked, kinds=AREA_KINDS)


@bp.get("/desk/areas/<int:area_id>")
@requires("places.view")
def area(area_id: int) -> Response:
    scope = actor().scope("places.view")
    found = queries.area(area_id, scope)
    return render(
        "places/area.html",
        area=found,
        nodes=[
            replace(node, depth=node.depth - 1) for node in queries.area_tree((found.path,), active=False) if node.depth
        ],
        above=[above for above in queries.ancestors(found) if above.path.startswith(scope)],
        stations=queries.stations_in((found.path,)),
        kinds=AREA_KINDS,
    )


@bp.route("/desk/areas/new", methods=["GET", "POST"])
@requires("places.edit")
def add_area() -> Response:
    """``?area=`` names the parent; without it the top of what the actor keeps."""
    parent = asked_area() or queries.top_area(actor().scope("places.edit"))
    form = AreaForm()
    form.kind.choices = _kinds_below(parent)
    added = perform(
        form,
        lambda: service.add_area(actor=actor(), now=clock.now(), parent=parent, kind=form.kind.data, **_facts(form)),
    )
    if added is not None:
        flash(f"已新增「{added.name}」。", "success")
        return go(url_for("places.area", area_id=added.id))
    return render("places/area_form.html", form=form, parent=parent, area=None, status=status_of(form))


def _kinds_below(parent: Area) -> list[SelectChoice]:
    return options(item for item in AREA_KINDS.items() if service.may_lie_in(item[0], parent.kind))


def _facts(form: AreaForm) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "number": form.number.data,
        "colour": form.colour.data if "colour" in form else None,
        "phone": form.phone.data,
        "position": form.position.data,
    }


@bp.route("/desk/areas/<int:area_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_area(area_id: int) -> Response:
    found = queries.area(area_id, actor().scope("places.edit"))
    form = AreaForm(obj=found)
    del form.kind
    if found.kind != "grid":
        del form.colour
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.area", area_id=found.id))
    return render("places/area_form.html", form=form, parent=None, area=found, status=status_of(form))


def _change(found: Area, form: AreaForm) -> bool:
    service.change_area(actor=actor(), now=clock.now(), area=found, **_facts(form))
    return True


@bp.route("/desk/areas/<int:area_id>/move", methods=["GET", "POST"])
@requires("places.edit")
def move_area(area_id: int) -> Response:
    found = queries.area(area_id, actor().scope("places.edit"))
    form = MoveAreaForm(parent_id=found.parent_id)
    nodes = [node for node in area_nodes(found) if service.may_lie_in(found.kind, node.area.kind)]
    form.parent_id.choose_from(node for node in nodes if not node.area.path.startswith(found.path))
    if perform(form, lambda: _move(found, form)):
        flash(f"已把「{found.name}」和它下面的全部迁过去。", "success")
        return go(url_for("places.area", area_id=found.id))
    return render("places/area_move.html", form=form, area=found, status=status_of(form))


def _move(found: Area, form: MoveAreaForm) -> bool:
    parent = queries.area(form.parent_id.data, actor().scope("places.edit"))
    service.move_area(actor=actor(), now=clock.now(), area=found, parent=parent)
    return True


@bp.route("/desk/areas/<int:area_id>/close", methods=["GET", "POST"])
@requires("places.edit")
def close_area(area_id: int) -> Response:
    found = queries.area(area_id, actor().scope("places.edit"))
    return closing(
        found.name,
        back=url_for("places.area", area_id=found.id),
        act=lambda: service.close_area(actor=actor(), now=clock.now(), area=found),
        facts="只有空的区域才能停用：里面没有在用的下级区域、院落、住户、商铺、人员和服务站。",
    )


@bp.post("/desk/areas/<int:area_id>/reopen")
@requires("places.edit")
def reopen_area(area_id: int) -> Response:
    found = queries.area(area_id, actor().scope("places.edit"))
    service.reopen_area(actor=actor(), now=clock.now(), area=found)
    flash(f"已重新启用「{found.name}」。", "success")
    return go(url_for("places.area", area_id=found.id))
