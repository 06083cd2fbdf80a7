"""Writing schemes and rules. A rule is never changed: a change makes a version that is valid from a day on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, NotFound
from webapp.core.points import ZERO, Points
from webapp.extensions import db
from webapp.places.models import HOLDER_KINDS, Area
from webapp.schemes.models import AUDIENCES, POSTING, PROOFS, Category, Rule, RuleVersion, Scheme
from webapp.schemes.presets import preset
from webapp.users.models import POSTS

#: Who records when a rule does not say: everybody who walks the lanes.
DEFAULT_RECORDERS = ("secretary", "group_head", "grid_lead", "grid_worker", "inspector")
MOST_POINTS = Points.whole(1000)


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a version of a rule says. Caps count times per holder; None is no cap."""

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


def load_preset(code: str, *, area: Area, actor: Actor, now: datetime) -> Scheme:
    """Load one of the presets into an area, with what it rolls up to; its rules are valid from today.

    :raises Conflict: if the area has a scheme of this code already.
    """
    data = preset(code)
    above = data.get("rolls_up_to")
    upper = _scheme_of(area, above) or load_preset(above, area=area, actor=actor, now=now) if above else None
    made = add_scheme(area=area, actor=actor, now=now, rolls_up_to=upper, **_settings(data))
    for position, group in enumerate(data["categories"]):
        category = add_category(
            scheme=made, code=group["code"], name=group["name"], position=position, actor=actor, now=now
        )
        for place, rule in enumerate(group["rules"]):
            add_rule(
                category=category,
                code=rule["code"],
                text=_rule_text(rule),
                position=place,
                valid_from=clock.local_date(now),
                actor=actor,
                now=now,
            )
    return made


def _scheme_of(area: Area, code: str) -> Scheme | None:
    return db.session.scalars(select(Scheme).where(Scheme.area_id == area.id, Scheme.code == code)).one_or_none()


def _settings(data: dict[str, Any]) -> dict[str, Any]:
    lapse = data.get("lapse")
    month, day = (int(part) for part in lapse.split("-")) if lapse else (None, None)
    kept = ("code", "name", "purpose", "holder_kind", "inspections_post", "claims_post", "spendable")
    return {
        **{name: data[name] for name in kept},
        "audience": data.get("audience", "all"),
        "floor": Points.parse(data["floor"]) if "floor" in data else None,
        "base": Points.parse(data.get("base", "0")),
        "lapse_month": month,
        "lapse_day": day,
        **{name: data[name] for name in ("month_end_day", "objection_days", "reviews")},
    }


def _rule_text(rule: dict[str, Any]) -> RuleText:
    lowest, _, highest = str(rule["points"]).partition("..")
    optional = ("detail", "proof", "cap_day", "cap_month", "cap_year", "veto")
    return RuleText(
        title=rule["title"],
        lowest=Points.parse(lowest),
        highest=Points.parse(highest or lowest),
        **{name: rule[name] for name in optional if name in rule},
    )


def add_scheme(
    *,
    area: Area,
    actor: Actor,
    now: datetime,
    code: str,
    name: str,
    holder_kind: str,
    inspections_post: str,
    claims_post: str,
    spendable: bool,
    purpose: str = "",
    audience: str = "all",
    floor: Points | None = None,
    base: Points = ZERO,
    lapse_month: int | None = None,
    lapse_day: int | None = None,
    month_end_day: int = 25,
    objection_days: int = 7,
    reviews: int = 2,
    rolls_up_to: Scheme | None = None,
) -> Scheme:
    """A new set of books for one kind of holder.

    :raises Invalid: for a word that is not one of the known ones.
    :raises Conflict: if the area has a scheme of this code already.
    """
    actor.must("schemes.edit", area.path)
    if _scheme_of(area, code) is not None:
        raise Conflict("这个区域已经有这个积分办法了。", field="code")
    made = Scheme(area_id=area.id, code=code, holder_kind=_known(holder_kind, HOLDER_KINDS, "holder_kind"))
    _apply(
        made,
        name=name,
        purpose=purpose,
        audience=audience,
        inspections_post=inspections_post,
        claims_post=claims_post,
        spendable=spendable,
        floor=floor,
        base=base,
        lapse_month=lapse_month,
        lapse_day=lapse_day,
        month_end_day=month_end_day,
        objection_days=objection_days,
        reviews=reviews,
        rolls_up_to=rolls_up_to,
    )
    db.session.add(made)
    db.session.flush()
    log(actor, "scheme:added", now=now, object_kind="scheme", object_id=made.id, area_path=area.path, name=name)
    return made


def change_scheme(*, scheme: Scheme, actor: Actor, now: datetime, active: bool, **settings: Any) -> Scheme:
    """Change a scheme's settings (those of ``add_scheme``, but for code and kind of holder). Entries stay as they are."""
    actor.must("schemes.edit", scheme.area.path)
    _apply(scheme, **settings)
    scheme.active = active
    db.session.flush()
    log(
        actor,
        "scheme:changed",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        name=scheme.name,
    )
    return scheme


