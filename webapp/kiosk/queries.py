"""Reads of the kiosk. Device and resident come in one prepared query: it runs on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import bindparam, case, select

from webapp.core import clock, signing
from webapp.core.errors import NotFound
from webapp.core.points import ZERO, Points
from webapp.kiosk.models import KioskVisit
from webapp.ledger.book import AccountState, EntryLine, RecentLine
from webapp.ledger.lapsing import LapseWarning
from webapp.ledger.queries import ACCOUNT_WITH_DUE, account_and_warning, entries_between, entry, recent_lines
from webapp.places.models import Area, Holder, Household, Station
from webapp.prepared import Places, Prepared
from webapp.rankings.queries import with_newest_place
from webapp.records.models import LIVE, STILL_COMING, Record, RecordPhoto
from webapp.records.queries import until_words
from webapp.schemes.models import RuleVersion
from webapp.users.models import Device

#: How long a PIN counts for spending within the visit.
PIN_GOOD_FOR = timedelta(minutes=5)
#: Lines on the balance page: four are seen lying, all of them standing.
LAST_LINES = 8


class Terminal(NamedTuple):
    """The kiosk itself: where it stands and which community it shows. ``area_path`` is the community's."""

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


class Visit(NamedTuple):
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


class Line(NamedTuple):
    """One row of 最近的积分: posted (``seq``) or waiting for review (``record_id``). ``by`` says who or what caused it, ``rectify`` until when a
    deduction can be put right.

    A tuple, because every page of a visit makes many of them."""

    title: str
    amount: Points
    day: date
    by: str
    photos: bool
    waiting: bool
    seq: int | None
    record_id: int | None
    rectify: str = ""


class Balance(NamedTuple):
    """Everything the balance page and the slip say. ``place`` is the household's in the newest frozen ranking, that of
    ``ranked_month`` (202611), None without one; ``lapse`` is what lapses soon."""

    account: AccountState
    waiting: Points
    lines: tuple[Line, ...]
    ranked_month: int | None
    place: int | None
    lapse: LapseWarning | None = None


# Device and visit -----------------------------------------------------------------------------------------------------

