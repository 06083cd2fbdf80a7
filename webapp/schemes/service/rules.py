"""细则: a rule is never changed. A change makes a version that is valid from a day on; a record keeps the version that
judged it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes.models import MOST_RECTIFY_DAYS, PROOFS, RECORDERS, RECTIFIED, Category, Rule, RuleVersion, Scheme
from webapp.schemes.service.settings import lock

#: Who records when a rule does not say: everybody who walks the lanes.
DEFAULT_RECORDERS = ("secretary", "group_head", "grid_lead", "grid_worker", "inspector")
MOST_POINTS = Points.whole(1000)
MOST_TIMES = 1000


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a version of a rule says. Points carry their sign; caps count times per holder, None is no cap. A deduction may
    be provisional for ``rectify_days``."""

    title: str
    lowest: Points
    highest: Points
    recorders: tuple[str, ...] = DEFAULT_RECORDERS
    detail: str = ""
    proof: str = "none"
    cap_day: int | None = None
    cap_month: int | None = None
    cap_year: int | None = None
    veto: bool = False
    rectify_days: int | None = None
    rectify_percent: int = 100


def add_rule(
    *,
    category: Category,
    code: str,
    text: RuleText,
    valid_from: date,
    actor: Actor,
    now: datetime,
    position: int | None = None,
) -> RuleVersion:
    """A new rule with its first version; without a position it comes last in its category.

    :raises Conflict: if the scheme has a rule of this code.
    :raises Invalid: for points, posts or caps that cannot be, or if the day lies in the past.
    """
    scheme = category.scheme
    actor.must("schemes.edit", scheme.area.path)
    if not code:
        raise Invalid("请填写编号。", field="code")
    check(text)
    check_start(valid_from, now)
    lock(scheme)
    taken = select(Rule.id).where(Rule.scheme_id == scheme.id, Rule.code == code)
    if db.session.scalar(taken) is not None:
        raise Conflict(f"编号 {code} 已经有细则在用。", field="code")
    place = _last_position(category) + 1 if position is None else position
    rule = Rule(scheme_id=scheme.id, category_id=category.id, code=code, position=place)
    db.session.add(rule)
    db.session.flush()
    version = _add_version(rule, 1, text, valid_from, actor, now)
    _log_rule(actor, "rule:added", scheme, rule, version, now)
    return version


def _last_position(category: Category) -> int:
    last = select(func.max(Rule.position)).where(Rule.category_id == category.id)
    return db.session.scalar(last) or 0


def change_rule(*, rule: Rule, text: RuleText, valid_from: date, actor: Actor, now: datetime) -> RuleVersion:
    """Make a new version, valid from a day on; from then it judges instead of the one before.

    :raises Invalid: if the day lies in the past, or the text cannot be.
    :raises Conflict: if a version that starts later exists already.
    """
    actor.must("schemes.edit", rule.scheme.area.path)
    check(text)
    check_start(valid_from, now)
    lock(rule.scheme)
    last = _last_version(rule)
    if last.valid_from >= valid_from and last.valid_from > clock.local_date(now):
        raise Conflict(f"这条细则已有一个 {last.valid_from} 生效的新版本，请先等它生效。", field="valid_from")
    version = _add_version(rule, last.version + 1, text, valid_from, actor, now)
    _log_rule(actor, "rule:changed", rule.scheme, rule, version, now)
    return version


def check_start(valid_from: date, now: datetime) -> None:
    """:raises Invalid: if the day lies in the past."""
    if valid_from < clock.local_date(now):
        raise Invalid("生效日期不能早于今天，已经记的分不受影响。", field="valid_from")


def end_rule(*, rule: Rule, last_day: date, actor: Actor, now: datetime) -> RuleVersion:
    """The rule judges until the end of ``last_day`` and no longer; what it has judged stays.

    :raises Invalid: if the day lies in the past or before the version's first.
    """
    actor.must("schemes.edit", rule.scheme.area.path)
    lock(rule.scheme)
    last = _last_version(rule)
    if last_day < clock.local_date(now) or last_day < last.valid_from:
        raise Invalid("停用日期不能早于今天，也不能早于生效日期。", field="last_day")
    last.valid_to = last_day
    db.session.flush()
    _log_rule(actor, "rule:ended", rule.scheme, rule, last, now)
    return last