def _apply(scheme: Scheme, **given: Any) -> None:
    given["audience"] = _known(given["audience"], AUDIENCES, "audience")
    given["inspections_post"] = _known(given["inspections_post"], POSTING, "inspections_post")
    given["claims_post"] = _known(given["claims_post"], POSTING, "claims_post")
    floor, base, upper = given.pop("floor"), given.pop("base"), given.pop("rolls_up_to")
    if upper is not None and (scheme.holder_kind, upper.holder_kind) != ("household", "courtyard"):
        raise Invalid("只有住户的积分能汇总到院落的积分办法。", field="rolls_up_to")
    for name, value in given.items():
        setattr(scheme, name, value)
    scheme.floor = None if floor is None else floor.tenths
    scheme.base = base.tenths
    scheme.rolls_up_to_id = upper.id if upper else None


def _known(value: str, words: dict[str, str], field: str) -> str:
    if value not in words:
        raise Invalid("请从列表里选一项。", field=field)
    return value


def add_category(*, scheme: Scheme, code: str, name: str, position: int, actor: Actor, now: datetime) -> Category:
    """:raises Conflict: if the scheme has a category of this code."""
    actor.must("schemes.edit", scheme.area.path)
    taken = select(Category.id).where(Category.scheme_id == scheme.id, Category.code == code)
    if db.session.scalar(taken) is not None:
        raise Conflict("这个编号已经有一级指标在用。", field="code")
    category = Category(scheme_id=scheme.id, code=code, name=name, position=position)
    db.session.add(category)
    db.session.flush()
    log(
        actor,
        "category:added",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        code=code,
        name=name,
    )
    return category


def change_category(*, category: Category, name: str, position: int, actor: Actor, now: datetime) -> None:
    """Rename or reorder a category; its code stays, entries point at it."""
    actor.must("schemes.edit", category.scheme.area.path)
    category.name, category.position = name, position
    db.session.flush()
    log(
        actor,
        "category:changed",
        now=now,
        object_kind="scheme",
        object_id=category.scheme_id,
        area_path=category.scheme.area.path,
        code=category.code,
        name=name,
    )


def add_rule(
    *,
    category: Category,
    code: str,
    text: RuleText,
    position: int,
    valid_from: date,
    actor: Actor,
    now: datetime,
) -> RuleVersion:
    """A new rule with its first version.

    :raises Conflict: if the scheme has a rule of this code.
    :raises Invalid: for points, posts or caps that cannot be.
    """
    scheme = category.scheme
    actor.must("schemes.edit", scheme.area.path)
    _check(text)
    taken = select(Rule.id).where(Rule.scheme_id == scheme.id, Rule.code == code)
    if db.session.scalar(taken) is not None:
        raise Conflict(f"编号 {code} 已经有细则在用。", field="code")
    rule = Rule(scheme_id=scheme.id, category_id=category.id, code=code, position=position)
    db.session.add(rule)
    db.session.flush()
    version = _add_version(rule, 1, text, valid_from, actor, now)
    _log_rule(actor, "rule:added", scheme, rule, version, now)
    return version


def change_rule(*, rule: Rule, text: RuleText, valid_from: date, actor: Actor, now: datetime) -> RuleVersion:
    """Make a new version, valid from a day on; from then it judges instead of the one before.

    :raises Invalid: if the day lies in the past, or the text cannot be.
    :raises Conflict: if a version that starts later exists already.
    """
    actor.must("schemes.edit", rule.scheme.area.path)
    _check(text)
    if valid_from < clock.local_date(now):
        raise Invalid("生效日期不能早于今天，已经记的分不受影响。", field="valid_from")
    last = _last_version(rule)
    if last.valid_from >= valid_from and last.valid_from > clock.local_date(now):
        raise Conflict(f"这条细则已有一个 {last.valid_from} 生效的新版本，请先等它生效。", field="valid_from")
    version = _add_version(rule, last.version + 1, text, valid_from, actor, now)
    _log_rule(actor, "rule:changed", rule.scheme, rule, version, now)
    return version


def end_rule(*, rule: Rule, last_day: date, actor: Actor, now: datetime) -> RuleVersion:
    """The rule judges until the end of ``last_day`` and no longer; what it has judged stays.

    :raises Invalid: if the day lies in the past or before the version's first.
    """
    actor.must("schemes.edit", rule.scheme.area.path)
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
        recorders=",".join(post for post in POSTS if post in text.recorders),
        proof=text.proof,
        cap_day=text.cap_day,
        cap_month=text.cap_month,
        cap_year=text.cap_year,
        veto=text.veto,
        valid_from=valid_from,
        created_at=now,
        author=actor.label,
    )
    db.session.add(version)
    db.session.flush()
    return version


def _check(text: RuleText) -> None:
    if not text.title:
        raise Invalid("请写细则的内容。", field="title")
    if text.lowest > text.highest:
        raise Invalid("最低分不能高于最高分。", field="lowest")
    if text.lowest.tenths < 0 < text.highest.tenths:
        raise Invalid("一条细则要么加分要么扣分，请分成两条。", field="lowest")
    if max(abs(text.lowest.tenths), abs(text.highest.tenths)) > MOST_POINTS.tenths:
        raise Invalid(f"一次最多 {MOST_POINTS} 分。", field="highest")
    if not text.veto and text.lowest.tenths == text.highest.tenths == 0:
        raise Invalid("分值不能是 0，一票否决的细则除外。", field="lowest")
    if text.proof not in PROOFS:
        raise Invalid("请从列表里选一项。", field="proof")
    if not text.recorders or any(post not in POSTS for post in text.recorders):
        raise Invalid("请选至少一个可以记录的岗位。", field="recorders")


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
