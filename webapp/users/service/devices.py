"""Kiosks as devices: added by staff, paired once by a short-lived address, revoked at once."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from webapp.audit.service import log
from webapp.core import signing
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import Gone, Invalid, NotFound
from webapp.extensions import db
from webapp.places.models import Area, Station
from webapp.users.models import Device

PAIR_WITHIN = timedelta(hours=24)
PAPERS = {"80": "80 毫米小票纸", "58": "58 毫米小票纸", "a4": "A4 纸"}
_PRINTER = re.compile(r"[0-9A-Za-z.-]+(:\d{1,5})?")


def add_device(
    *, station: Station, name: str, paper: str, printer: str, actor: Actor, now: datetime
) -> tuple[Device, str]:
    """A new kiosk of a station. Returns it with the token of its pairing address, good once and for a day."""
    actor.must("devices.manage", station.area.path)
    device = Device(station_id=station.id, created_at=now)
    _apply(device, name, paper, printer)
    db.session.add(device)
    db.session.flush()
    _log(actor, "device:added", device, station, now)
    return device, _new_pairing(device, now)


def change_device(*, device: Device, name: str, paper: str, printer: str, actor: Actor, now: datetime) -> None:
    actor.must("devices.manage", device.station.area.path)
    _apply(device, name, paper, printer)
    db.session.flush()
    _log(actor, "device:changed", device, device.station, now)


def pair_again(*, device: Device, actor: Actor, now: datetime) -> str:
    """A new pairing address: the browser that was paired until now is out at once."""
    actor.must("devices.manage", device.station.area.path)
    device.token_print, device.revoked_at = None, None
    token = _new_pairing(device, now)
    _log(actor, "device:pairing-renewed", device, device.station, now)
    return token


def revoke(*, device: Device, actor: Actor, now: datetime) -> None:
    """The kiosk opens nothing any more, from its next request on."""
    actor.must("devices.manage", device.station.area.path)
    device.token_print, device.pairing_print = None, None
    device.pairing_expires_at, device.revoked_at = None, now
    db.session.flush()
    _log(actor, "device:revoked", device, device.station, now)


def pairing(token: str, now: datetime, *, locked: bool = False) -> Device:
    """The kiosk that a pairing address is for; ``locked`` for whoever is about to use the address up.

    :raises NotFound: if it was used, replaced or never made. :raises Gone: if its day is over.
    """
    statement = select(Device).where(Device.pairing_print == signing.fingerprint(token))
    device = db.session.scalars(statement.with_for_update() if locked else statement).one_or_none()
    if device is None:
        raise NotFound("这个配对地址无效或已经用过。请工作人员在工作台「自助终端」里重新生成。")
    if device.pairing_expires_at is None or device.pairing_expires_at <= now:
        raise Gone("这个配对地址已过期（24 小时内有效）。请工作人员重新生成。")
    return device


def pair_device(token: str, now: datetime, where: str = "") -> tuple[Device, str]:
    """Use a pairing address up, from the network address ``where``. Returns the kiosk and its own token, which only its
    cookie keeps."""
    device = pairing(token, now, locked=True)
    own = signing.random_token()
    device.token_print = signing.fingerprint(own)
    device.pairing_print, device.pairing_expires_at = None, None
    device.paired_at, device.revoked_at = now, None
    db.session.flush()
    _log(replace(SYSTEM, where=where), "device:paired", device, device.station, now)
    return device, own


def _new_pairing(device: Device, now: datetime) -> str:
    token = signing.random_token()
    device.pairing_print, device.pairing_expires_at = signing.fingerprint(token), now + PAIR_WITHIN
    db.session.flush()
    return token


def _apply(device: Device, name: str, paper: str, printer: str) -> None:
    if not name:
        raise Invalid("请写终端名称，例如 1 号终端。", field="name")
    if paper not in PAPERS:
        raise Invalid("请选择小票纸。", field="paper")
    if printer and not _PRINTER.fullmatch(printer):
        raise Invalid("打印机地址写成 主机 或 主机:端口，例如 192.168.1.50:9100；没有就留空。", field="printer")
    device.name, device.paper, device.printer = name, paper, printer


def _log(actor: Actor, action: str, device: Device, station: Station, now: datetime) -> None:
    path = db.session.get_one(Area, station.area_id).path
    log(actor, action, now=now, object_kind="device", object_id=device.id, area_path=path, name=device.name)
