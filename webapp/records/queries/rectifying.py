"""Deductions that can still be put right (整改返还): of one holder, of some areas, and what was sent as proof."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select

from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.places.models import Area, Holder, Person, Shop
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.records.models import LIVE, Record, RecordPhoto, Rectification, RectificationPhoto
from webapp.records.queries.targets import Target, shown_name
from webapp.schemes.lapsing import day_words
from webapp.schemes.models import RuleVersion

_r, _holder = Record.__table__.c, Holder.__table__.c


class Provisional(NamedTuple):
    """A deduction that can still be put right. ``reported``: an "after" photo waits for an inspector."""

    record_id: int
    holder_id: int
    holder_kind: str
    holder_name: str
    number: str
    title: str
    points: Points
    percent: int
    happened_on: date
    until: date
    reported: bool

    @property
    def shown_name(self) -> str:
        return shown_name(self.holder_kind, self.holder_name)

    @property
    def until_words(self) -> str:
        """``整改期到 12 月 3 日``."""
        return until_words(self.until)

    @property
    def comes_back(self) -> Points:
        """What is given back when it is put right."""
        return Points(-self.points.tenths - (-self.points.tenths * (100 - self.percent) // 100))

    def days_left(self, today: date) -> int:
        return (self.until - today).days


def until_words(until: date) -> str:
    return f"整改期到 {day_words(until)}"


_REPORTED = (
    select(Rectification.id)
    .where(Rectification.record_id == _r.id, Rectification.state == "reported")
    .correlate(Record.__table__)
    .exists()
)
_COLUMNS = (
    _r.id,
    _r.holder_id,
    _holder.kind,
    _holder.name,
    _holder.number,
    RuleVersion.title,
    _r.points,
    RuleVersion.rectify_percent,
    _r.happened_on,
    _r.rectify_until,
    _REPORTED,
)


def _open(today: date | ColumnElement[Any], *where: ColumnElement[bool]) -> Select[Any]:
    """What can still be put right, or was reported in time and waits."""
    return (
        select(*_COLUMNS)
        .select_from(Record.__table__)
        .join(Holder.__table__, _holder.id == _r.holder_id)
        .join(RuleVersion, RuleVersion.id == _r.rule_version_id)
        .where(_r.rectify_until.is_not(None), _r.state.in_(LIVE), or_(_r.rectify_until >= today, _REPORTED), *where)
    )


#: Of one holder: hot pages ask.
_OF_ONE = Prepared(
    _open(bindparam("today", type_=_r.happened_on.type), _r.holder_id == bindparam("holder")).order_by(
        _r.rectify_until, _r.id
    )
)


def provisional_at(holder_id: int, today: date) -> list[Provisional]:
    """Of one holder, the nearest end first."""
    return _as_lines(_OF_ONE.all(holder=holder_id, today=today))


def _lines(statement: Select[Any]) -> list[Provisional]:
    return _as_lines(db.session.execute(statement).all())


def _as_lines(rows: Sequence[Any]) -> list[Provisional]:
    return [Provisional(*row)._replace(points=Points(row[6]), reported=bool(row[10])) for row in rows]


def provisional_of(holder_ids: Collection[int], today: date, *, record_id: int | None = None) -> list[Provisional]:
    """Of some holders, the nearest end first; with ``record_id`` only that one."""
    statement = _open(today, _r.holder_id.in_(holder_ids)).order_by(_r.rectify_until, _r.id)
    return _lines(statement.where(_r.id == record_id) if record_id else statement)


def record_of(record_id: int, holder_ids: Collection[int]) -> Record:
    """:raises NotFound: unless it is a deduction of one of these holders that could be put right."""
    found = db.session.get(Record, record_id)
    if found is None or found.holder_id not in holder_ids or found.rectify_until is None:
        raise NotFound("没有找到这一条扣分，请返回列表看看。")
    return found


def to_reinspect(scope: Sequence[str], today: date, *, most: int | None = None) -> list[Provisional]:
    """待复查 in some areas: what was reported first, then the nearest end."""
    inside = select(Area.id).where(within(scope))
    statement = _open(today, _holder.area_id.in_(inside)).order_by(_REPORTED.desc(), _r.rectify_until, _r.id)
    return _lines(statement.limit(most) if most else statement)


def count_to_reinspect(scope: Sequence[str], today: date) -> int:
    inside = select(Area.id).where(within(scope))
    rows = _open(today, _holder.area_id.in_(inside)).subquery()
    return int(db.session.scalar(select(func.count()).select_from(rows)) or 0)


def rectifications_of(record_id: int) -> list[Rectification]:
    """What was sent or taken for a deduction, newest first."""
    asked = select(Rectification).where(Rectification.record_id == record_id).order_by(Rectification.id.desc())
    return list(db.session.scalars(asked))


def after_photos(rectification_ids: Iterable[int]) -> dict[int, list[str]]:
    """The "after" photos of some reports, by report."""
    photo = RectificationPhoto
    asked = select(photo).where(photo.rectification_id.in_(list(rectification_ids)))
    found: dict[int, list[str]] = {}
    for one in db.session.scalars(asked.order_by(photo.rectification_id, photo.position)):
        found.setdefault(one.rectification_id, []).append(one.hash)
    return found


# Whom it concerns -----------------------------------------------------------------------------------------------------


def concerns(whom: Target, household_id: int, headed: Collection[int]) -> bool:
    """Whether a holder is a household's own: itself, its people, its shops, and the courtyards that it heads."""
    own = household_id in (whom.id, whom.household_id)
    return own or (whom.kind == "courtyard" and whom.id in headed)


