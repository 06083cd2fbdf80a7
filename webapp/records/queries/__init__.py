"""Reads of records: for the scoring page, the book's 为什么 and the kiosk; ``queries.desk`` has the desk's list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import CursorResult, Row, Select, bindparam, case, func, select

from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import Explanation
from webapp.places.models import Area, Courtyard, Holder, Household, Person, Shop
from webapp.records.models import Record
from webapp.records.queries.photos import (
    photo_in_scope as photo_in_scope,
)
from webapp.records.queries.photos import (
    photo_visible_to_household as photo_visible_to_household,
)
from webapp.records.queries.photos import (
    photos_of as photos_of,
)
from webapp.records.queries.photos import (
    records_with_same_photos as records_with_same_photos,
)
from webapp.records.queries.photos import (
    with_photos as with_photos,
)
from webapp.schemes.models import RuleVersion, Scheme
from webapp.schemes.queries import RuleView, rule_version

#: States in which a record counts: towards caps, visits and figures.
LIVE = ("waiting", "posted")
_live = Record.state.in_(LIVE)


@dataclass(frozen=True, slots=True)
class Target:
    """For whom something is recorded, with what recusal and audience need to know. ``path`` is its area's.

    ``household_id``: of a person, or of a shop's owner; ``courtyard_id``: where a household lives. ``address``: of a
    courtyard or shop; of a household its courtyard's name.
    """

    id: int
    kind: str
    number: str
    name: str
    active: bool
    community_id: int
    path: str
    courtyard_id: int | None
    household_id: int | None
    owner_id: int | None
    party_member: bool
    volunteer: bool
    staff: bool
    address: str

    @property
    def area_id(self) -> int:
        return int(self.path.strip("/").split("/")[-1])

    @property
    def shown_name(self) -> str:
        return shown_name(self.kind, self.name)


def shown_name(kind: str, name: str) -> str:
    """As others may see it: shops and courtyards by name, people and households masked."""
    return {"household": f"{mask_name(name)}家", "person": mask_name(name)}.get(kind, name)


_household, _person, _shop = Household.__table__.c, Person.__table__.c, Shop.__table__.c
_owner, _home = Person.__table__.alias("owner"), Holder.__table__.alias("home")
_courtyard = Courtyard.__table__.c
_holder = Holder.__table__.c
_TARGET = (
    select(
        _holder.id,
        _holder.kind,
        _holder.number,
        _holder.name,
        _holder.active,
        _holder.community_id,
        Area.path,
        _household.courtyard_id,
        func.coalesce(_person.household_id, _owner.c.household_id),
        _shop.owner_id,
        func.coalesce(_person.party_member, False),
        func.coalesce(_person.volunteer, False),
        func.coalesce(_person.staff, False),
        func.coalesce(_shop.address, _courtyard.address, _home.c.name, ""),
    )
    .select_from(Holder.__table__)
    .join(Area, Area.id == _holder.area_id)
    .outerjoin(Household.__table__, _household.id == _holder.id)
    .outerjoin(Person.__table__, _person.id == _holder.id)
    .outerjoin(Shop.__table__, _shop.id == _holder.id)
    .outerjoin(_owner, _owner.c.id == _shop.owner_id)
    .outerjoin(Courtyard.__table__, _courtyard.id == _holder.id)
    .outerjoin(_home, _home.c.id == _household.courtyard_id)
    .where(_holder.id == bindparam("holder"))
)


def _run(statement: Select[Any], **values: Any) -> CursorResult[Any]:
    """Prepared Core on the connection: the ORM's way costs more than twice as much."""
    return db.session.connection().execute(statement, values)


#: Records of one holder are made one after the other, so that caps hold. (SQLite has one writer anyway.)
_TARGET_LOCKED = _TARGET.with_for_update(of=Holder.__table__, key_share=True)


