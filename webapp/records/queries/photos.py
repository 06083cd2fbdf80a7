"""Reads of the photos of records: which there are, who may see them, which were used before."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.places.queries import within
from webapp.records.models import Record, RecordPhoto

_PHOTOS = select(RecordPhoto.hash).where(RecordPhoto.record_id == bindparam("record")).order_by(RecordPhoto.position)


def photos_of(record_id: int) -> tuple[str, ...]:
    """The SHA-256 names of a record's photos, in their order."""
    return tuple(db.session.scalars(_PHOTOS, {"record": record_id}))


def with_photos(record_ids: Iterable[int]) -> set[int]:
    """Which of some records have photos."""
    statement = select(RecordPhoto.record_id).where(RecordPhoto.record_id.in_(list(record_ids))).distinct()
    return set(db.session.scalars(statement))


def records_with_same_photos(record_id: int) -> list[int]:
    """Other records that show one of this record's photos: a photo used twice is no proof."""
    other = aliased(RecordPhoto)
    statement = (
        select(other.record_id)
        .join(RecordPhoto, RecordPhoto.hash == other.hash)
        .where(RecordPhoto.record_id == record_id, other.record_id != record_id)
        .distinct()
        .order_by(other.record_id)
    )
    return list(db.session.scalars(statement))


def photo_in_scope(sha256: str, scope: Iterable[str]) -> bool:
    """Whether a record of somebody in these areas holds the photo."""
    statement = (
        select(RecordPhoto.record_id)
        .join(Record, Record.id == RecordPhoto.record_id)
        .join(Holder, Holder.id == Record.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .where(RecordPhoto.hash == sha256, within(scope))
        .limit(1)
    )
    return db.session.scalar(statement) is not None


def photo_visible_to_household(sha256: str, household_id: int) -> bool:
    """A household sees the photos of its own records, taken back or not; nobody else's."""
    statement = (
        select(RecordPhoto.record_id)
        .join(Record, Record.id == RecordPhoto.record_id)
        .where(RecordPhoto.hash == sha256, Record.holder_id == household_id)
        .limit(1)
    )
    return db.session.scalar(statement) is not None
