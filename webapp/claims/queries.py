"""Reads of claims: a household's own, what may be claimed, and what waits for whom to review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, case, false, func, or_, select
from sqlalchemy.orm import aliased

from webapp.claims.models import ClaimDraft
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Holder, Household
from webapp.places.queries import within
from webapp.records.models import LIVE, STILL_COMING, Record, RecordPhoto
from webapp.records.queries import Target, Uses, shown_name, target, uses
from webapp.records.service import takes_part, why_not_first
from webapp.schemes.models import RuleVersion, Scheme
from webapp.schemes.queries import RuleView, Terms, current_rules, schemes_at, terms
from webapp.users.permissions import posts_over

COUNTED = timedelta(days=183)  # for what is claimed often
_claim = Record.source == "claim"


# What may be claimed --------------------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A rule that may be claimed. ``full``: whose caps are reached already, in words."""

    rule: RuleView
    so_far: str
    full: str

    @property
    def notes(self) -> str:
        proof = {"photo": "要照片", "note": "要说明"}.get(self.rule.proof, "")
        return " · ".join(words for words in (proof, self.so_far or self.rule.caps) if words)


class Group(NamedTuple):
    """The rules of one category."""

    name: str
    choices: list[Choice]

    def holds(self, version_id: int | None) -> bool:
        return any(choice.rule.version_id == version_id for choice in self.choices)


def schemes_for_claims(whom: Target) -> list[Terms]:
    """The schemes in which something may be claimed for a holder, nearest area first."""
    return [scheme for scheme in schemes_at(whom.path, whom.kind) if takes_part(scheme.audience, whom)]


def groups(scheme: Terms, holders: Sequence[Target], day: date) -> list[Group]:
    """What may be claimed for some holders on a day: nothing that takes points or stops an account, by category."""
    counted = {one.id: uses(one.id, day) for one in holders}
    found: dict[str, list[Choice]] = {}
    for rule in current_rules(scheme.id, day):
        if _claimable(rule):
            found.setdefault(rule.category, []).append(_choice(rule, holders, counted))
    return [Group(name, choices) for name, choices in found.items()]


def _claimable(rule: RuleView) -> bool:
    return not rule.veto and rule.highest.tenths > 0 and rule.by_hand


def _choice(rule: RuleView, holders: Sequence[Target], counted: dict[int, dict[int, Uses]]) -> Choice:
    used = {one: counted[one.id].get(rule.rule_id, Uses()) for one in holders}
    if len(used) == 1:
        (only,) = used.values()
        full = only.reached(rule)
        return Choice(rule, "" if full else only.so_far(rule), full)
    reached = [one.shown_name for one, mine in used.items() if mine.reached(rule)]
    return Choice(rule, "", f"{'、'.join(reached)} 到上限了" if reached else "")


def version_today(rule_id: int, scheme_id: int, day: date) -> RuleView | None:
    """The version of a rule that judges on a day."""
    return next((rule for rule in current_rules(scheme_id, day) if rule.rule_id == rule_id), None)


def scheme_on_paper(path: str) -> Terms | None:
    """The scheme that a community's paper form is for: the nearest of its households, one whose points are spent first."""
    found = [scheme for scheme in schemes_at(path, "household") if scheme.audience == "all"]
    return next((scheme for scheme in found if scheme.spendable), found[0] if found else None)


def often_claimed(scheme: Terms, community_id: int, day: date, most: int) -> list[RuleView]:
    """What may be claimed, in the scheme's order; of more than a paper holds those claimed most often there."""
    rules = [rule for rule in current_rules(scheme.id, day) if _claimable(rule)]
    statement = (
        select(Record.rule_id, func.count())
        .where(Record.community_id == community_id, Record.scheme_id == scheme.id, _claim, Record.state.in_(LIVE))
        .where(Record.happened_on > day - COUNTED)
        .group_by(Record.rule_id)
    )
    times = {rule_id: number for rule_id, number in db.session.execute(statement)}
    wanted = sorted(rules, key=lambda rule: -times.get(rule.rule_id, 0))[:most]
    return [rule for rule in rules if rule in wanted]