def target(holder_id: int, *, locked: bool = False) -> Target:
    """``locked``: nobody else makes a record for this holder before the transaction ends.

    :raises NotFound: if there is no such holder.
    """
    row = _run(_TARGET_LOCKED if locked else _TARGET, holder=holder_id).one_or_none()
    if row is None:
        raise NotFound("没有找到要记分的对象，请重新扫码。")
    return Target(*row)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a scheme says about making records; ``path`` is the area in which it holds."""

    id: int
    name: str
    holder_kind: str
    audience: str
    inspections_post: str
    claims_post: str
    active: bool
    path: str


_scheme, _area = Scheme.__table__.c, Area.__table__.c
_TERMS = (
    select(
        _scheme.id,
        _scheme.name,
        _scheme.holder_kind,
        _scheme.audience,
        _scheme.inspections_post,
        _scheme.claims_post,
        _scheme.active,
        _area.path,
    )
    .join(Area.__table__, _area.id == _scheme.area_id)
    .where(_scheme.id == bindparam("scheme"))
)


def terms(scheme_id: int) -> Terms:
    """Of a scheme that is known to exist."""
    return Terms(*_run(_TERMS, scheme=scheme_id).one())


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an area lies inside its community: ``绿色网格 · 三片区`` and the grid's colour, empty without one."""

    label: str
    colour: str


_AREAS = select(_area.id, _area.kind, _area.name, _area.colour).where(_area.id.in_(bindparam("ids", expanding=True)))


def spots(paths: Iterable[str]) -> dict[str, Spot]:
    """The spots of some area paths, in one query however many there are."""
    ids = {path: [int(part) for part in path.strip("/").split("/")] for path in paths}
    wanted = {area_id for parts in ids.values() for area_id in parts}
    known = {row.id: row for row in _run(_AREAS, ids=sorted(wanted))}
    return {path: _spot([known[part] for part in parts if part in known]) for path, parts in ids.items()}


def _spot(areas: Sequence[Row[Any]]) -> Spot:
    inside = [area for area in areas if area.kind in ("grid", "micro_grid")] or list(areas[-1:])
    colour = next((area.colour for area in reversed(inside) if area.colour), "")
    return Spot(" · ".join(area.name for area in inside), colour)


# One holder -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A record as lists of one holder or one recorder show it."""

    id: int
    holder_id: int
    holder_kind: str
    holder_name: str
    title: str
    points: Points
    state: str
    veto: bool
    happened_on: date
    created_at: datetime
    note: str

    @property
    def shown_name(self) -> str:
        return shown_name(self.holder_kind, self.holder_name)


_r = Record.__table__.c
_LINES = (
    select(
        _r.id,
        _r.holder_id,
        _holder.kind,
        _holder.name,
        RuleVersion.title,
        _r.points,
        _r.state,
        RuleVersion.veto,
        _r.happened_on,
        _r.created_at,
        _r.note,
    )
    .join(Holder.__table__, _holder.id == _r.holder_id)
    .join(RuleVersion, RuleVersion.id == _r.rule_version_id)
)
_RECENT = (
    _LINES.where(_r.holder_id == bindparam("holder"), _live)
    .order_by(_r.happened_on.desc(), _r.id.desc())
    .limit(bindparam("count"))
)
_WAITING = _LINES.where(_r.holder_id == bindparam("holder"), _r.state == "waiting").order_by(_r.id.desc())
_by_recorder = (
    _r.recorder_id == bindparam("recorder"),
    _r.created_at >= bindparam("start"),
    _r.created_at < bindparam("end"),
)
_OF_RECORDER = _LINES.where(*_by_recorder).order_by(_r.id.desc()).limit(bindparam("most"))
_COUNT_OF_RECORDER = select(func.sum(case((_live, 1), else_=0)), func.count()).select_from(Record).where(*_by_recorder)


def _line(row: Row[Any]) -> Line:
    values = list(row)
    values[5] = Points(values[5])
    return Line(*values)


def recent(holder_id: int, count: int) -> list[Line]:
    """The last records that count, newest first."""
    return [_line(row) for row in _run(_RECENT, holder=holder_id, count=count)]


def waiting_lines(holder_id: int) -> list[Line]:
    """What has been recorded but is not in the book yet."""
    return [_line(row) for row in _run(_WAITING, holder=holder_id)]


def waiting_sum(holder_id: int) -> Points:
    """What would come into the book if all that waits were confirmed."""
    statement = select(func.coalesce(func.sum(_r.points), 0)).where(_r.holder_id == holder_id, _r.state == "waiting")
    return Points(int(db.session.scalar(statement) or 0))


def of_recorder_between(user_id: int, start: datetime, end: datetime, *, most: int) -> list[Line]:
    """What a member of staff wrote from ``start`` until before ``end`` (UTC), taken back or not: the newest ``most``."""
    rows = _run(_OF_RECORDER, recorder=user_id, start=start, end=end, most=most)
    return [_line(row) for row in rows]


