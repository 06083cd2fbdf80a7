"""Reads of drafts, and of what the last months hold for a replay. One query for the months, none of the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.core.errors import NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.records.models import Record, Rectification
from webapp.records.queries import targets
from webapp.schemes.models import RuleVersion
from webapp.schemes.queries import RuleView, rule_version
from webapp.schemes.queries.desk import RuleLine, newest_rules, rule_lines
from webapp.simulator.judging import Caps, Effect, Happened, NewRule, Outcome, replay
from webapp.simulator.models import RuleDraft, RuleDraftLine

MOST_MONTHS = 3
NO_DRAFT = "没有这份草稿，或它不在您负责的范围内。请从列表里重新选择。"


@dataclass(frozen=True, slots=True)
class Changed:
    """A rule that a draft says otherwise. ``before``: the version that it follows; ``newest``: the newest there is."""

    line: RuleDraftLine
    before: RuleView
    newest: RuleView

    @property
    def after(self) -> RuleView:
        line = self.line
        return replace(
            self.before,
            title=line.title,
            detail=line.detail,
            lowest=Points(line.lowest),
            highest=Points(line.highest),
            cap_day=line.cap_day,
            cap_month=line.cap_month,
            cap_year=line.cap_year,
        )

    @property
    def stale(self) -> bool:
        """Whether somebody changed or ended the rule since the line was written."""
        return self.newest.version_id != self.before.version_id or self.newest.valid_to is not None

    @property
    def new_rule(self) -> NewRule:
        before, after = self.before, self.after
        points, caps = (after.lowest.tenths, after.highest.tenths), Caps(after.cap_day, after.cap_month, after.cap_year)
        return NewRule(
            ends=self.line.ends,
            points=None if points == (before.lowest.tenths, before.highest.tenths) else points,
            caps=None if caps == Caps(before.cap_day, before.cap_month, before.cap_year) else caps,
        )


class Row(NamedTuple):
    """A rule in the table of an open draft. ``why_not``: why it cannot be changed now."""

    rule: RuleView
    changed: Changed | None
    why_not: str


def drafts_of(scheme_id: int) -> list[tuple[RuleDraft, int]]:
    """The drafts of a scheme, newest first, and how many rules each changes."""
    count = select(func.count()).where(RuleDraftLine.draft_id == RuleDraft.id).correlate(RuleDraft).scalar_subquery()
    statement = select(RuleDraft, count).where(RuleDraft.scheme_id == scheme_id).order_by(RuleDraft.id.desc())
    return [(draft, lines) for draft, lines in db.session.execute(statement)]


def draft(draft_id: int, scope: Sequence[str]) -> RuleDraft:
    """A draft of a scheme of areas within, above or at these paths. :raises NotFound: for any other."""
    found = db.session.get(RuleDraft, draft_id, options=[joinedload(RuleDraft.scheme)])
    path = found.scheme.area.path if found else ""
    if found is None or not any(path.startswith(mine) or mine.startswith(path) for mine in scope):
        raise NotFound(NO_DRAFT)
    return found


def changes(found: RuleDraft) -> list[Changed]:
    """What a draft says otherwise, in the scheme's order."""
    statement = select(RuleDraftLine).where(RuleDraftLine.draft_id == found.id)
    lines = {line.rule_id: line for line in db.session.scalars(statement)}
    if not lines:
        return []
    newest = {rule.rule_id: rule for rule in newest_rules(found.scheme_id).values()}
    order = {rule_id: place for place, rule_id in enumerate(_order(found.scheme_id))}
    made = [_changed(line, newest[rule_id]) for rule_id, line in lines.items()]
    return sorted(made, key=lambda one: order[one.line.rule_id])


def _order(scheme_id: int) -> list[int]:
    return [line.shown.rule_id for line in rule_lines(scheme_id, date.max)]


def _changed(line: RuleDraftLine, newest: RuleView) -> Changed:
    before = newest if newest.version_id == line.version_id else rule_version(line.version_id)
    return Changed(line, before, newest)


def rows(found: RuleDraft, day: date) -> list[Row]:
    """The scheme's rules that are not ended, each with what the draft says otherwise."""
    changed = {one.line.rule_id: one for one in changes(found)}
    lines = [
        line for line in rule_lines(found.scheme_id, day) if line.state != "ended" or line.shown.rule_id in changed
    ]
    return [Row(line.shown, changed.get(line.shown.rule_id), why_not(line)) for line in lines]


def why_not(line: RuleLine) -> str:
    """Why a draft cannot change a rule as it stands; empty if it can."""
    coming = line.shown if line.state == "waiting" else line.coming
    if coming is not None:
        return f"有一个新版本从 {coming.valid_from} 起生效，等它生效以后再改。"
    if line.shown.valid_to is not None:
        return f"这条细则到 {line.shown.valid_to} 停用，不能再改。"
    return ""


# The months -----------------------------------------------------------------------------------------------------------


class Span(NamedTuple):
    """Whole months, first and last day included."""

    first: date
    last: date

    @property
    def words(self) -> str:
        return f"{self.first.year} 年 {self.first.month} 月至 {self.last.year} 年 {self.last.month} 月"


def last_months(day: date, months: int) -> Span:
    """The whole months before the one of ``day``."""
    last = day.replace(day=1) - timedelta(days=1)
    number = last.year * 12 + last.month - months
    return Span(date(number // 12, number % 12 + 1, 1), last)


_origin = aliased(Record)


def happened(community_id: int, scheme_id: int, span: Span, of_the_year: Iterable[int] = ()) -> list[Happened]:
    """What is in the book of a span, in the order in which it happened. Of the rules ``of_the_year``, whose cap of the year
    the draft changes, the year's earlier records come along without counting."""
    begin, rules = span.first.replace(month=1, day=1), list(of_the_year)
    statement = (
        select(
            Record.holder_id,
            Record.rule_id,
            Record.points,
            Record.happened_on,
            _origin.points,
            RuleVersion.rectify_percent,
        )
        .outerjoin(Rectification, Rectification.new_record_id == Record.id)
        .outerjoin(_origin, _origin.id == Rectification.record_id)
        .outerjoin(RuleVersion, RuleVersion.id == _origin.rule_version_id)
        .where(
            Record.community_id == community_id,
            Record.happened_on.between(begin if rules else span.first, span.last),
            Record.scheme_id == scheme_id,
            Record.state == "posted",
            or_(Record.happened_on >= span.first, Record.rule_id.in_(rules)),
        )
        .order_by(Record.happened_on, Record.happened_at, Record.id)
    )
    found = db.session.execute(statement)
    return [
        Happened(holder, rule, points, on, origin, back or 0, counts=on >= span.first)
        for holder, rule, points, on, origin, back in found
    ]


def outcome(changed: Iterable[Changed], community_id: int, scheme_id: int, span: Span) -> Outcome:
    """What the months of a community come to by a draft."""
    new = {one.line.rule_id: one.new_rule for one in changed}
    yearly = [rule_id for rule_id, rule in new.items() if rule.caps is not None and rule.caps.year is not None]
    return replay(new, happened(community_id, scheme_id, span, yearly))


class Whom(NamedTuple):
    """A holder in the lists of a result, masked."""

    number: str
    name: str
    place: str
    effect: Effect


def named(pairs: Sequence[tuple[int, Effect]]) -> list[Whom]:
    """With the names that others may see."""
    found = targets(key for key, _ in pairs)
    return [
        Whom(found[key].number, found[key].shown_name, found[key].address or found[key].spot.label, effect)
        for key, effect in pairs
        if key in found
    ]
