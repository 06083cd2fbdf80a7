"""What waits for the working group and with which flags, and what it determined."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select

from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.places.models import Holder
from webapp.places.queries import communities_in, matching
from webapp.records.models import STILL_COMING, Record, RecordPhoto, RecordStep
from webapp.records.queries import shown_name, target, with_photos
from webapp.records.queries.desk import sharing_photos
from webapp.records.service import why_not_impartial
from webapp.reviews.models import CommunityMonth
from webapp.reviews.queries.months import of_month
from webapp.reviews.queries.order import natural
from webapp.schemes.models import Category, Rule, RuleVersion
from webapp.schemes.queries import RULES, RuleView, as_rule


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record before the working group. ``way`` says how it came here; ``blocked`` why the one who looks can't confirm
    it, ``doubt`` what should be looked at before."""

    record: Record
    name: str
    place: str
    rule: RuleView
    photos: bool
    way: list[str]
    blocked: str
    doubt: str


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures over the list; ``first`` still waits for its first review."""

    passed: int
    first: int
    confirmed: int
    unproven: int


def counts(community_id: int, month: int, ends_on: date) -> Counts:
    rows = db.session.execute(
        select(Record.state, func.count())
        .where(of_month(community_id, month, ends_on), STILL_COMING)
        .group_by(Record.state)
    )
    by_state = {state: count for state, count in rows}
    unproven = db.session.scalar(
        select(func.count()).where(
            of_month(community_id, month, ends_on),
            STILL_COMING,
            Record.state == "passed",
            Record.note == "",
            ~_photographed(),
        )
    )
    return Counts(
        passed=by_state.get("passed", 0),
        first=by_state.get("waiting", 0),
        confirmed=by_state.get("confirmed", 0),
        unproven=unproven or 0,
    )


def _photographed() -> ColumnElement[bool]:
    return exists().where(RecordPhoto.record_id == Record.id)


def by_category(community_id: int, month: int, ends_on: date) -> list[tuple[int, str, int]]:
    """(category, name, how many wait) of the month, in the schemes' order; equal names of several schemes apart."""
    statement = (
        select(Category.id, Category.name, func.count())
        .select_from(Record)
        .join(Rule, Rule.id == Record.rule_id)
        .join(Category, Category.id == Rule.category_id)
        .where(of_month(community_id, month, ends_on), STILL_COMING, Record.state == "passed")
        .group_by(Category.id, Category.name, Category.position)
        .order_by(Category.scheme_id, Category.position, Category.id)
    )
    return [(ident, name, count) for ident, name, count in db.session.execute(statement)]


def waiting_statement(
    community_id: int, month: int, ends_on: date, *, category_id: int | None = None, text: str = ""
) -> Select[Any]:
    """The records before the working group, oldest first."""
    statement = (
        select(Record)
        .join(Holder, Holder.id == Record.holder_id)
        .where(of_month(community_id, month, ends_on), STILL_COMING, Record.state == "passed")
        .order_by(Record.happened_on, Record.id)
    )
    if category_id:
        statement = statement.join(Rule, Rule.id == Record.rule_id).where(Rule.category_id == category_id)
    if text:
        titled = Record.rule_version_id.in_(
            select(RuleVersion.id).where(RuleVersion.title.contains(text, autoescape=True))
        )
        statement = statement.where(or_(matching(Holder, text), titled))
    return statement


def outside(row: CommunityMonth, record_ids: Sequence[int]) -> bool:
    """Whether one of some records is not of this month and community."""
    statement = select(Record.id).where(Record.id.in_(record_ids), ~of_month(row.community_id, row.month, row.ends_on))
    return db.session.scalar(statement.limit(1)) is not None


def as_waiting(records: Sequence[Record], actor: Actor) -> list[Waiting]:
    """What the page says of each."""
    ids = [record.id for record in records]
    proved, twice, passers = with_photos(ids), sharing_photos(ids), _passers(ids)
    rules = _rules({record.rule_version_id for record in records})
    found = []
    for record in records:
        whom = target(record.holder_id)
        passer = passers.get(record.id)
        own = passer is not None and actor.user_id is not None and passer.user_id == actor.user_id
        found.append(
            Waiting(
                record=record,
                name=shown_name(whom.kind, whom.name),
                place=whom.address if whom.kind == "household" else whom.spot.label,
                rule=rules[record.rule_version_id],
                photos=record.id in proved,
                way=[f"{record.recorder_label} 记"] + ([f"{passer.label} 通过"] if passer else []),
                blocked=why_not_impartial(record, whom, actor) or ("初审是您做的，认定请换一个人。" if own else ""),
                doubt=_doubt(record, proved, twice),
            )
        )
    return found


def _doubt(record: Record, proved: set[int], twice: set[int]) -> str:
    if record.id in twice:
        return "照片用过两次"
    return "" if record.id in proved or record.note else "没有证明材料"


def _passers(record_ids: Sequence[int]) -> dict[int, RecordStep]:
    statement = select(RecordStep).where(RecordStep.record_id.in_(record_ids), RecordStep.kind == "passed")
    return {step.record_id: step for step in db.session.scalars(statement)}


def _rules(version_ids: Iterable[int]) -> dict[int, RuleView]:
    rows = db.session.execute(RULES.where(RuleVersion.id.in_(list(version_ids))))
    return {rule.version_id: rule for rule in map(as_rule, rows)}


def waiting_count(scope: Sequence[str]) -> int:
    """How many records wait for the working group in somebody's communities: the menu's badge."""
    ids = [area.id for area in communities_in(scope)] if scope else []
    statement = select(func.count()).where(Record.community_id.in_(ids), STILL_COMING, Record.state == "passed")
    return int(db.session.scalar(statement) or 0)


@dataclass(frozen=True, slots=True)
class Determined:
    """A row of the determination table on paper."""

    happened_on: date
    place: str
    name: str
    rule: str
    title: str
    points: int
    state: str


def determined(community_id: int, month: int, ends_on: date) -> list[Determined]:
    """What the working group confirmed for a month, by place."""
    statement = select(Record).where(
        of_month(community_id, month, ends_on),
        exists().where(RecordStep.record_id == Record.id, RecordStep.kind == "confirmed"),
    )
    records = list(db.session.scalars(statement.order_by(Record.happened_on, Record.id)))
    rules = _rules({record.rule_version_id for record in records})
    rows = []
    for record in records:
        whom, rule = target(record.holder_id), rules[record.rule_version_id]
        place = whom.address if whom.kind == "household" else record.place
        name = shown_name(whom.kind, whom.name)
        rows.append(Determined(record.happened_on, place, name, rule.code, rule.title, record.points, record.state))
    return sorted(rows, key=lambda row: (natural(row.place), row.name, row.happened_on))
