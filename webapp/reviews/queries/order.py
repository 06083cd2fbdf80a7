"""In which order the lines of a publication hang on the wall: courtyard by courtyard, each by day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import case, exists, func, select

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
_place = func.coalesce(_yard.c.area_id, Holder.area_id)
_number = func.coalesce(_yard.c.number, case((Holder.kind == "shop", Holder.number), else_=""))


def to_list(row: CommunityMonth, count: int) -> list[Record]:
    """The next records in the book that no publication has listed: area by area as the tree stands, in each the
    courtyards by their number, then shops by theirs, then people; what belongs to one courtyard by day."""
    statement = (
        select(Record.id, Record.happened_on, _place, _yard.c.id, _number)
        .join(Holder.__table__, Holder.id == Record.holder_id)
        .outerjoin(Household.__table__, Household.id == Holder.id)
        .outerjoin(_yard, _yard.c.id == _courtyard_id)
        .where(of_month(row.community_id, row.month, row.ends_on), Record.state == "posted", ~_listed)
    )
    areas = _areas(row.community.path)
    waiting = sorted(db.session.connection().execute(statement), key=lambda one: _key(areas, *one))
    ids = [one[0] for one in waiting[:count]]
    found = {record.id: record for record in db.session.scalars(select(Record).where(Record.id.in_(ids)))}
    return [found[ident] for ident in ids]


def _key(
    areas: Mapping[int, Key], record_id: int, day: date, area_id: int, courtyard_id: int | None, number: str
) -> Key:
    return areas.get(area_id, ()), courtyard_id is None, not number, natural(number), courtyard_id or 0, day, record_id


def natural(text: str) -> str:
    """``Y3`` before ``Y12``."""
    return _DIGITS.sub(lambda found: found[0].zfill(6), text)


def _areas(path: str) -> dict[int, Key]:
    """Where each area below a path stands when the tree is read from above to below."""
    rows = db.session.execute(select(Area.id, Area.path, Area.position, Area.name).where(within((path,)))).all()
    own = {row.id: (row.position, natural(row.name), row.id) for row in rows}
    steps = {row.id: [int(part) for part in row.path.strip("/").split("/")] for row in rows}
    return {ident: tuple(own[step] for step in steps[ident] if step in own) for ident in steps}
