"""Service stations: where kiosks stand and goods are handed over."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.places.models import Area, Station
from webapp.places.service.checks import line, lock_register, must_edit, put


def add_station(
    *, actor: Actor, now: datetime, area: Area, name: str, address: str = "", phone: str = "", hours: str = ""
) -> Station:
    """:raises Invalid: for an unfit value or a closed area. :raises Conflict: if the area has one of this name."""
    must_edit(actor, area)
    lock_register(area)
    station = Station(area_id=_usable(area).id, active=True)
    put(station, **_facts(name, address, phone, hours))
    _free_name(station.name, area, besides=None)
    db.session.add(station)
    db.session.flush()
    _log(actor, "added", station, area, now)
    return station


def change_station(
    *,
    actor: Actor,
    now: datetime,
    station: Station,
    area: Area,
    name: str,
    address: str = "",
    phone: str = "",
    hours: str = "",
) -> None:
    """Change a station, its area included. Raises what ``add_station`` raises."""
    must_edit(actor, station.area, area)
    lock_register(area)
    facts = _facts(name, address, phone, hours)
    _free_name(str(facts["name"]), area, besides=station)
    if area.id != station.area_id:
        _usable(area)
    changed = put(station, area_id=area.id, **facts)
    db.session.flush()
    db.session.expire(station, ["area"])
    if changed:
        _log(actor, "changed", station, area, now, fields=changed)


def _facts(name: str, address: str, phone: str, hours: str) -> dict[str, object]:
    return {
        "name": line(name, label="服务站名称", field="name", limit=60, needed=True),
        "address": line(address, label="地址", field="address", limit=120),
        "phone": line(phone, label="电话", field="phone", limit=30),
        "hours": line(hours, label="开放时间", field="hours", limit=60),
    }


def _usable(area: Area) -> Area:
    if not area.active:
        raise Invalid(f"「{area.name}」已停用，请选择在用的区域。", field="area_id")
    return area


def _free_name(name: str, area: Area, *, besides: Station | None) -> None:
    same = db.session.scalar(select(Station).where(Station.area_id == area.id, Station.name == name))
    if same is not None and same is not besides:
        raise Conflict(f"「{area.name}」已经有服务站「{name}」了，请换一个名称。", field="name")


def close_station(*, actor: Actor, now: datetime, station: Station) -> None:
    """Take a station out of use; its kiosks are revoked where devices are managed."""
    _set_active(actor, station, False, now)


def reopen_station(*, actor: Actor, now: datetime, station: Station) -> None:
    """:raises Invalid: if its area is out of use."""
    _usable(station.area)
    _set_active(actor, station, True, now)


def _set_active(actor: Actor, station: Station, active: bool, now: datetime) -> None:
    must_edit(actor, station.area)
    if put(station, active=active):
        db.session.flush()
        _log(actor, "reopened" if active else "closed", station, station.area, now)


def _log(actor: Actor, verb: str, station: Station, area: Area, now: datetime, **detail: object) -> None:
    log(actor, f"station:{verb}", now=now, object_kind="station", object_id=station.id, area_path=area.path, **detail)
