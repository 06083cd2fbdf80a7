"""The desk's list of records, filtered and scoped."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import aliased

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.places.queries import matching, within
from webapp.records.models import Record, RecordPhoto
from webapp.schemes.models import Category, Rule, RuleVersion, Scheme


@dataclass(frozen=True, slots=True)
class Filter:
    """What the desk's list was narrowed to. Days are local and included; ``area`` is a path."""

    first: date | None = None
    last: date | None = None
    area: str = ""
    scheme_id: int | None = None
    category_id: int | None = None
    state: str = ""
    text: str = ""
    recorder: str = ""


def listed(scope: Sequence[str], wanted: Filter) -> Select[Any]:
    """Records of holders within areas as (Record, Holder, rule title, category id), newest first."""
    statement = (
        select(Record, Holder, RuleVersion.title, Rule.category_id)
        .join(Holder, Holder.id == Record.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .join(RuleVersion, RuleVersion.id == Record.rule_version_id)
        .join(Rule, Rule.id == Record.rule_id)
        .where(within(scope))
        .order_by(Record.happened_on.desc(), Record.id.desc())
    )
    conditions: dict[str, Callable[[], Any]] = {
        "first": lambda: Record.happened_on >= wanted.first,
        "last": lambda: Record.happened_on <= wanted.last,
        "area": lambda: within((wanted.area,)),
        "scheme_id": lambda: Record.scheme_id == wanted.scheme_id,
        "category_id": lambda: Rule.category_id == wanted.category_id,
        "state": lambda: Record.state == wanted.state,
        "text": lambda: _about(wanted.text),
        "recorder": lambda: _written_by(wanted.recorder),
    }
    return statement.where(*[condition() for name, condition in conditions.items() if getattr(wanted, name)])


def _about(text: str) -> Any:
    return or_(matching(Holder, text), RuleVersion.title.contains(text, autoescape=True))


def _written_by(text: str) -> Any:
    """By the recorder's name, number or initials, or by what the record says about the post."""
    who = aliased(Holder)
    named = exists().where(who.id == Record.recorder_person_id, matching(who, text))
    return or_(named, Record.recorder_label.contains(text, autoescape=True))


def record_in_scope(record_id: int, scope: Iterable[str]) -> Record:
    """:raises NotFound: if there is none, or its holder lies outside the areas of the one who looks."""
    statement = (
        select(Record)
        .join(Holder, Holder.id == Record.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .where(Record.id == record_id, within(scope))
    )
    found = db.session.scalars(statement).one_or_none()
    if found is None:
        raise NotFound("没有找到这条记实，或它不在您负责的范围内。")
    return found


def ids_in_scope(record_ids: Iterable[int], scope: Iterable[str]) -> set[int]:
    """Which of some records concern holders within areas."""
    statement = (
        select(Record.id)
        .join(Holder, Holder.id == Record.holder_id)
        .join(Area, Area.id == Holder.area_id)
        .where(Record.id.in_(list(record_ids)), within(scope))
    )
    return set(db.session.scalars(statement))


def sharing_photos(record_ids: Iterable[int]) -> set[int]:
    """Which of some records show a photo that another record shows too: a photo used twice is no proof."""
    mine, other = aliased(RecordPhoto), aliased(RecordPhoto)
    statement = (
        select(mine.record_id)
        .join(other, (other.hash == mine.hash) & (other.record_id != mine.record_id))
        .where(mine.record_id.in_(list(record_ids)))
        .distinct()
    )
    return set(db.session.scalars(statement))


def categories_of(schemes: Sequence[Scheme]) -> list[tuple[Scheme, list[Category]]]:
    """The categories of some schemes, to choose one of; one query for all."""
    statement = select(Category).where(Category.scheme_id.in_([scheme.id for scheme in schemes]))
    grouped: dict[int, list[Category]] = {}
    for category in db.session.scalars(statement.order_by(Category.position, Category.id)):
        grouped.setdefault(category.scheme_id, []).append(category)
    return [(scheme, grouped[scheme.id]) for scheme in schemes if scheme.id in grouped]


def titles(keys: Sequence[int]) -> dict[int, str]:
    """By which rule each of some records was made."""
    statement = select(Record.id, RuleVersion.title).join(RuleVersion, RuleVersion.id == Record.rule_version_id)
    return {key: title for key, title in db.session.execute(statement.where(Record.id.in_(keys)))}
