"""Courtyards at the desk."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.places import queries, service
from webapp.places.forms import CourtyardForm, MoveToAreaForm
from webapp.places.models import Courtyard
from webapp.places.views.blueprint import area_nodes, asked_area, bp, closing, listing
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/courtyards")
@requires("places.view")
def courtyards() -> Response:
    asked = listing()
    page = paginate(queries.courtyards(asked.scope, asked.wanted))
    living = queries.household_counts([courtyard.id for courtyard in page.items])
    return render("places/courtyards.html", "places/_courtyards.html", page=page, asked=asked, living=living)


@bp.get("/desk/courtyards/<int:courtyard_id>")
@requires("places.view")
def courtyard(courtyard_id: int) -> Response:
    found = queries.courtyard(courtyard_id, actor().scope("places.view"))
    households = queries.households_of(found.id)
    return render(
        "places/courtyard.html",
        courtyard=found,
        households=households,
        residents=queries.resident_counts([household.id for household in households]),
        former=queries.former_households(found.id),
    )


@bp.route("/desk/courtyards/new", methods=["GET", "POST"])
@requires("places.edit")
def add_courtyard() -> Response:
    chosen = asked_area()
    form = CourtyardForm(area_id=chosen.id if chosen else None)
    form.area_id.choose_from(area_nodes(chosen))
    added = perform(form, lambda: _add(form))
    if added is not None:
        flash(f"已新增院落「{added.name}」。", "success")
        return go(url_for("places.courtyard", courtyard_id=added.id))
    return render("places/courtyard_form.html", form=form, courtyard=None, status=status_of(form))


def _add(form: CourtyardForm) -> Courtyard:
    return service.add_courtyard(
        actor=actor(),
        now=clock.now(),
        area=queries.area(form.area_id.data, actor().scope("places.edit")),
        **_facts(form),
    )


def _facts(form: CourtyardForm) -> dict[str, Any]:
    return {
        "number": form.number.data,
        "name": form.name.data,
        "address": form.address.data,
        "lane": form.lane.data,
        "position": form.position.data,
    }


@bp.route("/desk/courtyards/<int:courtyard_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_courtyard(courtyard_id: int) -> Response:
    found = queries.courtyard(courtyard_id, actor().scope("places.edit"))
    form = CourtyardForm(obj=found)
    del form.area_id
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.courtyard", courtyard_id=found.id))
    return render("places/courtyard_form.html", form=form, courtyard=found, status=status_of(form))


def _change(found: Courtyard, form: CourtyardForm) -> bool:
    service.change_courtyard(actor=actor(), now=clock.now(), courtyard=found, **_facts(form))
    return True


@bp.route("/desk/courtyards/<int:courtyard_id>/move", methods=["GET", "POST"])
@requires("places.edit")
def move_courtyard(courtyard_id: int) -> Response:
    found = queries.courtyard(courtyard_id, actor().scope("places.edit"))
    form = MoveToAreaForm(area_id=found.area_id)
    form.area_id.choose_from(area_nodes(found.area))
    if perform(form, lambda: _move(found, form)):
        flash("已迁移，院里的住户和居民也跟着迁了。", "success")
        return go(url_for("places.courtyard", courtyard_id=found.id))
    return render("places/courtyard_move.html", form=form, courtyard=found, status=status_of(form))


def _move(found: Courtyard, form: MoveToAreaForm) -> bool:
    area = queries.area(form.area_id.data, actor().scope("places.edit"))
    service.move_courtyard(actor=actor(), now=clock.now(), courtyard=found, area=area)
    return True


@bp.route("/desk/courtyards/<int:courtyard_id>/close", methods=["GET", "POST"])
@requires("places.edit")
def close_courtyard(courtyard_id: int) -> Response:
    found = queries.courtyard(courtyard_id, actor().scope("places.edit"))
    return closing(
        found.name,
        back=url_for("places.courtyard", courtyard_id=found.id),
        act=lambda: service.close_courtyard(actor=actor(), now=clock.now(), courtyard=found),
        facts="停用后不再出现在列表里，积分台账保留，随时可以重新启用。",
    )


@bp.post("/desk/courtyards/<int:courtyard_id>/reopen")
@requires("places.edit")
def reopen_courtyard(courtyard_id: int) -> Response:
    found = queries.courtyard(courtyard_id, actor().scope("places.edit"))
    service.reopen_courtyard(actor=actor(), now=clock.now(), courtyard=found)
    flash(f"已重新启用「{found.name}」。", "success")
    return go(url_for("places.courtyard", courtyard_id=found.id))
