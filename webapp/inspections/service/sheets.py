"""The sheet of a scheme's monthly yard inspection: each change is a new version; a round keeps the one it began with."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Invalid, NotFound
from webapp.core.points import Points, show
from webapp.extensions import db
from webapp.inspections.models import InspectionSheet
from webapp.inspections.queries.rounds import sheet_of
from webapp.inspections.ranking import LEAGUE_NAMES, REWARD_KINDS, SHEET_PROOFS, TIES, Item, Reward, SheetText
from webapp.schemes.models import Scheme
from webapp.schemes.presets import CODES, preset
from webapp.schemes.queries import RuleView, current_rules
from webapp.schemes.service.settings import lock

MOST_ITEMS, MOST_REWARDS, MOST_STEPS = 12, 8, 20
LONGEST_ITEM, LONGEST_HINT = 20, 60
MOST_FULL = 1000  # tenths
MOST_LEAGUES = len(LEAGUE_NAMES)
MOST_LEAST = 50


def save_sheet(
    *,
    actor: Actor,
    scheme: Scheme,
    text: SheetText,
    plus_rule_id: int | None,
    minus_rule_id: int | None,
    now: datetime,
) -> InspectionSheet:
    """A new version of a scheme's sheet. Rounds that have begun keep theirs.

    :raises NotAllowed: for a scheme of an area above the actor's.
    :raises Invalid: naming the first thing that cannot be.
    """
    actor.must("schemes.edit", scheme.area.path)
    if scheme.holder_kind != "courtyard":
        raise Invalid("只有记给院落的积分办法才有检查评分表。")
    _check_items(text)
    _check_terms(text)
    rules = {rule.rule_id: rule for rule in current_rules(scheme.id, clock.local_date(now))}
    for reward in text.rewards:
        _check_reward(reward, rules, plus_rule_id, minus_rule_id)
    lock(scheme)
    before = sheet_of(scheme.id)
    made = InspectionSheet(
        scheme_id=scheme.id,
        version=before.version + 1 if before else 1,
        content=json.dumps(text.kept, ensure_ascii=False),
        plus_rule_id=plus_rule_id,
        minus_rule_id=minus_rule_id,
        created_at=now,
        author=actor.label,
    )
    db.session.add(made)
    db.session.flush()
    log(
        actor,
        "sheet:saved",
        now=now,
        object_kind="scheme",
        object_id=scheme.id,
        area_path=scheme.area.path,
        version=made.version,
        full=show(text.full),
    )
    return made


def _check_items(text: SheetText) -> None:
    if not 1 <= len(text.items) <= MOST_ITEMS:
        raise Invalid(f"检查项目要有 1 到 {MOST_ITEMS} 项。", field="items")
    if len({item.name for item in text.items}) < len(text.items):
        raise Invalid("有两个检查项目同名，请改一个。", field="items")
    for item in text.items:
        _check_item(item)


def _check_item(item: Item) -> None:
    if not item.name or len(item.name) > LONGEST_ITEM or len(item.hint) > LONGEST_HINT:
        raise Invalid(f"项目名称要写，最多 {LONGEST_ITEM} 个字；看什么最多 {LONGEST_HINT} 个字。", field="items")
    if not 0 < item.full <= MOST_FULL:
        raise Invalid(f"「{item.name}」的满分要大于 0，最多 {show(MOST_FULL)} 分。", field="items")
    if item.step <= 0 or item.full % item.step:
        raise Invalid(f"「{item.name}」的满分要正好是每档的整数倍，例如满分 20、每档 4。", field="items")
    if item.full > item.step * MOST_STEPS:
        raise Invalid(f"「{item.name}」分得太细，最多 {MOST_STEPS} 档，请把每档改大些。", field="items")


def _check_terms(text: SheetText) -> None:
    if text.proof not in SHEET_PROOFS:
        raise Invalid("请选照片的要求。", field="proof")
    if text.tie not in TIES:
        raise Invalid("请选同分怎么排。", field="tie")
    if not 1 <= text.coverage <= 100:
        raise Invalid("覆盖率请填 1 到 100 的整数。", field="coverage")
    if not 1 <= text.least <= MOST_LEAST:
        raise Invalid(f"每组至少几个院才计分，请填 1 到 {MOST_LEAST} 的整数。", field="least")
    if len(text.leagues) >= MOST_LEAGUES or any(bound <= 0 for bound in text.leagues):
        raise Invalid(f"最多分 {MOST_LEAGUES} 组，户数要大于 0。", field="leagues")
    if list(text.leagues) != sorted(set(text.leagues)):
        raise Invalid("分组的户数请从小到大填，例如 4、8。", field="leagues")
    if len(text.rewards) > MOST_REWARDS:
        raise Invalid(f"名次计分最多 {MOST_REWARDS} 行。", field="rewards")


def _check_reward(reward: Reward, rules: dict[int, RuleView], plus: int | None, minus: int | None) -> None:
    least = 0 if reward.by == "share" else 1
    most = 100 if reward.by == "share" else 9999
    if reward.by not in REWARD_KINDS or not least <= reward.first <= reward.last <= most:
        raise Invalid("名次要从小到大，例如 4 到 10；百分比在 0 到 100 之间。", field="rewards")
    if not reward.points:
        raise Invalid("名次计分的分值不能是 0，不计分的名次不用写。", field="rewards")
    field, rule_id = ("plus_rule", plus) if reward.points > 0 else ("minus_rule", minus)
    rule = rules.get(rule_id or 0)
    if rule is None:
        kind = "加分" if reward.points > 0 else "扣分"
        raise Invalid(f"名次计分里有{kind}，请选按哪条细则入账。没有合适的，先到积分办法里新增一条。", field=field)
    if not rule.allows(Points(reward.points)):
        raise Invalid(f"「{reward.words}」超出细则「{rule.title}」的范围（{rule.score} 分），请改一处。", field=field)


# What comes with the software -----------------------------------------------------------------------------------------


def preset_sheet(code: str) -> tuple[SheetText, str, str] | None:
    """The sheet that comes with a preset scheme, and the codes of the rules for adding and deducting; None without one."""
    data = preset(code).get("sheet") if code in CODES else None
    if data is None:
        return None
    text = SheetText(
        items=tuple(_item(item) for item in data["items"]),
        rewards=tuple(_reward(reward) for reward in data["rewards"]),
        **{name: data[name] for name in ("proof", "tie", "coverage", "least")},
        leagues=tuple(data["leagues"]),
    )
    return text, data["plus_rule"], data["minus_rule"]


def _item(data: dict[str, Any]) -> Item:
    return Item(data["name"], Points.parse(data["full"]).tenths, Points.parse(data["step"]).tenths, data["hint"])


def _reward(data: dict[str, Any]) -> Reward:
    return Reward(data["by"], data["from"], data["to"], Points.parse(data["points"]).tenths)


def load_sheet(*, actor: Actor, scheme: Scheme, now: datetime) -> InspectionSheet:
    """The sheet that comes with a preset scheme, as its first version.

    :raises NotFound: if none comes with it.
    """
    found = preset_sheet(scheme.code)
    if found is None:
        raise NotFound("这个积分办法没有现成的评分表，请自己填一张。")
    text, plus, minus = found
    codes = {rule.code: rule.rule_id for rule in current_rules(scheme.id, clock.local_date(now))}
    return save_sheet(
        actor=actor,
        scheme=scheme,
        text=text,
        plus_rule_id=codes.get(plus),
        minus_rule_id=codes.get(minus),
        now=now,
    )
