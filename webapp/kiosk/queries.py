"""Reads of the kiosk. Device and resident come in one prepared query: it runs on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from webapp.core import signing
from webapp.core.points import Points
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit
from webapp.ledger.book import AccountState
from webapp.places.models import Area, Holder, Household, Station
from webapp.users.models import Device

#: How long a PIN counts for spending within the visit.
PIN_GOOD_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Terminal:
    """The kiosk itself: where it stands and which community it shows."""

    device_id: int
    name: str
    paper: str
    printer: str
    station_id: int
    station: str
    phone: str
    area_id: int
    area_path: str
    community_id: int
    community: str


@dataclass(frozen=True, slots=True)
class Visit:
    """Who stands at the kiosk. ``name`` is the householder's in full: mask it before it is shown."""

    id: int
    token: str
    household_id: int
    account_id: int
    number: str
    name: str
    courtyard_id: int | None
    courtyard: str
    area_id: int
    pin_at: datetime | None

    def may_spend(self, now: datetime) -> bool:
        """Whether the PIN was given in this visit, lately."""
        return self.pin_at is not None and now - self.pin_at <= PIN_GOOD_FOR


@dataclass(frozen=True, slots=True)
class Line:
    """One row of 最近的积分: posted (``seq``) or waiting for review (``record_id``)."""

    title: str
    amount: Points
    day: date
    by: str
    photos: bool
    waiting: bool
    seq: int | None
    record_id: int | None


@dataclass(frozen=True, slots=True)
class Balance:
    """Everything the balance page and the slip say. ``place`` is among the households of the courtyard."""

    account: AccountState
    waiting: Points
    lines: tuple[Line, ...]
    place: int | None


_community = aliased(Area)
_TERMINAL_COLUMNS = (
    Device.id,
    Device.name,
    Device.paper,
    Device.printer,
    Station.id,
    Station.name,
    Station.phone,
    Station.area_id,
    _community.path,
    _community.id,
    _community.name,
    _community.phone,
)
_home = Holder.__table__
_yard = Holder.__table__.alias()
_LIVE_DEVICE = (
    select(*_TERMINAL_COLUMNS)
    .select_from(Device)
    .join(Station, Station.id == Device.station_id)
    .join(_community, _community.id == Station.area_id)
    .where(Device.token_print == bindparam("device"), Device.revoked_at.is_(None), Station.active)
)
_LIVE_VISIT = (
    _LIVE_DEVICE.add_columns(
        KioskVisit.id,
        KioskVisit.household_id,
        KioskVisit.account_id,
        _home.c.number,
        _home.c.name,
        Household.__table__.c.courtyard_id,
        _yard.c.name,
        _home.c.area_id,
        KioskVisit.pin_at,
    )
    .join(KioskVisit, KioskVisit.device_id == Device.id)
    .join(Household.__table__, Household.__table__.c.id == KioskVisit.household_id)
    .join(_home, _home.c.id == KioskVisit.household_id)
    .outerjoin(_yard, _yard.c.id == Household.__table__.c.courtyard_id)
    .where(
        KioskVisit.token_print == bindparam("visit"),
        KioskVisit.ended_at.is_(None),
        KioskVisit.expires_at > bindparam("now"),
        _home.c.active,
    )
)
_TERMINAL_WIDTH = len(_TERMINAL_COLUMNS)


def _terminal(row: Any) -> Terminal:
    device, name, paper, printer, station_id, station, phone, area_id, path, community_id, community, desk = row
    return Terminal(
        device_id=device,
        name=name,
        paper=paper,
        printer=printer,
        station_id=station_id,
        station=station,
        phone=phone or desk,
        area_id=area_id,
        area_path=path,
        community_id=community_id,
        community=community,
    )


def terminal_of(device_token: str) -> Terminal | None:
    """The paired kiosk with this token; None if it was revoked or never paired."""
    row = db.session.execute(_LIVE_DEVICE, {"device": signing.fingerprint(device_token)}).one_or_none()
    return _terminal(row) if row else None


def visit_of(device_token: str, visit_token: str, now: datetime) -> tuple[Terminal, Visit] | None:
    """Kiosk and resident in one query; None if either has ended. A visit is good on its own kiosk only."""
    params = {
        "device": signing.fingerprint(device_token),
        "visit": signing.fingerprint(visit_token),
        "now": now,
    }
    row = db.session.execute(_LIVE_VISIT, params).one_or_none()
    if row is None:
        return None
    ident, household, account, number, name, yard_id, yard, area_id, pin_at = row[_TERMINAL_WIDTH:]
    visit = Visit(
        id=ident,
        token=visit_token,
        household_id=household,
        account_id=account,
        number=number,
        name=name,
        courtyard_id=yard_id,
        courtyard=yard or "",
        area_id=area_id,
        pin_at=pin_at,
    )
    return _terminal(row[:_TERMINAL_WIDTH]), visit
