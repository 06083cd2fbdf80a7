"""Reads of the inspector's phone: rules in the order of use, and what has not been visited this month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam, case, cast, exists, func, select

from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.inspections.models import RuleUse
from webapp.places.models import Area, Courtyard, Holder, Shop
from webapp.places.queries import within
from webapp.prepared import Prepared
from webapp.records.models import Record
from webapp.records.queries import LIVE, Spot, Target, Uses, spots, uses
from webapp.records.service import takes_part
from webapp.schemes.queries import RuleView, Terms, current_rules, schemes_at
from webapp.users.permissions import posts_over

#: What an inspector walks to.
VISITED_KINDS = ("courtyard", "shop")
PER_PAGE = 20
#: How many rules stand under 常用.
COMMON = 6

_use = RuleUse.__table__.c
_MOST_USED = Prepared(
    select(_use.rule_id)
    .where(_use.scheme_id == bindparam("scheme"), _use.community_id == bindparam("community"))
    .order_by(_use.uses.desc(), _use.rule_id)
    .limit(bindparam("count"))
)


def most_used(scheme_id: int, community_id: int, count: int) -> list[int]:
    """The rules recorded most often in a community, by id."""
    rows = _MOST_USED.all(scheme=scheme_id, community=community_id, count=count)
    return [row.rule_id for row in rows]


class Choice(NamedTuple):
    """A rule as the phone offers it. ``why_not`` says which cap is full, ``so_far`` what counts towards one."""

    rule: RuleView
    why_not: str
    so_far: str

    @property
    def notes(self) -> str:
        """What stands under the rule: full caps, or proof and caps."""
        if self.why_not:
            return self.why_not
        proof = {"photo": "要照片", "note": "要说明"}.get(self.rule.proof, "")
        return " · ".join(text for text in (proof, self.so_far or self.rule.caps) if text)


@dataclass(frozen=True, slots=True)
class Board:
    """The rules of one scheme that somebody may record for a holder today; ``common`` are the usual ones' ids, ``counted``
    what counts for the holder by rule, in any scheme."""

    scheme: Terms
    rules: list[RuleView]
    common: list[int]
    counted: dict[int, Uses]

    @property
    def categories(self) -> list[tuple[int, str]]:
        return list({rule.category_id: rule.category for rule in self.rules}.items())

    @property
    def visits(self) -> int:
        """How many records count for the holder this month."""
        return sum(used.month for used in self.counted.values())

    def shown(self, show: str, text: str, chosen: int | None = None) -> list[Choice]:
        """What a filter leaves: ``common``, ``all``, or a category's id; ``text`` is looked for in all rules. The rule
        that is chosen already is never filtered away."""
        if text:
            kept = [rule for rule in self.rules if _says(rule, text)]
        elif show == "common":
            by_id = {rule.rule_id: rule for rule in self.rules}
            kept = [by_id[rule_id] for rule_id in self.common]
        else:
            kept = [rule for rule in self.rules if show in ("all", str(rule.category_id))]
        lost = [rule for rule in self.rules if rule.version_id == chosen and rule not in kept] if chosen else []
        return [_choice(rule, self.counted.get(rule.rule_id)) for rule in lost + kept]


def _choice(rule: RuleView, used: Uses | None) -> Choice:
    return Choice(rule, used.reached(rule), used.so_far(rule)) if used else Choice(rule, "", "")


def _says(rule: RuleView, text: str) -> bool:
    return text in rule.title or text in rule.detail or rule.code.startswith(text)


def schemes_of(whom: Target) -> list[Terms]:
    """The schemes in which something may be recorded for a holder, nearest area first."""
    return [scheme for scheme in schemes_at(whom.path, whom.kind) if takes_part(scheme.audience, whom)]


def board(scheme: Terms, whom: Target, actor: Actor, today: date) -> Board:
    """The rules that one of the actor's posts may record here, in the order of the scheme, with their caps."""
    posts = posts_over(actor, whom.path)
    rules = [rule for rule in current_rules(scheme.id, today) if not posts.isdisjoint(rule.recorders)]
    return Board(scheme, rules, _common(scheme, whom, [rule.rule_id for rule in rules]), uses(whom.id, today))


def _common(scheme: Terms, whom: Target, in_order: list[int]) -> list[int]:
    """The rules used most in this community; until there are enough, those that the scheme names first."""
    used = [rule_id for rule_id in most_used(scheme.id, whom.community_id, 2 * COMMON) if rule_id in in_order]
    return list(dict.fromkeys([*used, *in_order]))[:COMMON]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the places of a kind have been visited this month."""

    kind: str
    places: int
    visited: int

    @property
    def percent(self) -> int:
        """Whole percent, rounded down: 100 only when nothing is left."""
        return self.visited * 100 // self.places if self.places else 0

    @property
    def left(self) -> int:
        return self.places - self.visited


_holder = Holder.__table__.c
_record = Record.__table__.c


def _seen(first: date) -> Any:
    """An inspection of the holder since a day counts: answered from the index, one look a holder."""
    return exists().where(
        _record.holder_id == _holder.id,
        _record.happened_on >= first,
        _record.source == "inspection",
        _record.state.in_(LIVE),
    )


def _places(columns: Sequence[Any], scope: Sequence[str]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Holder.__table__)
        .join(Area, Area.id == _holder.area_id)
        .where(within(scope), _holder.active, _holder.kind.in_(VISITED_KINDS))
    )


def coverage(scope: Sequence[str], today: date) -> list[Coverage]:
    """Courtyards and shops in some areas, and how many had an inspection since the first of the month."""
    seen = cast(case((_seen(today.replace(day=1)), 1), else_=0), Integer)
    columns = (_holder.kind, func.count(), func.sum(seen))
    rows = db.session.execute(_places(columns, scope).group_by(_holder.kind))
    found = {kind: Coverage(kind, places, int(visited)) for kind, places, visited in rows}
    return [found[kind] for kind in VISITED_KINDS if kind in found]


@dataclass(frozen=True, slots=True)
class Unvisited:
    """A place that nobody has inspected this month; ``last`` is the day of its last inspection ever."""

    id: int
    kind: str
    number: str
    name: str
    spot: Spot
    last: date | None


_yard, _shop = Courtyard.__table__.c, Shop.__table__.c


def unvisited(scope: Sequence[str], today: date, *, kind: str, page: int) -> list[Unvisited]:
    """One page of what has not been visited this month, in the order in which one walks: grid, lane, position."""
    columns = (_holder.id, _holder.kind, _holder.number, _holder.name, Area.path)
    statement = (
        _places(columns, scope)
        .outerjoin(Courtyard.__table__, _yard.id == _holder.id)
        .outerjoin(Shop.__table__, _shop.id == _holder.id)
        .where(~_seen(today.replace(day=1)))
        .order_by(Area.path, _yard.lane, func.coalesce(_yard.position, _shop.position), _holder.number)
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    if kind in VISITED_KINDS:
        statement = statement.where(_holder.kind == kind)
    rows = db.session.execute(statement).all()
    where, last = spots({row.path for row in rows}), _last_inspections([row.id for row in rows])
    return [Unvisited(row.id, row.kind, row.number, row.name, where[row.path], last.get(row.id)) for row in rows]


def _last_inspections(holder_ids: Sequence[int]) -> dict[int, date]:
    statement = (
        select(_record.holder_id, func.max(_record.happened_on))
        .where(_record.holder_id.in_(holder_ids), _record.source == "inspection", _record.state.in_(LIVE))
        .group_by(_record.holder_id)
    )
    return {holder_id: day for holder_id, day in db.session.execute(statement)}