def count_of_recorder(user_id: int, start: datetime, end: datetime) -> tuple[int, int]:
    """How many records somebody wrote in that time: those that count, and all of them."""
    params = {"recorder": user_id, "start": start, "end": end}
    counting, every = db.session.execute(_COUNT_OF_RECORDER, params).one()
    return int(counting or 0), every


_MONTH_COUNT = (
    select(func.count())
    .select_from(Record)
    .where(_r.holder_id == bindparam("holder"), _r.happened_on >= bindparam("first"), _live)
)


def count_this_month(holder_id: int, day: date) -> int:
    """How many records count in the month of ``day``."""
    return int(_run(_MONTH_COUNT, holder=holder_id, first=day.replace(day=1)).scalar_one())


@dataclass(frozen=True, slots=True)
class Uses:
    """How often a rule has been recorded for a holder on the day, in its month and in its year."""

    day: int = 0
    month: int = 0
    year: int = 0

    def reached(self, rule: RuleView) -> str:
        """Which cap is full, in words; empty if the rule may be recorded once more."""
        states = (
            ("今天", self.day, rule.cap_day),
            ("本月", self.month, rule.cap_month),
            ("今年", self.year, rule.cap_year),
        )
        return next((f"{when}已记 {n} 次，到上限了" for when, n, cap in states if cap is not None and n >= cap), "")

    def so_far(self, rule: RuleView) -> str:
        """What counts towards the caps already: ``今天已记 1 次，最多 3 次``; empty if nothing does."""
        states = (
            ("今天", self.day, rule.cap_day),
            ("本月", self.month, rule.cap_month),
            ("今年", self.year, rule.cap_year),
        )
        return "，".join(f"{when}已记 {n} 次，最多 {cap} 次" for when, n, cap in states if cap is not None and n)


_happened = _r.happened_on
_USES = (
    select(
        _r.rule_id,
        func.sum(case((_happened == bindparam("day"), 1), else_=0)),
        func.sum(case((_happened.between(bindparam("month"), bindparam("month_end")), 1), else_=0)),
        func.count(),
    )
    .where(_r.holder_id == bindparam("holder"), _happened.between(bindparam("year"), bindparam("year_end")), _live)
    .group_by(_r.rule_id)
)
_USES_OF_RULE = _USES.where(_r.rule_id == bindparam("rule"))


def uses(holder_id: int, day: date) -> dict[int, Uses]:
    """By rule, how often it counts for a holder around ``day``: one query for all rules."""
    rows = _run(_USES, holder=holder_id, **_periods(day))
    return {rule_id: Uses(int(today), int(month), year) for rule_id, today, month, year in rows}


def uses_of_rule(holder_id: int, rule_id: int, day: date) -> Uses:
    row = _run(_USES_OF_RULE, holder=holder_id, rule=rule_id, **_periods(day)).one_or_none()
    return Uses(int(row[1]), int(row[2]), row[3]) if row else Uses()


def _periods(day: date) -> dict[str, date]:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return {
        "day": day,
        "month": day.replace(day=1),
        "month_end": date.fromordinal(following.toordinal() - 1),
        "year": date(day.year, 1, 1),
        "year_end": date(day.year, 12, 31),
    }


_MADE_UNDER = select(_r.id).where(_r.client_key == bindparam("key"))


def made_under(client_key: str) -> int | None:
    """The id of the record that was made under this key already."""
    found: int | None = _run(_MADE_UNDER, key=client_key).scalar_one_or_none()
    return found


# Photos ---------------------------------------------------------------------------------------------------------------


# 为什么 ---------------------------------------------------------------------------------------------------------------


def explain_record(cause: Cause) -> Explanation | None:
    """Why a record's line stands in the book; None if there is no such record."""
    record = db.session.get(Record, cause.id)
    if record is None:
        return None
    rule = rule_version(record.rule_version_id)
    return Explanation(
        title=rule.title,
        text=f"{rule.category} {rule.code}「{rule.title}」，{rule.score}{'' if rule.veto else ' 分'}",
        rule_code=rule.code,
        rule_version=rule.version,
        detail=rule.detail,
        photos=photos_of(record.id),
        happened_on=record.happened_on,
        place=record.place,
        recorder=record.recorder_label,
        note="；".join(text for text in (record.note, record.end_note) if text),
        record_id=record.id,
    )