# A household's own claims ---------------------------------------------------------------------------------------------


def of_household(household_id: int) -> Select[Any]:
    """What was claimed for a household, or by it for its courtyard, newest first: (Record, Holder, title)."""
    mine = or_(Record.holder_id == household_id, Record.recorder_household_id == household_id)
    return _listed(mine).order_by(Record.id.desc())


def by_staff(user_id: int, most: int) -> Sequence[Row[Any]]:
    """What a member of staff claimed for others: (Record, Holder, title), newest first."""
    statement = _listed(Record.recorder_id == user_id).order_by(Record.id.desc()).limit(most)
    return db.session.execute(statement).all()


def _listed(condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(Record, Holder, RuleVersion.title)
        .join(Holder, Holder.id == Record.holder_id)
        .join(RuleVersion, RuleVersion.id == Record.rule_version_id)
        .where(_claim, condition)
    )


def seen_at_home(record_id: int, household_id: int) -> Record:
    """:raises NotFound: unless it is claimed for this household or by it."""
    mine = or_(Record.holder_id == household_id, Record.recorder_household_id == household_id)
    found = db.session.scalars(select(Record).where(Record.id == record_id, _claim, mine)).one_or_none()
    if found is None:
        raise NotFound("没有找到这条申报，请返回申报列表看看。")
    return found


def by_author(record_id: int, user_id: int) -> Record:
    """:raises NotFound: unless this member of staff claimed it."""
    mine = Record.recorder_id == user_id
    found = db.session.scalars(select(Record).where(Record.id == record_id, _claim, mine)).one_or_none()
    if found is None:
        raise NotFound("没有找到这条申报，请返回看看。")
    return found


def mended_by(record_ids: Iterable[int]) -> dict[int, int]:
    """Of some claims that were given back: which were sent again, and as what."""
    statement = select(Record.mends_id, Record.id).where(Record.mends_id.in_(list(record_ids)), Record.state.in_(LIVE))
    return {mended: again for mended, again in db.session.execute(statement) if mended is not None}


def photo_seen_at_home(sha256: str, household_id: int, heads: Sequence[int]) -> bool:
    """Whether a household may see a photo: of its own records, of its claims, or of claims in the courtyard it heads."""
    mine = or_(Record.holder_id == household_id, Record.recorder_household_id == household_id)
    if heads:
        mine = or_(mine, and_(_claim, Household.courtyard_id.in_(heads)))
    statement = (
        select(RecordPhoto.record_id)
        .join(Record, Record.id == RecordPhoto.record_id)
        .outerjoin(Household.__table__, Household.__table__.c.id == Record.holder_id)
        .where(RecordPhoto.hash == sha256, mine)
        .limit(1)
    )
    return db.session.scalar(statement) is not None


def draft_of(actor: Actor) -> ClaimDraft | None:
    """What somebody typed and did not send."""
    own = (
        ClaimDraft.household_id == actor.household_id
        if actor.household_id is not None
        else ClaimDraft.user_id == actor.user_id
    )
    return db.session.scalars(select(ClaimDraft).where(own)).one_or_none()


# What waits for a first review ----------------------------------------------------------------------------------------


_household = Household.__table__.c


@dataclass(frozen=True, slots=True)
class Desk:
    """Where somebody reviews first: ``condition`` picks the claims, ``total`` counts them, ``todo`` those that others
    wrote; ``yards`` counts them by courtyard as (id, name, number), None: in no courtyard."""

    condition: ColumnElement[bool]
    total: int
    todo: int
    yards: list[tuple[int, str, int]]


