"""Reads of schemes and rules: frozen views, few prepared statements."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, exists, func, or_, select
from sqlalchemy.orm import aliased, contains_eager

from webapp.core.errors import NotFound
from webapp.core.points import Points, show, show_signed
from webapp.extensions import db
from webapp.places.models import AREA_KINDS, Area
from webapp.prepared import Places, Prepared
from webapp.schemes.models import BY_SYSTEM, RECORDERS, RECTIFIED, Category, Rule, RuleVersion, Scheme


@dataclass(frozen=True, slots=True)
class RuleView:
    """One version of a rule as it judges. ``lowest`` and ``highest`` carry their sign; equal means a fixed score."""

    rule_id: int
    version_id: int
    version: int
    scheme_id: int
    category_id: int
    category: str
    code: str
    title: str
    detail: str
    lowest: Points
    highest: Points
    recorders: tuple[str, ...]
    proof: str
    cap_day: int | None
    cap_month: int | None
    cap_year: int | None
    veto: bool
    rectify_days: int | None
    rectify_percent: int
    valid_from: date
    valid_to: date | None

    @property
    def fixed(self) -> bool:
        return self.lowest == self.highest

    @property
    def deducts(self) -> bool:
        return self.lowest.tenths < 0

    @property
    def score(self) -> str:
        """``+2``, ``+2～+5``, ``−2～−5``, ``停评`` for a veto."""
        if self.veto:
            return "停评"
        least, most = sorted((self.lowest.tenths, self.highest.tenths), key=abs)
        return show_signed(least) if self.fixed else f"{show_signed(least)}～{show_signed(most)}"

    @property
    def score_words(self) -> str:
        """``加 2 分``, ``扣 2 到 5 分``."""
        least, most = sorted((abs(self.lowest.tenths), abs(self.highest.tenths)))
        sizes = show(least) if least == most else f"{show(least)} 到 {show(most)}"
        return f"{'扣' if self.deducts else '加'} {sizes} 分" if most else "不计分"

    @property
    def caps(self) -> str:
        """``每天一次``, ``每月 4 次``; empty without caps."""
        words = (("每天", self.cap_day), ("每月", self.cap_month), ("每年", self.cap_year))
        return "，".join(f"{when}{'一' if cap == 1 else f' {cap} '}次" for when, cap in words if cap)

    @property
    def by_hand(self) -> bool:
        """Whether people record by it; what only the software records is neither tapped nor claimed."""
        return self.recorders != (BY_SYSTEM,)

    @property
    def rectify_words(self) -> str:
        """``7 天内整改，全部返还``; empty for what is final at once."""
        return f"{self.rectify_days} 天内整改，{RECTIFIED[self.rectify_percent]}" if self.rectify_days else ""

    @property
    def recorder_names(self) -> str:
        """``书记、网格员``."""
        return "、".join(RECORDERS.get(post, post) for post in self.recorders)

    def allows(self, points: Points) -> bool:
        return self.lowest <= points <= self.highest


_COLUMNS = (
    Rule.id,
    RuleVersion.id,
    RuleVersion.version,
    Rule.scheme_id,
    Rule.category_id,
    Category.name,
    Rule.code,
    RuleVersion.title,
    RuleVersion.detail,
    RuleVersion.lowest,
    RuleVersion.highest,
    RuleVersion.recorders,
    RuleVersion.proof,
    RuleVersion.cap_day,
    RuleVersion.cap_month,
    RuleVersion.cap_year,
    RuleVersion.veto,
    RuleVersion.rectify_days,
    RuleVersion.rectify_percent,
    RuleVersion.valid_from,
    RuleVersion.valid_to,
)
_newer = aliased(RuleVersion)
RULES = select(*_COLUMNS).join(Rule, Rule.id == RuleVersion.rule_id).join(Category, Category.id == Rule.category_id)
_CURRENT = Prepared(
    RULES.where(
        Rule.scheme_id == bindparam("scheme"),
        RuleVersion.valid_from <= bindparam("day"),
        or_(RuleVersion.valid_to.is_(None), RuleVersion.valid_to >= bindparam("day")),
        # the highest version that has begun is the one in force
        ~exists().where(
            _newer.rule_id == RuleVersion.rule_id,
            _newer.version > RuleVersion.version,
            _newer.valid_from <= bindparam("day"),
        ),
    ).order_by(Category.position, Category.id, Rule.position, Rule.id)
)
_STAMP = Prepared(select(Scheme.rules_stamp).where(Scheme.id == bindparam("scheme")))
_one_version = RULES.where(RuleVersion.id == bindparam("version"))
_ONE_VERSION = Prepared(_one_version)
_TERMS = (
    Scheme.id,
    Scheme.name,
    Scheme.holder_kind,
    Scheme.audience,
    Scheme.inspections_post,
    Scheme.claims_post,
    Scheme.active,
    Scheme.spendable,
    Scheme.reviews,
    Scheme.first_reviewers,
    Area.path,
)
_ABOVE = Places("area", len(AREA_KINDS))
_AT = Prepared(
    select(*_TERMS)
    .join(Area, Area.id == Scheme.area_id)
    .where(Scheme.area_id.in_(_ABOVE.parameters()), Scheme.holder_kind == bindparam("kind"), Scheme.active)
    .order_by(Area.path.desc(), Scheme.id)
)
_TERMS_OF = Prepared(select(*_TERMS).join(Area, Area.id == Scheme.area_id).where(Scheme.id == bindparam("scheme")))
_newest = select(func.max(_newer.version)).where(_newer.rule_id == Rule.id, _newer.valid_from <= bindparam("day"))
_RULING = Prepared(
    _one_version.join(Scheme, Scheme.id == Rule.scheme_id)
    .join(Area, Area.id == Scheme.area_id)
    .add_columns(*_TERMS, _newest.correlate(Rule).scalar_subquery())
)


class Terms(NamedTuple):
    """What a scheme says about making records and spending; ``path`` is the area in which it holds."""

    id: int
    name: str
    holder_kind: str
    audience: str
    inspections_post: str
    claims_post: str
    active: bool
    spendable: bool
    reviews: int
    first_reviewers: str
    path: str

    @property
    def reviewers(self) -> frozenset[str]:
        """Posts that review a claim first."""
        return frozenset(self.first_reviewers.split(","))

    def posts(self, source: str) -> str:
        """When what this source writes reaches the book: a key of ``POSTING``."""
        return self.inspections_post if source == "inspection" else self.claims_post


class Ruling(NamedTuple):
    """A version of a rule on a day: whether exactly it judges then (it has begun, is not ended, and no newer one has
    begun), and the terms of its scheme."""

    rule: RuleView
    scheme: Terms
    in_force: bool


@lru_cache(maxsize=4096)
def as_rule(row: Row[Any]) -> RuleView:
    """Remembered by all that the row says, so that no change can be missed."""
    values = list(row)
    values[9], values[10] = Points(values[9]), Points(values[10])
    values[11] = tuple(post for post in values[11].split(",") if post)
    return RuleView(*values)


def current_rules(scheme_id: int, on: date, post: str | None = None) -> list[RuleView]:
    """The rules that judge on a day, in the order of the scheme; with ``post`` only those that it may record."""
    stamped = _STAMP.first(scheme=scheme_id)
    rules = _rules_under(stamped.rules_stamp, scheme_id, on) if stamped else ()
    return [rule for rule in rules if post is None or post in rule.recorders]


@lru_cache(maxsize=256)
def _rules_under(stamp: int, scheme_id: int, on: date) -> tuple[RuleView, ...]:
    """Remembered under the stamp that the database changes with every change of the scheme's rules."""
    return tuple(as_rule(row) for row in _CURRENT.all(scheme=scheme_id, day=on))


