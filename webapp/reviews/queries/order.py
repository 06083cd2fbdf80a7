"""In which order the lines of a publication hang on the wall: courtyard by courtyard, each by day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, case, exists, func, select, tuple_

from webapp.extensions import db
from webapp.places.models import Area, Holder, Household
from webapp.places.queries import within
from webapp.records.models import Record
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.reviews.queries.months import of_month

_DIGITS = re.compile(r"\d+")
Key = tuple[Any, ...]

_listed = exists().where(PublicationLine.record_id == Record.id)
_yard = Holder.__table__.alias("yard")
_courtyard_id = func.coalesce(Household.courtyard_id, case((Holder.kind == "courtyard", Holder.id)))
#: What is listed together: where, in which courtyard (0: in none), under which number.
_GROUP = (
    func.coalesce(_yard.c.area_id, Holder.area_id),
    func.coalesce(_yard.c.id, 0),
    func.coalesce(_yard.c.number, case((Holder.kind == "shop", Holder.number), else_="")),
)


def to_list(row: CommunityMonth, count: int) -> list[Record]:
    """The next records in the book that no publication has listed: area by area as the tree stands, in each the
    courtyards by their number, then shops by theirs, then people; what belongs to one courtyard by day.

    A step looks at how many wait in each group and reads those that come next, not all.
    """
    areas = _areas(row.community.path)
    waiting = db.session.connection().execute(_waiting(row, *_GROUP, func.count()).group_by(*_GROUP)).all()
    chosen, found = [], 0
    for *group, lines in sorted(waiting, key=lambda one: _key(areas, *one[:3])):
        chosen.append(tuple(group))
        found += lines
        if found >= count:
            break
    statement = _waiting(row, Record.id, Record.happened_on, *_GROUP).where(tuple_(*_GROUP).in_(chosen))
    next_ones = sorted(
        db.session.connection().execute(statement).all(), key=lambda one: (_key(areas, *one[2:]), one[1], one[0])
    )
    ids = [one[0] for one in next_ones[:count]]
    records = {record.id: record for record in db.session.scalars(select(Record).where(Record.id.in_(ids)))}
    return [records[ident] for ident in ids]


def _waiting(row: CommunityMonth, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Record)
        .join(Holder.__table__, Holder.id == Record.holder_id)
        .outerjoin(Household.__table__, Household.id == Holder.id)
        .outerjoin(_yard, _yard.c.id == _courtyard_id)
        .where(of_month(row.community_id, row.month, row.ends_on), Record.state == "posted", ~_listed)
    )


def _key(areas: Mapping[int, Key], area_id: int, courtyard_id: int, number: str) -> Key:
    return areas.get(area_id, ()), not courtyard_id, not number, natural(number), courtyard_id


def natural(text: str) -> str:
    """``Y3`` before ``Y12``."""
    return _DIGITS.sub(lambda found: found[0].zfill(6), text)


def _areas(path: str) -> dict[int, Key]:
    """Where each area below a path stands when the tree is read from above to below."""
    rows = db.session.execute(select(Area.id, Area.path, Area.position, Area.name).where(within((path,)))).all()
    own = {row.id: (row.position, natural(row.name), row.id) for row in rows}
    steps = {row.id: [int(part) for part in row.path.strip("/").split("/")] for row in rows}
    return {ident: tuple(own[step] for step in steps[ident] if step in own) for ident in steps}
