"""Service stations at the desk."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, url_for

from webapp.core import clock
from webapp.places import queries, service
from webapp.places.forms import StationForm
from webapp.places.models import Station
from webapp.places.views.blueprint import area_nodes, asked_area, bp, closing, listing
from webapp.web.access import actor, requires
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/stations")
@requires("places.view")
def stations() -> Response:
    asked = listing()
    page = paginate(queries.stations(asked.scope, asked.wanted))
    return render("places/stations.html", "places/_stations.html", page=page, asked=asked)


@bp.get("/desk/stations/<int:station_id>")
@requires("places.view")
def station(station_id: int) -> Response:
    found = queries.station(station_id, actor().scope("places.view"))
    return render("places/station.html", station=found)


@bp.route("/desk/stations/new", methods=["GET", "POST"])
@requires("places.edit")
def add_station() -> Response:
    chosen = asked_area()
    form = StationForm(area_id=chosen.id if chosen else None)
    form.area_id.choose_from(area_nodes(chosen))
    added = perform(form, lambda: service.add_station(actor=actor(), now=clock.now(), **_facts(form)))
    if added is not None:
        flash(f"已新增服务站「{added.name}」。", "success")
        return go(url_for("places.station", station_id=added.id))
    return render("places/station_form.html", form=form, station=None, status=status_of(form))


def _facts(form: StationForm) -> dict[str, Any]:
    return {
        "area": queries.area(form.area_id.data, actor().scope("places.edit")),
        "name": form.name.data,
        "address": form.address.data,
        "phone": form.phone.data,
        "hours": form.hours.data,
    }


@bp.route("/desk/stations/<int:station_id>/edit", methods=["GET", "POST"])
@requires("places.edit")
def change_station(station_id: int) -> Response:
    found = queries.station(station_id, actor().scope("places.edit"))
    form = StationForm(obj=found)
    form.area_id.choose_from(area_nodes(found.area))
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("places.station", station_id=found.id))
    return render("places/station_form.html", form=form, station=found, status=status_of(form))


def _change(found: Station, form: StationForm) -> bool:
    service.change_station(actor=actor(), now=clock.now(), station=found, **_facts(form))
    return True


@bp.route("/desk/stations/<int:station_id>/close", methods=["GET", "POST"])
@requires("places.edit")
def close_station(station_id: int) -> Response:
    found = queries.station(station_id, actor().scope("places.edit"))
    return closing(
        found.name,
        back=url_for("places.station", station_id=found.id),
        act=lambda: service.close_station(actor=actor(), now=clock.now(), station=found),
        facts="停用后不再出现在列表里。站里的自助终端请在「自助终端」里另行停用。",
    )


@bp.post("/desk/stations/<int:station_id>/reopen")
@requires("places.edit")
def reopen_station(station_id: int) -> Response:
    found = queries.station(station_id, actor().scope("places.edit"))
    service.reopen_station(actor=actor(), now=clock.now(), station=found)
    flash(f"已重新启用「{found.name}」。", "success")
    return go(url_for("places.station", station_id=found.id))