def concerned(household_id: int, headed: Collection[int]) -> list[tuple[int, str, str]]:
    """(id, kind, name) of these holders, the household first, then its shops, courtyards and people."""
    asked = select(_holder.id, _holder.kind, _holder.name).where(_theirs(household_id, headed))
    order = ("shop", "household", "courtyard", "person")
    return sorted(((row[0], row[1], row[2]) for row in db.session.execute(asked)), key=lambda one: order.index(one[1]))


def count_to_rectify(household_id: int, headed: Collection[int], today: date) -> int:
    """How many of their deductions can still be put right and nobody has said that they are."""
    open_ = _open(today, _theirs(household_id, headed), ~_REPORTED).subquery()
    return int(db.session.scalar(select(func.count()).select_from(open_)) or 0)


def _theirs(household_id: int, headed: Collection[int]) -> ColumnElement[bool]:
    person = select(Person.__table__.c.id).where(Person.__table__.c.household_id == household_id)
    shops = select(Shop.__table__.c.id).where(Shop.__table__.c.owner_id.in_(person))
    return or_(_holder.id == household_id, _holder.id.in_(person), _holder.id.in_(shops), _holder.id.in_(list(headed)))


def rectified_photo_concerns(sha256: str, holder_ids: Collection[int]) -> bool:
    """Whether a photo, before or after, is of a deduction of one of these holders that could be put right."""
    record = select(Record.id).where(Record.holder_id.in_(holder_ids), Record.rectify_until.is_not(None))
    before = select(RecordPhoto.record_id).where(RecordPhoto.hash == sha256, RecordPhoto.record_id.in_(record))
    after = (
        select(Rectification.id)
        .join(RectificationPhoto, RectificationPhoto.rectification_id == Rectification.id)
        .where(RectificationPhoto.hash == sha256, Rectification.record_id.in_(record))
    )
    return bool(db.session.scalar(select(or_(before.exists(), after.exists()))))


def after_photo_in_scope(sha256: str, scope: Iterable[str]) -> bool:
    """Whether it is an "after" photo of somebody in these areas."""
    asked = (
        select(Rectification.id)
        .join(RectificationPhoto, RectificationPhoto.rectification_id == Rectification.id)
        .join(Record, Record.id == Rectification.record_id)
        .join(Holder, Holder.id == Record.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .where(RectificationPhoto.hash == sha256, within(scope))
        .limit(1)
    )
    return db.session.scalar(asked) is not None
