"""Reads of records: for the scoring page, the book's 为什么 and the kiosk; ``queries.desk`` has the desk's list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, select

from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import Explanation
from webapp.places.models import Holder
from webapp.prepared import Prepared
from webapp.records.models import LIVE, STEPS, STILL_COMING, Record, RecordStep, Rectification
from webapp.records.queries.photos import (
    photo_in_scope,
    photo_visible_to_household,
    photos_of,
    records_with_same_photos,
    with_photos,
)
from webapp.records.queries.rectifying import (
    Provisional,
    after_photo_in_scope,
    after_photos,
    concerned,
    concerns,
    count_to_rectify,
    count_to_reinspect,
    provisional_at,
    provisional_of,
    record_of,
    rectifications_of,
    rectified_photo_concerns,
    to_reinspect,
    until_words,
)
from webapp.records.queries.targets import Spot, Target, shown_name, spots, target, targets
from webapp.schemes.models import RECTIFIED, RuleVersion
from webapp.schemes.queries import RuleView, rule_version

__all__ = [
    "LIVE",
    "Line",
    "Provisional",
    "Spot",
    "Target",
    "Uses",
    "after_photo_in_scope",
    "after_photos",
    "concerned",
    "concerns",
    "count_of_recorder",
    "count_this_month",
    "count_to_rectify",
    "count_to_reinspect",
    "explain_record",
    "made_under",
    "of_recorder_between",
    "photo_in_scope",
    "photo_visible_to_household",
    "photos_of",
    "provisional_at",
    "provisional_of",
    "recent",
    "record_of",
    "records_with_same_photos",
    "rectifications_of",
    "rectified_photo_concerns",
    "shown_name",
    "spots",
    "steps_of",
    "target",
    "targets",
    "to_reinspect",
    "until_words",
    "uses",
    "uses_of_rule",
    "waiting_lines",
    "waiting_sum",
    "with_photos",
    "with_record",
]

_r, _holder = Record.__table__.c, Holder.__table__.c
_live = _r.state.in_(LIVE)


# One holder -----------------------------------------------------------------------------------------------------------


class Line(NamedTuple):
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
    scheme_id: int

    @property
    def shown_name(self) -> str:
        return shown_name(self.holder_kind, self.holder_name)


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
        _r.scheme_id,
    )
    .join(Holder.__table__, _holder.id == _r.holder_id)
    .join(RuleVersion, RuleVersion.id == _r.rule_version_id)
)
_RECENT = Prepared(
    _LINES.where(_r.holder_id == bindparam("holder"), _live)
    .order_by(_r.happened_on.desc(), _r.id.desc())
    .limit(bindparam("count"))
)
_WAITING = Prepared(_LINES.where(_r.holder_id == bindparam("holder"), STILL_COMING).order_by(_r.id.desc()))
_by_recorder = (
    _r.recorder_id == bindparam("recorder"),
    _r.created_at >= bindparam("start"),
    _r.created_at < bindparam("end"),
)
_OF_RECORDER = Prepared(_LINES.where(*_by_recorder).order_by(_r.id.desc()).limit(bindparam("most")))
_COUNT_OF_RECORDER = select(func.sum(case((_live, 1), else_=0)), func.count()).select_from(Record).where(*_by_recorder)


def _line(row: Any) -> Line:
    line = Line(*row)
    return line._replace(points=Points(row[5]))


def recent(holder_id: int, count: int) -> list[Line]:
    """The last records that count, newest first."""
    return [_line(row) for row in _RECENT.all(holder=holder_id, count=count)]


def waiting_lines(holder_id: int) -> list[Line]:
    """What has been recorded but is not in the book yet."""
    return [_line(row) for row in _WAITING.all(holder=holder_id)]


def waiting_sum(holder_id: int) -> Points:
    """What would come into the book if all that waits were confirmed."""
    statement = select(func.coalesce(func.sum(_r.points), 0)).where(_r.holder_id == holder_id, STILL_COMING)
    return Points(int(db.session.scalar(statement) or 0))


def of_recorder_between(user_id: int, start: datetime, end: datetime, *, most: int) -> list[Line]:
    """What a member of staff wrote from ``start`` until before ``end`` (UTC), taken back or not: the newest ``most``."""
    rows = _OF_RECORDER.all(recorder=user_id, start=start, end=end, most=most)
    return [_line(row) for row in rows]


def count_of_recorder(user_id: int, start: datetime, end: datetime) -> tuple[int, int]:
    """How many records somebody wrote in that time: those that count, and all of them."""
    params = {"recorder": user_id, "start": start, "end": end}
    counting, every = db.session.execute(_COUNT_OF_RECORDER, params).one()
    return int(counting or 0), every


_MONTH_COUNT = Prepared(
    select(func.count())
    .select_from(Record)
    .where(_r.holder_id == bindparam("holder"), _r.happened_on >= bindparam("first"), _live)
)


def count_this_month(holder_id: int, day: date) -> int:
    """How many records count in the month of ``day``."""
    return int(_MONTH_COUNT.all(holder=holder_id, first=day.replace(day=1))[0][0])


class Uses(NamedTuple):
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
_uses = (
    select(
        _r.rule_id,
        func.sum(case((_happened == bindparam("day"), 1), else_=0)),
        func.sum(case((_happened.between(bindparam("month"), bindparam("month_end")), 1), else_=0)),
        func.count(),
    )
    .where(_r.holder_id == bindparam("holder"), _happened.between(bindparam("year"), bindparam("year_end")), _live)
    .group_by(_r.rule_id)
)
_USES, _USES_OF_RULE = Prepared(_uses), Prepared(_uses.where(_r.rule_id == bindparam("rule")))


def uses(holder_id: int, day: date) -> dict[int, Uses]:
    """By rule, how often it counts for a holder around ``day``: one query for all rules."""
    rows = _USES.all(holder=holder_id, **_periods(day))
    return {rule_id: Uses(int(today), int(month), year) for rule_id, today, month, year in rows}


def uses_of_rule(holder_id: int, rule_id: int, day: date) -> Uses:
    row = _USES_OF_RULE.first(holder=holder_id, rule=rule_id, **_periods(day))
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


_MADE_UNDER = Prepared(select(_r.id).where(_r.client_key == bindparam("key")))


def made_under(client_key: str) -> int | None:
    """The id of the record that was made under this key already."""
    row = _MADE_UNDER.first(key=client_key)
    return int(row.id) if row else None


class Step(NamedTuple):
    """What somebody did with a record on its way into the book."""

    record_id: int
    seq: int
    kind: str
    user_id: int | None
    label: str
    note: str
    at: datetime

    @property
    def words(self) -> str:
        return STEPS[self.kind]


_step = RecordStep.__table__.c
_STEPS = Prepared(
    select(_step.record_id, _step.seq, _step.kind, _step.user_id, _step.label, _step.note, _step.at)
    .where(_step.record_id == bindparam("record"))
    .order_by(_step.seq)
)


def steps_of(record_id: int) -> list[Step]:
    """The steps of a record, oldest first."""
    return [Step._make(row) for row in _STEPS.all(record=record_id)]


def in_error(record_ids: Sequence[int]) -> set[int]:
    """Which of some records were taken out of the book because they were wrong: not those put right (整改返还)."""
    put_right = select(Rectification.record_id).where(Rectification.state == "confirmed")
    statement = select(Record.id).where(
        Record.id.in_(record_ids), Record.state == "reversed", Record.id.not_in(put_right)
    )
    return set(db.session.scalars(statement))


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
        note="；".join(text for text in (record.note, _rectify_words(record, rule), record.end_note) if text),
        record_id=record.id,
    )


def _rectify_words(record: Record, rule: RuleView) -> str:
    """Until when a deduction that stands can be put right."""
    if record.rectify_until is None or record.state not in LIVE:
        return ""
    return f"{until_words(record.rectify_until)}，改好{RECTIFIED[rule.rectify_percent]}"


def with_record(moved: ColumnElement[bool]) -> tuple[str, str] | None:
    """One of the holders a condition picks that something was recorded of, posted or waiting: (kind, number)."""
    statement = select(Holder.kind, Holder.number).join(Record, Record.holder_id == Holder.id).where(moved).limit(1)
    found = db.session.execute(statement).first()
    return (found.kind, found.number) if found else None