class Waiting(NamedTuple):
    """A claim that waits. ``why_not``: why the one who looks can't review it; ``days`` it waits; ``until``: the scheme's
    next month-end day when it was claimed."""

    record: Record
    whom: Target
    title: str
    points: int
    photos: tuple[str, ...]
    shared: bool
    why_not: str
    days: int
    until: date
    late: bool


def _waiting(columns: Sequence[Any], condition: ColumnElement[bool]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Record)
        .join(Holder.__table__, Holder.__table__.c.id == Record.holder_id)
        .join(Area, Area.id == Holder.__table__.c.area_id)
        .outerjoin(Household.__table__, _household.id == Record.holder_id)
        .where(STILL_COMING, Record.state == "waiting", _claim, condition)
    )


def staff_desk(actor: Actor) -> Desk:
    """For staff: claims within their areas of schemes that one of their posts there reviews first."""
    scope = actor.scope("claims.review")
    if not scope:
        return Desk(false(), 0, 0, [])
    rows = _by_place(within(scope), Record.recorder_id == actor.user_id)
    return _desk([row for row in rows if not posts_over(actor, row.path).isdisjoint(terms(row.scheme_id).reviewers)])


def head_desk(household_id: int, heads: Sequence[int]) -> Desk:
    """For a courtyard's head: claims of its households, where the scheme lets heads review first."""
    if not heads:
        return Desk(false(), 0, 0, [])
    mine = or_(Record.recorder_household_id == household_id, Record.holder_id == household_id)
    rows = _by_place(_household.courtyard_id.in_(heads), mine)
    return _desk([row for row in rows if "courtyard_head" in terms(row.scheme_id).reviewers])


def _by_place(condition: ColumnElement[bool], mine: ColumnElement[bool]) -> Sequence[Row[Any]]:
    place = (Record.scheme_id, Area.id.label("area_id"), Area.path, _household.courtyard_id)
    others = func.sum(case((mine, 0), else_=1)).label("todo")
    statement = _waiting([*place, func.count().label("total"), others], condition).group_by(*place)
    return db.session.execute(statement).all()


def _desk(rows: Sequence[Row[Any]]) -> Desk:
    """Of groups of claims; those of one scheme, area and courtyard are reviewed by the same people."""
    same_place = [
        and_(
            Record.scheme_id == row.scheme_id,
            Area.id == row.area_id,
            _household.courtyard_id.is_not_distinct_from(row.courtyard_id),
        )
        for row in rows
    ]
    yards: dict[int, int] = {}
    for row in rows:
        yards[row.courtyard_id or 0] = yards.get(row.courtyard_id or 0, 0) + row.total
    names = select(Courtyard.id, Courtyard.name).where(Courtyard.id.in_(list(yards))).order_by(Courtyard.name)
    named = [(yard_id, name, yards[yard_id]) for yard_id, name in db.session.execute(names)] if yards else []
    return Desk(
        or_(*same_place) if same_place else false(),
        sum(row.total for row in rows),
        sum(int(row.todo) for row in rows),
        named + ([(0, "不在院落里", yards[0])] if 0 in yards else []),
    )


def waiting(desk: Desk, *, yard_id: int | None = None) -> Select[Any]:
    """The claims at a desk, oldest first: (Record, title, month-end day)."""
    columns = (Record, RuleVersion.title, Scheme.month_end_day)
    statement = (
        _waiting(columns, desk.condition)
        .join(RuleVersion, RuleVersion.id == Record.rule_version_id)
        .join(Scheme, Scheme.id == Record.scheme_id)
        .order_by(Record.created_at, Record.id)
    )
    if yard_id is not None:
        statement = statement.where(_household.courtyard_id.is_not_distinct_from(yard_id or None))
    return statement


def with_facts(rows: Sequence[Row[Any]], actor: Actor, today: date) -> list[Waiting]:
    """What a reviewer looks at, for the claims of one page."""
    record_ids = [row[0].id for row in rows]
    photos, shared = _photos(record_ids), _sharing(record_ids)
    return [_fact(row, actor, today, photos.get(row[0].id, ()), row[0].id in shared) for row in rows]


