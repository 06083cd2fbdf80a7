"""Kiosks at the desk: add, pair, revoke."""

from __future__ import annotations

from flask import Response, current_app, flash, url_for

from webapp.core import clock
from webapp.users import queries
from webapp.users.forms import DeviceForm
from webapp.users.models import Device
from webapp.users.service import devices as service
from webapp.users.service.devices import PAPERS
from webapp.users.views.blueprint import bp
from webapp.web.access import actor, requires
from webapp.web.forms import options, perform, status_of
from webapp.web.htmx import go, render


@bp.get("/desk/devices")
@requires("devices.manage")
def devices() -> Response:
    found = queries.devices_in(actor().scope("devices.manage"))
    return render("users/devices.html", devices=found, papers=PAPERS, now=clock.now())


@bp.route("/desk/devices/new", methods=["GET", "POST"])
@requires("devices.manage")
def add_device() -> Response:
    form = _form(None)
    made = perform(form, lambda: _add(form))
    if made is not None:
        return _pairing_page(*made)
    return render("users/device_form.html", form=form, device=None, status=status_of(form))


def _form(device: Device | None) -> DeviceForm:
    form = DeviceForm(obj=device)
    stations = queries.stations_in(actor().scope("devices.manage"))
    form.station_id.choices = options((one.id, f"{one.name}（{one.area.name}）") for one in stations)
    return form


def _add(form: DeviceForm) -> tuple[Device, str]:
    stations = {one.id: one for one in queries.stations_in(actor().scope("devices.manage"))}
    return service.add_device(station=stations[form.station_id.data], **_facts(form), actor=actor(), now=clock.now())


def _facts(form: DeviceForm) -> dict[str, str]:
    return {"name": form.name.data or "", "paper": form.paper.data, "printer": form.printer.data or ""}


def _pairing_page(device: Device, token: str) -> Response:
    """The address is shown this once; it is good for a day."""
    path = url_for("kiosk.pair", token=token) if "kiosk.pair" in current_app.view_functions else ""
    base = str(current_app.config["BASE_URL"]).rstrip("/")
    return render("users/pairing.html", device=device, address=f"{base}{path}", hours=24)


@bp.route("/desk/devices/<int:device_id>/edit", methods=["GET", "POST"])
@requires("devices.manage")
def change_device(device_id: int) -> Response:
    found = queries.device_in_scope(device_id, actor().scope("devices.manage"))
    form = _form(found)
    del form.station_id
    if perform(form, lambda: _change(found, form)):
        flash("已保存。", "success")
        return go(url_for("users.devices"))
    return render("users/device_form.html", form=form, device=found, status=status_of(form))


def _change(found: Device, form: DeviceForm) -> bool:
    service.change_device(device=found, **_facts(form), actor=actor(), now=clock.now())
    return True


@bp.post("/desk/devices/<int:device_id>/pair")
@requires("devices.manage")
def pair_again(device_id: int) -> Response:
    found = queries.device_in_scope(device_id, actor().scope("devices.manage"))
    return _pairing_page(found, service.pair_again(device=found, actor=actor(), now=clock.now()))


@bp.post("/desk/devices/<int:device_id>/revoke")
@requires("devices.manage")
def revoke_device(device_id: int) -> Response:
    found = queries.device_in_scope(device_id, actor().scope("devices.manage"))
    service.revoke(device=found, actor=actor(), now=clock.now())
    flash(f"「{found.station.name} {found.name}」已停用，那台终端马上打不开了。", "success")
    return go(url_for("users.devices"))
