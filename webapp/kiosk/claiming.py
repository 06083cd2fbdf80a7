"""What a household may claim while it stands at a kiosk: which rules, on which of the last days, and what comes after.

Nobody takes photos at a kiosk, so a rule that wants one says where it is claimed instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from webapp.claims.queries import Group, groups, mended_by, version_today
from webapp.core.actor import Actor
from webapp.records.models import Record
from webapp.records.queries import Target, uses, uses_of_rule
from webapp.records.service import wrote
from webapp.schemes.models import RECORDERS
from webapp.schemes.queries import RuleView, Terms

DAYS = 8  # today and the week before it
NEEDS_PHOTO = "这一条要照片，请用手机申报，或请网格员帮您拍"
#: What is often said of a deed; several may be tapped, more may be written.
PHRASES = ("我自己做的", "全家一起做的", "和邻居一起做的", "院里组织的", "社区组织的", "网格员在场")


class Tile(NamedTuple):
    """A rule to tap. ``why_not``: why it can't be claimed here and now, in words."""

    rule: RuleView
    note: str
    why_not: str


class Day(NamedTuple):
    """A day to tap. ``why_not``: why a rule can't be claimed for it."""

    day: date
    words: str
    why_not: str


def offered(scheme: Terms, whom: Target, today: date) -> list[Group]:
    """The scheme's rules that may be claimed, by category."""
    return groups(scheme, [whom], today)


def tiles(group: Group, whom: Target, today: date) -> list[Tile]:
    """The rules of a category, those that can be claimed first. One is full when no day is left for it."""
    counted = [uses(whom.id, day) for day in _open_days(whom, today)]
    found = []
    for choice in group.choices:
        rule = choice.rule
        full = all(rule.rule_id in day and day[rule.rule_id].reached(rule) for day in counted)
        why_not = NEEDS_PHOTO if rule.proof == "photo" else (choice.full or "账已经关了") if full else ""
        proof = "要写一句说明" if rule.proof == "note" else ""
        found.append(Tile(rule, " · ".join(filter(None, (proof, choice.so_far or rule.caps))) or "不限次数", why_not))
    return sorted(found, key=lambda tile: bool(tile.why_not))


def _open_days(whom: Target, today: date) -> list[date]:
    """Those of the last days whose book is not closed."""
    days = [today - timedelta(days=back) for back in range(DAYS)]
    return [day for day in days if whom.closed_to is None or day > whom.closed_to]


def days(rule: RuleView, whom: Target, today: date) -> list[Day]:
    """The last days, today first, each with whether a rule can still be claimed for it."""
    names = {0: "今天", 1: "昨天", 2: "前天"}
    every = [(back, today - timedelta(days=back)) for back in range(DAYS)]
    return [Day(day, names.get(back, ""), _why_not(rule, whom, day)) for back, day in every]


def _why_not(rule: RuleView, whom: Target, day: date) -> str:
    if whom.closed_to is not None and day <= whom.closed_to:
        return "已经关账"
    judging = version_today(rule.rule_id, rule.scheme_id, day)
    if judging is None:
        return "那天还没有这一条"
    return "已到上限" if uses_of_rule(whom.id, rule.rule_id, day).reached(judging) else ""


def reviewers(scheme: Terms) -> str:
    """Who reviews a claim first: ``院长、网格员或网格长``; empty where nobody does."""
    names = [RECORDERS[post] for post in scheme.first_reviewers.split(",") if post in RECORDERS]
    if scheme.reviews < 2 or not names:
        return ""
    return "或".join(filter(None, ("、".join(names[:-1]), names[-1])))


def comes_next(record: Record, scheme: Terms) -> tuple[str, str]:
    """Where a claim stands, as a heading and a sentence."""
    enters = "公示以后入账" if scheme.posts("claim") == "publication" else "认定以后入账"
    first = reviewers(scheme)
    return {
        "waiting": ("已报上去，等初审", f"先由{first or '网格员'}初审，再由社区认定，{enters}。"),
        "passed": ("已报上去，等社区认定" if not first else "初审通过，等社区认定", f"社区认定，{enters}。"),
        "confirmed": ("社区认定了，等公示", "公示没有异议，就记到您家的账上。"),
        "posted": ("已入账", "已经记到您家的账上，可以用了。"),
        "returned": ("退回来了", f"原因：{record.end_note or '没有写'}。补好以后可以再报一条。"),
        "withdrawn": ("已经撤回", "这一条不再审核，也不记分。"),
        "reversed": ("已经冲正", f"原因：{record.end_note or '没有写'}。有疑问请到服务台。"),
    }[record.state]


def mendable(record: Record, household_id: int, actor: Actor) -> bool:
    """Whether it came back to the household whose it is, and was not sent again."""
    own = record.holder_id == household_id and wrote(record, actor)
    return own and record.state == "returned" and record.id not in mended_by([record.id])


def note_of(ticked: Sequence[str], typed: str) -> str:
    """What was tapped, in its order, and what was written."""
    return "；".join([*(words for words in PHRASES if words in ticked), *([typed] if typed else [])])


def note_parts(note: str) -> tuple[list[str], str]:
    """The same apart again: what is ticked, and what is written."""
    parts = note.split("；") if note else []
    return [one for one in parts if one in PHRASES], "；".join(one for one in parts if one not in PHRASES)