NO_RULE = "没有这条细则，可能已经修改。请返回重新选择。"


def rule_version(version_id: int) -> RuleView:
    """:raises NotFound: if there is no such version."""
    row = _ONE_VERSION.first(version=version_id)
    if row is None:
        raise NotFound(NO_RULE)
    return as_rule(row)


def ruling(version_id: int, day: date) -> Ruling:
    """:raises NotFound: if there is no such version."""
    row = _RULING.first(version=version_id, day=day)
    if row is None:
        raise NotFound(NO_RULE)
    rule, newest = as_rule(row[: len(_COLUMNS)]), row[-1]
    judges = newest == rule.version and (rule.valid_to is None or day <= rule.valid_to)
    return Ruling(rule, Terms._make(row[len(_COLUMNS) : -1]), judges)


def versions_of(rule_id: int) -> list[RuleView]:
    """All versions of a rule, newest first."""
    rows = db.session.execute(RULES.where(Rule.id == rule_id).order_by(RuleVersion.version.desc()))
    return [as_rule(row) for row in rows]


def schemes_for(area: Area, holder_kind: str) -> list[Scheme]:
    """The schemes in force for a kind of holder in an area: its own and its ancestors', nearest area first."""
    ancestors = [int(part) for part in area.path.strip("/").split("/")]
    statement = (
        select(Scheme)
        .join(Area, Area.id == Scheme.area_id)
        .where(Scheme.area_id.in_(ancestors), Scheme.holder_kind == holder_kind, Scheme.active)
        .order_by(Area.path.desc(), Scheme.id)
    )
    return list(db.session.scalars(statement))