_device, _station = Device.__table__.c, Station.__table__.c
_here, _parent, _community = Area.__table__.alias(), Area.__table__.alias(), Area.__table__.alias()
_upper = _parent.c.parent_id
#: A station may stand in a grid or a micro-grid. Its community is the book's: a special grid that lies in no
#: community is one of its own (as in ``places.queries.community_of``).
_community_id = case(
    (_here.c.kind == "grid", case((_parent.c.kind == "community", _parent.c.id), else_=_here.c.id)),
    (
        _here.c.kind == "micro_grid",
        case(
            (_parent.c.kind == "community", _parent.c.id),
            (
                select(Area.__table__.c.kind).where(Area.__table__.c.id == _upper).scalar_subquery() == "community",
                _upper,
            ),
            else_=_parent.c.id,
        ),
    ),
    else_=_here.c.id,
)
_TERMINAL_COLUMNS = (
    _device.id,
    _device.name,
    _device.paper,
    _device.printer,
    _station.id,
    _station.name,
    _station.phone,
    _station.area_id,
    _community.c.path,
    _community.c.id,
    _community.c.name,
    _community.c.phone,
)
_home, _household = Holder.__table__.c, Household.__table__.c
_yard = Holder.__table__.alias()
_visit = KioskVisit.__table__.c
_live_device = (
    select(*_TERMINAL_COLUMNS)
    .select_from(Device.__table__)
    .join(Station.__table__, _station.id == _device.station_id)
    .join(_here, _here.c.id == _station.area_id)
    .outerjoin(_parent, _parent.c.id == _here.c.parent_id)
    .join(_community, _community.c.id == _community_id)
    .where(_device.token_print == bindparam("device"), _device.revoked_at.is_(None), _station.active)
)
_LIVE_DEVICE = Prepared(_live_device)
_LIVE_VISIT = Prepared(
    _live_device.add_columns(
        _visit.id,
        _visit.household_id,
        _visit.account_id,
        _home.number,
        _home.name,
        _household.courtyard_id,
        _yard.c.name,
        _home.area_id,
        _visit.pin_at,
    )
    .join(KioskVisit.__table__, _visit.device_id == _device.id)
    .join(Household.__table__, _household.id == _visit.household_id)
    .join(Holder.__table__, _home.id == _visit.household_id)
    .outerjoin(_yard, _yard.c.id == _household.courtyard_id)
    .where(
        _visit.token_print == bindparam("visit"),
        _visit.ended_at.is_(None),
        _visit.expires_at > bindparam("now", type_=_visit.expires_at.type),
        _home.active,
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
    row = _LIVE_DEVICE.first(device=signing.fingerprint(device_token))
    return _terminal(row) if row else None


def visit_of(device_token: str, visit_token: str, now: datetime) -> tuple[Terminal, Visit] | None:
    """Kiosk and resident in one query; None if either has ended. A visit is good on its own kiosk only."""
    prints = {"device": signing.fingerprint(device_token), "visit": signing.fingerprint(visit_token)}
    row = _LIVE_VISIT.first(now=now, **prints)
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


# The book -------------------------------------------------------------------------------------------------------------

_own = ACCOUNT_WITH_DUE.selected_columns
_ACCOUNT = Prepared(
    with_newest_place(ACCOUNT_WITH_DUE, community=_own.community_id, scheme=_own.scheme_id, holder=_own.holder_id)
)
_record, _version, _photo = Record.__table__.c, RuleVersion.__table__.c, RecordPhoto.__table__.c
_WAITING = Prepared(
    select(_record.id, _version.title, _record.points, _record.happened_on, _record.recorder_label)
    .join(RuleVersion.__table__, _version.id == _record.rule_version_id)
    .where(
        _record.holder_id == bindparam("household"),
        STILL_COMING,
        _record.scheme_id == bindparam("scheme"),
    )
    .order_by(_record.happened_on.desc(), _record.id.desc())
)
_LINES = Places("record", LAST_LINES)
_HAS_PHOTO = select(_photo.record_id).where(_photo.record_id == _record.id).correlate(Record.__table__).exists()
_ABOUT = Prepared(
    select(
        _record.id,
        _HAS_PHOTO.label("photos"),
        case((_record.state.in_(LIVE), _record.rectify_until), else_=None).label("until"),
    ).where(_record.id.in_(_LINES.parameters()))
)


def balance(visit: Visit, now: datetime) -> Balance:
    """What the resident sees first: at most four prepared queries beside the gate's one.

    :raises NotFound: if there is no such account.
    """
    today = clock.local_date(now)
    row = _ACCOUNT.first(account=visit.account_id)
    if row is None:
        raise NotFound("没有找到这个积分账户。")
    account, lapse = account_and_warning(row, today)
    waiting = waiting_lines(visit.household_id, account.scheme_id)
    posted = [posted_line(line) for line in recent_lines(visit.account_id, LAST_LINES)]
    newest = sorted([*waiting, *posted], key=lambda line: line.day, reverse=True)[:LAST_LINES] if waiting else posted
    coming = Points(sum(line.amount.tenths for line in waiting))
    return Balance(account, coming, _with_records(newest, today), row.ranked_month, row.place, lapse)


def waiting_lines(household_id: int, scheme_id: int) -> list[Line]:
    """What is recorded and waits for review, newest first."""
    rows = _WAITING.all(household=household_id, scheme=scheme_id)
    return [
        Line(
            title=title,
            amount=Points(points),
            day=day,
            by=f"{label} 记",
            photos=False,
            waiting=True,
            seq=None,
            record_id=record_id,
        )
        for record_id, title, points, day, label in rows
    ]


def posted_line(entry: RecentLine) -> Line:
    """A line of the book in the kiosk's words."""
    recorded = entry.kind == "record"
    return Line(
        title=entry.title,
        amount=Points(entry.amount),
        day=entry.happened_on,
        by=f"{entry.actor_label} 记" if recorded else entry.note,
        photos=False,
        waiting=False,
        seq=entry.seq,
        record_id=entry.cause_id if recorded and entry.cause_kind == "record" else None,
    )


def _with_records(lines: list[Line], today: date) -> tuple[Line, ...]:
    """Say of each line whether a photo belongs to it, and until when it can be put right; asks only if some line comes
    from a record."""
    asked = [line.record_id for line in lines if line.record_id]
    if not asked:
        return tuple(lines)
    known = {row.id: row for row in _ABOUT.all(**_LINES.filled(asked))}
    return tuple(_about(line, known.get(line.record_id or 0), today) for line in lines)


def _about(line: Line, row: Any, today: date) -> Line:
    if row is None:
        return line
    rectify = until_words(row.until) if row.until and row.until >= today else ""
    return line._replace(photos=bool(row.photos), rectify=rectify)


@dataclass(frozen=True, slots=True)
class MonthSums:
    """What came and went in one month of one account; ``gone`` is a size."""

    earned: Points
    gone: Points


def month_of_book(account_id: int, month: int) -> tuple[MonthSums, list[Line]]:
    """The lines that were posted in a month (202611), newest first, and what they add up to."""
    lines = [posted_line(_short(one)) for one in entries_between(account_id, *clock.month_bounds(month))]
    earned = sum((line.amount for line in lines if line.amount > ZERO), ZERO)
    gone = sum((-line.amount for line in lines if line.amount < ZERO), ZERO)
    return MonthSums(earned, gone), lines


def _short(entry: EntryLine) -> RecentLine:
    return RecentLine(
        seq=entry.seq,
        amount=entry.amount.tenths,
        kind=entry.kind,
        cause_kind=entry.cause.kind,
        cause_id=entry.cause.id,
        title=entry.title,
        note=entry.note,
        actor_label=entry.actor_label,
        happened_on=entry.happened_on,
    )


def first_month(account: AccountState) -> int | None:
    """The month of the account's first line; None if it has none."""
    return clock.month_of(entry(account.id, 1).posted_at) if account.entries else None


def following_month(month: int) -> int:
    """202612 -> 202701."""
    return month + 1 if month % 100 < 12 else month + 89