def _fact(row: Row[Any], actor: Actor, today: date, photos: tuple[str, ...], shared: bool) -> Waiting:
    record, title, month_end_day = row
    whom = target(record.holder_id)
    claimed = clock.local_date(record.created_at)
    until = month_end(claimed, month_end_day)
    why_not = why_not_first(record, whom, terms(record.scheme_id), actor)
    waits = (today - claimed).days
    return Waiting(record, whom, title, record.points, photos, shared, why_not, waits, until, today > until)


def month_end(day: date, month_end_day: int) -> date:
    """The scheme's day of month-end that comes next, ``day`` itself included."""
    if day.day <= month_end_day:
        return day.replace(day=month_end_day)
    return date(day.year + day.month // 12, day.month % 12 + 1, month_end_day)


def _photos(record_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    statement = select(RecordPhoto.record_id, RecordPhoto.hash).where(RecordPhoto.record_id.in_(record_ids))
    found: dict[int, tuple[str, ...]] = {}
    for record_id, name in db.session.execute(statement.order_by(RecordPhoto.record_id, RecordPhoto.position)):
        found[record_id] = (*found.get(record_id, ()), name)
    return found


def _sharing(record_ids: Sequence[int]) -> set[int]:
    """Which show a photo that somebody else's claim shows too. One submission of a head shares its photos on purpose."""
    mine, other, one, two = aliased(RecordPhoto), aliased(RecordPhoto), aliased(Record), aliased(Record)
    statement = (
        select(mine.record_id)
        .join(one, one.id == mine.record_id)
        .join(other, (other.hash == mine.hash) & (other.record_id != mine.record_id))
        .join(two, two.id == other.record_id)
        .where(mine.record_id.in_(record_ids), ~_together(one, two))
        .distinct()
    )
    return set(db.session.scalars(statement))


def _together(one: Any, two: Any) -> ColumnElement[bool]:
    """Sent with one form, or the one mends the other."""
    same_author = and_(
        one.recorder_household_id.is_not_distinct_from(two.recorder_household_id),
        one.recorder_id.is_not_distinct_from(two.recorder_id),
    )
    sent_at_once = and_(one.created_at == two.created_at, one.rule_id == two.rule_id, same_author)
    mended = or_(func.coalesce(one.mends_id, 0) == two.id, func.coalesce(two.mends_id, 0) == one.id)
    return or_(sent_at_once, mended)


def names_within(record_ids: Iterable[int], condition: ColumnElement[bool]) -> dict[int, str]:
    """``刘*梅家「参加居民会议」`` of those of some claims that still wait where the one who asks reviews."""
    columns = (Record.id, Holder.__table__.c.kind, Holder.__table__.c.name, RuleVersion.title)
    statement = _waiting(columns, condition).join(RuleVersion, RuleVersion.id == Record.rule_version_id)
    rows = db.session.execute(statement.where(Record.id.in_(list(record_ids))))
    return {record_id: f"{shown_name(kind, name)}「{title}」" for record_id, kind, name, title in rows}


# One day, one record --------------------------------------------------------------------------------------------------


def day_of_courtyard(courtyard_id: int, day: date) -> Sequence[Row[Any]]:
    """一日一记录: what was recorded for a courtyard and its households on a day and counts: (Record, Holder, title)."""
    home = select(_household.id).where(_household.courtyard_id == courtyard_id)
    statement = (
        select(Record, Holder, RuleVersion.title)
        .join(Holder, Holder.id == Record.holder_id)
        .join(RuleVersion, RuleVersion.id == Record.rule_version_id)
        .where(
            or_(Record.holder_id == courtyard_id, Record.holder_id.in_(home)),
            Record.happened_on == day,
            Record.state.in_(LIVE),
        )
        .order_by(Record.id)
    )
    return db.session.execute(statement).all()