def schemes_at(path: str, holder_kind: str) -> list[Terms]:
    """The same by an area's path, as frozen terms, for the hot pages."""
    above = [int(part) for part in path.strip("/").split("/")]
    return [Terms._make(row) for row in _AT.all(kind=holder_kind, **_ABOVE.filled(above))]


def terms(scheme_id: int) -> Terms:
    """:raises NotFound: if there is no such scheme."""
    row = _TERMS_OF.first(scheme=scheme_id)
    if row is None:
        raise NotFound("没有这个积分办法。")
    return Terms._make(row)


def scheme(scheme_id: int) -> Scheme:
    """:raises NotFound: if there is no such scheme."""
    found = db.session.get(Scheme, scheme_id)
    if found is None:
        raise NotFound("没有这个积分办法。")
    return found


def schemes_in(scope: tuple[str, ...]) -> list[Scheme]:
    """The schemes that somebody with these area paths sees: those of areas within, above or at them."""
    statement = select(Scheme, Area.path).join(Scheme.area).order_by(Area.path, Scheme.id)
    statement = statement.options(contains_eager(Scheme.area))
    rows = db.session.execute(statement).all()
    return [found for found, path in rows if any(path.startswith(mine) or mine.startswith(path) for mine in scope)]


def seen_scheme(scheme_id: int, scope: tuple[str, ...]) -> Scheme:
    """One of ``schemes_in``. :raises NotFound: for any other."""
    found = db.session.get(Scheme, scheme_id)
    path = found.area.path if found else ""
    if found is None or not any(path.startswith(mine) or mine.startswith(path) for mine in scope):
        raise NotFound("没有这个积分办法，或它不在您负责的范围内。请从列表里重新选择。")
    return found


def seen_category(scheme_id: int, category_id: int) -> Category:
    """:raises NotFound: if the scheme has no such category."""
    found = db.session.get(Category, category_id)
    if found is None or found.scheme_id != scheme_id:
        raise NotFound("没有这个一级指标，请从列表里重新选择。")
    return found


def seen_rule(scheme_id: int, rule_id: int) -> Rule:
    """:raises NotFound: if the scheme has no such rule."""
    found = db.session.get(Rule, rule_id)
    if found is None or found.scheme_id != scheme_id:
        raise NotFound("没有这条细则，请从列表里重新选择。")
    return found


def codes_in(area: Area) -> dict[str, int]:
    """The schemes of an area: code -> id."""
    rows = db.session.execute(select(Scheme.code, Scheme.id).where(Scheme.area_id == area.id))
    return {code: scheme_id for code, scheme_id in rows}


def rule_counts(day: date) -> dict[int, int]:
    """How many rules each scheme has that are not ended on a day; those of coming days count."""
    newest = select(func.max(_newer.version)).where(_newer.rule_id == Rule.id).correlate(Rule).scalar_subquery()
    statement = (
        select(Rule.scheme_id, func.count())
        .join(RuleVersion, (RuleVersion.rule_id == Rule.id) & (RuleVersion.version == newest))
        .where(or_(RuleVersion.valid_to.is_(None), RuleVersion.valid_to >= day))
        .group_by(Rule.scheme_id)
    )
    return {scheme_id: count for scheme_id, count in db.session.execute(statement)}


def categories(scheme_id: int) -> list[Category]:
    statement = select(Category).where(Category.scheme_id == scheme_id).order_by(Category.position, Category.id)
    return list(db.session.scalars(statement))


def points_text(points: Points) -> str:
    """For a form field: ``2.5``, ``-2`` with an ASCII minus."""
    return show(points.tenths).replace("−", "-")
