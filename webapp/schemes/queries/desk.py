"""Rules as the desk shows them: lists with ended and coming versions, and a rule's history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby, pairwise

from sqlalchemy import select

from webapp.core.points import show_signed
from webapp.extensions import db
from webapp.schemes.models import PROOFS, Category, Rule, RuleVersion
from webapp.schemes.queries import RULES, RuleView, as_rule, versions_of


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule in a list. ``shown`` judges today, or did last, or will first; ``coming`` is the next version after it."""

    shown: RuleView
    coming: RuleView | None
    state: str  # active, waiting (its first day has not come), ended

    @property
    def ends_on(self) -> date | None:
        """The last day of a rule that still judges and will be ended."""
        return self.shown.valid_to if self.state == "active" and self.coming is None else None

    def matches(self, text: str) -> bool:
        """Whether code, words or category hold what was typed."""
        shown = self.shown
        return text.casefold() in f"{shown.code} {shown.title} {shown.detail} {shown.category}".casefold()


def rule_lines(scheme_id: int, day: date) -> list[RuleLine]:
    """All rules of a scheme in its order, ended ones included."""
    order = (Category.position, Category.id, Rule.position, Rule.id, RuleVersion.version)
    rows = db.session.execute(RULES.where(Rule.scheme_id == scheme_id).order_by(*order))
    by_rule = groupby((as_rule(row) for row in rows), key=lambda rule: rule.rule_id)
    return [_line(list(versions), day) for _, versions in by_rule]


def _line(versions: list[RuleView], day: date) -> RuleLine:
    begun = [version for version in versions if version.valid_from <= day]
    later = [version for version in versions if version.valid_from > day]
    if not begun:
        return RuleLine(later[0], later[1] if later[1:] else None, "waiting")
    shown, coming = begun[-1], later[0] if later else None
    ended = shown.valid_to is not None and shown.valid_to < day
    return RuleLine(shown, coming, "ended" if ended else "active")


def rule_line(rule_id: int, day: date) -> RuleLine:
    """One rule as it stands on a day."""
    return _line(versions_of(rule_id)[::-1], day)


def newest_rules(scheme_id: int) -> dict[str, RuleView]:
    """The newest version of each rule, by the rule's code."""
    rows = db.session.execute(RULES.where(Rule.scheme_id == scheme_id).order_by(RuleVersion.version))
    return {rule.code: rule for rule in map(as_rule, rows)}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that a version says otherwise than the one before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionLine:
    """A version in a rule's history: who wrote it, when (UTC), and what it changed."""

    rule: RuleView
    author: str
    created_at: datetime
    changes: tuple[Change, ...]


def _range(rule: RuleView) -> str:
    low, high = show_signed(rule.lowest.tenths), show_signed(rule.highest.tenths)
    return low if rule.fixed else f"{low}…{high}"


#: What a version says, by its label.
FACTS: dict[str, Callable[[RuleView], str]] = {
    "内容": lambda rule: rule.title,
    "说明": lambda rule: rule.detail,
    "分值": _range,
    "谁能记": lambda rule: rule.recorder_names,
    "证明": lambda rule: PROOFS[rule.proof],
    "次数": lambda rule: rule.caps or "不限",
    "整改返还": lambda rule: rule.rectify_words or "不返还",
    "一票否决": lambda rule: "是" if rule.veto else "否",
}


def history(rule_id: int) -> list[VersionLine]:
    """A rule's versions, newest first, each with what it changed."""
    versions = versions_of(rule_id)
    statement = select(RuleVersion.id, RuleVersion.author, RuleVersion.created_at)
    written = {row.id: row for row in db.session.execute(statement.where(RuleVersion.rule_id == rule_id))}
    changes = [_changes(older, newer) for newer, older in pairwise(versions)]
    return [
        VersionLine(version, written[version.version_id].author, written[version.version_id].created_at, changed)
        for version, changed in zip(versions, [*changes, ()], strict=True)
    ]


def _changes(older: RuleView, newer: RuleView) -> tuple[Change, ...]:
    pairs = ((label, tell(older), tell(newer)) for label, tell in FACTS.items())
    return tuple(Change(label, before, after) for label, before, after in pairs if before != after)
