"""Reads of the month: what waits for confirmation and with which flags, and what is published."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select

from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.places.queries import communities_in, matching
from webapp.prepared import Prepared
from webapp.records.models import Record, RecordPhoto, RecordStep
from webapp.records.queries import shown_name, target, with_photos
from webapp.records.queries.desk import sharing_photos
from webapp.records.service import why_not_impartial
from webapp.reviews.models import CommunityMonth, PublicationLine
from webapp.schemes.models import Category, Rule, RuleVersion, Scheme
from webapp.schemes.queries import RULES, RuleView, as_rule, schemes_at

#: A record that is not published this long after it happened is not taken up any more.
TAKEN_UP = timedelta(days=100)
DEFAULT_END, DEFAULT_WINDOW = 25, 7


# Months ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Terms:
    """What a community's month goes by: the day it ends, and how long objections may be raised."""

    end_day: int = DEFAULT_END
    objection_days: int = DEFAULT_WINDOW


def terms_of(community: Area) -> Terms:
    """Those of the scheme of its households; the usual ones without such a scheme."""
    found = schemes_at(community.path, "household")
    kept = db.session.get(Scheme, found[0].id) if found else None
    return Terms(kept.month_end_day, kept.objection_days) if kept else Terms()


def last_day(month: int, terms: Terms) -> date:
    return date(month // 100, month % 100, terms.end_day)


def month_on(day: date, terms: Terms) -> int:
    """The month that a day belongs to: after the last day begins the next."""
    following = day.replace(day=28) + timedelta(days=4)
    of = day if day.day <= terms.end_day else following
    return of.year * 100 + of.month


def community_of_reviewer(scope: Sequence[str], wanted: int | None) -> Area:
    """The community asked for, or the first in which somebody reviews.

    :raises NotFound: if there is none.
    """
    found = communities_in(scope)
    chosen = next((one for one in found if one.id == wanted), None if wanted else next(iter(found), None))
    if chosen is None:
        raise NotFound("没有这个社区，或它不在您负责的范围内。")
    return chosen


def month_row(community_id: int, month: int) -> CommunityMonth | None:
    statement = select(CommunityMonth).where(CommunityMonth.community_id == community_id, CommunityMonth.month == month)
    return db.session.scalars(statement).one_or_none()


def published_months(community_id: int) -> list[CommunityMonth]:
    """Newest first."""
    statement = select(CommunityMonth).where(
        CommunityMonth.community_id == community_id, CommunityMonth.published_at.is_not(None)
    )
    return list(db.session.scalars(statement.order_by(CommunityMonth.month.desc())))


class Notice(NamedTuple):
    """What hangs on the notice board now: for the kiosk's home page."""

    month: int
    objections_until: date


_month = CommunityMonth.__table__.c
_NOTICE = Prepared(
    select(_month.month, _month.objections_until)
    .where(_month.community_id == bindparam("community"), _month.published_at.is_not(None))
    .order_by(_month.month.desc())
    .limit(1)
)


def notice(community_id: int) -> Notice | None:
    """The newest publication of a community; None if there is none yet."""
    row = _NOTICE.first(community=community_id)
    return Notice._make(row) if row else None


def taken_up_from(community_id: int, month: int, ends_on: date) -> date:
    """The first day that a month takes up: late claims of earlier ones too, but not what lies before the first."""
    earlier = select(CommunityMonth.id).where(CommunityMonth.community_id == community_id, CommunityMonth.month < month)
    if db.session.scalar(earlier.limit(1)) is not None:
        return ends_on - TAKEN_UP
    before = ends_on.replace(day=1) - timedelta(days=1)
    return before.replace(day=min(ends_on.day, before.day)) + timedelta(days=1)


def _of_month(community_id: int, month: int, ends_on: date) -> ColumnElement[bool]:
    return and_(
        Record.community_id == community_id,
        Record.happened_on.between(taken_up_from(community_id, month, ends_on), ends_on),
    )


# What waits for the working group -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record before the working group. ``way`` says how it came here; ``blocked`` why the one who looks can't confirm
    it, ``doubt`` what should be looked at before."""

    record: Record
    name: str
    place: str
    rule: RuleView
    photos: bool
    way: str
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
        select(Record.state, func.count()).where(_of_month(community_id, month, ends_on)).group_by(Record.state)
    )
    by_state = {state: count for state, count in rows}
    unproven = db.session.scalar(
        select(func.count()).where(
            _of_month(community_id, month, ends_on), Record.state == "passed", Record.note == "", ~_photographed()
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
        .where(_of_month(community_id, month, ends_on), Record.state == "passed")
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
        .where(_of_month(community_id, month, ends_on), Record.state == "passed")
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
                way=f"{record.recorder_label} 记{f' → {passer.label} 通过' if passer else ''}",
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
    statement = select(func.count()).where(Record.community_id.in_(ids), Record.state == "passed")
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
        _of_month(community_id, month, ends_on),
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
    return sorted(rows, key=lambda row: (row.place, row.name, row.happened_on))


# What is published ----------------------------------------------------------------------------------------------------


def to_post(row: CommunityMonth, count: int) -> list[int]:
    """The next confirmed records of a month that have not been tried in this publishing."""
    statement = select(Record.id).where(
        _of_month(row.community_id, row.month, row.ends_on), Record.state == "confirmed", Record.id > row.posted_to
    )
    return list(db.session.scalars(statement.order_by(Record.id).limit(count)))


def to_list(row: CommunityMonth, count: int) -> list[Record]:
    """The next records in the book that no publication has listed."""
    listed = exists().where(PublicationLine.record_id == Record.id)
    statement = select(Record).where(
        _of_month(row.community_id, row.month, row.ends_on), Record.state == "posted", ~listed
    )
    return list(db.session.scalars(statement.order_by(Record.id).limit(count)))


def still_confirmed(row: CommunityMonth) -> int:
    """How many confirmed records the book could not take: their accounts can't bear the deduction."""
    statement = select(func.count()).where(
        _of_month(row.community_id, row.month, row.ends_on), Record.state == "confirmed"
    )
    return int(db.session.scalar(statement) or 0)


def publication(community_id: int, month: int) -> CommunityMonth:
    """:raises NotFound: if the month is not published."""
    row = month_row(community_id, month)
    if row is None or row.published_at is None:
        raise NotFound("这个月还没有公示。")
    return row


def publication_by_token(token: str) -> CommunityMonth:
    """:raises NotFound: for a token that no publication has."""
    statement = select(CommunityMonth).where(CommunityMonth.token == token, CommunityMonth.published_at.is_not(None))
    row = db.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFound("没有这份公示。请核对链接，或到服务中心看公示栏。")
    return row


def lines_statement(row: CommunityMonth, *, text: str = "", holder_id: int | None = None) -> Select[Any]:
    """The lines of a publication in their order; ``text`` looks in place, name and rule; ``holder_id``: one holder's."""
    statement = select(PublicationLine).where(PublicationLine.month_id == row.id).order_by(PublicationLine.number)
    if holder_id is not None:
        statement = statement.join(Record, Record.id == PublicationLine.record_id).where(Record.holder_id == holder_id)
    if text:
        columns = (PublicationLine.place, PublicationLine.name, PublicationLine.title)
        statement = statement.where(or_(*(column.contains(text, autoescape=True) for column in columns)))
    return statement


def all_lines(row: CommunityMonth) -> list[PublicationLine]:
    return list(db.session.scalars(lines_statement(row)))


def publishing_now() -> list[int]:
    """Months whose publishing was begun and not ended."""
    statement = select(CommunityMonth.id).where(CommunityMonth.state == "publishing")
    return list(db.session.scalars(statement.order_by(CommunityMonth.id)))