def rule_of(rule_id: int) -> Rule:
    """:raises NotFound: if there is no such rule."""
    rule = db.session.get(Rule, rule_id)
    if rule is None:
        raise NotFound("没有这条细则。")
    return rule


def _last_version(rule: Rule) -> RuleVersion:
    statement = select(RuleVersion).where(RuleVersion.rule_id == rule.id).order_by(RuleVersion.version.desc())
    return db.session.scalars(statement.limit(1)).one()


def _add_version(rule: Rule, number: int, text: RuleText, valid_from: date, actor: Actor, now: datetime) -> RuleVersion:
    version = RuleVersion(
        rule_id=rule.id,
        version=number,
        title=text.title,
        detail=text.detail,
        lowest=text.lowest.tenths,
        highest=text.highest.tenths,
        recorders=",".join(post for post in RECORDERS if post in text.recorders),
        proof=text.proof,
        cap_day=text.cap_day,
        cap_month=text.cap_month,
        cap_year=text.cap_year,
        veto=text.veto,
        rectify_days=text.rectify_days,
        rectify_percent=text.rectify_percent if text.rectify_days else 100,
        valid_from=valid_from,
        created_at=now,
        author=actor.label,
    )
    db.session.add(version)
    db.session.flush()
    return version


def check(text: RuleText) -> None:
    """:raises Invalid: naming the first thing of a rule that cannot be."""
    if not text.title:
        raise Invalid("请写细则的内容。", field="title")
    _check_points(text)
    _check_rectification(text)
    if text.proof not in PROOFS:
        raise Invalid("请从列表里选一项。", field="proof")
    if not text.recorders or any(post not in RECORDERS for post in text.recorders):
        raise Invalid("请选至少一个可以记录的岗位。", field="recorders")
    for field in ("cap_day", "cap_month", "cap_year"):
        cap = getattr(text, field)
        if cap is not None and not 1 <= cap <= MOST_TIMES:
            raise Invalid(f"请填 1 到 {MOST_TIMES} 的整数，不限次数就留空。", field=field)


def _check_rectification(text: RuleText) -> None:
    days = text.rectify_days
    if days is not None and not 1 <= days <= MOST_RECTIFY_DAYS:
        raise Invalid(f"整改期请填 1 到 {MOST_RECTIFY_DAYS} 天，不能整改返还就留空。", field="rectify_days")
    if days is not None and (text.veto or text.lowest.tenths >= 0):
        raise Invalid("只有扣分的细则能整改返还，一票否决的不能。", field="rectify_days")
    if text.rectify_percent not in RECTIFIED:
        raise Invalid("请从列表里选返还多少。", field="rectify_percent")


def _check_points(text: RuleText) -> None:
    if text.lowest > text.highest:
        raise Invalid("最低分不能高于最高分。", field="lowest")
    if text.lowest.tenths < 0 < text.highest.tenths:
        raise Invalid("一条细则要么加分要么扣分，请分成两条。", field="lowest")
    if max(abs(text.lowest.tenths), abs(text.highest.tenths)) > MOST_POINTS.tenths:
        raise Invalid(f"一次最多 {MOST_POINTS} 分。", field="highest")
    if not text.veto and text.lowest.tenths == text.highest.tenths == 0:
        raise Invalid("分值不能是 0，一票否决的细则除外。", field="lowest")


def _log_rule(actor: Actor, action: str, scheme: Scheme, rule: Rule, version: RuleVersion, now: datetime) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        rule=rule.code,
        version=version.version,
        title=version.title,
    )


def rule_count(scheme_id: int) -> int:
    """How many rules a scheme has, ended ones included."""
    return int(db.session.scalar(select(func.count()).where(Rule.scheme_id == scheme_id)) or 0)
