"""Forms of inspectors: a record, a courtyard's marks; and the desk's form of the sheet."""

from __future__ import annotations

import re
from typing import Any

from wtforms import FieldList, FormField, IntegerField, MultipleFileField, RadioField, SelectField, StringField
from wtforms.validators import NumberRange

from webapp.core.errors import DomainError, Invalid
from webapp.core.points import Points
from webapp.inspections.models import InspectionSheet
from webapp.inspections.ranking import REWARD_KINDS, SHEET_PROOFS, TIES, Item, Reward, SheetText
from webapp.inspections.service import SHUT_REASONS
from webapp.inspections.service.sheets import MOST_ITEMS, MOST_REWARDS
from webapp.records.forms import RecordForm
from webapp.schemes.queries import points_text
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, options

_BETWEEN = re.compile(r"[\s,，、;；]+")


class ScoreForm(RecordForm):
    """What an inspector saw: nothing but what every record has."""


# A courtyard's marks --------------------------------------------------------------------------------------------------


class MarksForm(Form):
    """``seen``: the version of the courtyard's sheet that the page showed. The marks are fields of their own, by item."""

    seen = IntegerField("版本", default=0)
    photos = MultipleFileField("照片")
    note = StringField("说明", validators=[at_most(200)], filters=[clean_prose])
    reason = StringField("为什么进不去")

    def marks(self) -> list[Points | None]:
        return [field.data for field in mark_fields(self)]

    def blame(self, error: DomainError) -> bool:
        """A refused mark: every item that has none yet says so, not only the first."""
        known = super().blame(error)
        if (error.field or "").startswith("mark_"):
            for field in mark_fields(self):
                if field.data is None and not field.errors:
                    field.errors = [f"「{field.label.text}」还没有打分。"]
        return bool(known)


class PaperForm(MarksForm):
    """A sheet of paper typed in at the desk."""

    inspector = SelectField("谁查的", coerce=int, validators=[NumberRange(1, message="请选是谁查的。")])
    outcome = SelectField(
        "查到了吗", choices=options([("", "查到了，打分"), *((reason, f"进不去：{reason}") for reason in SHUT_REASONS)])
    )


def with_marks(form: type[MarksForm], text: SheetText) -> type[Any]:
    """A form with one field for each item of a sheet: ``mark_0``, ``mark_1``, …"""
    return type(form.__name__, (form,), {f"mark_{n}": PointsField(item.name) for n, item in enumerate(text.items)})


def mark_fields(form: MarksForm) -> list[PointsField]:
    """The fields of the items in their order; none of them is left out."""
    fields = [field for field in form if isinstance(field, PointsField)]
    for field in fields:
        field.flags.required = True
    return fields


# The sheet ------------------------------------------------------------------------------------------------------------


class ItemRow(Form):
    name = StringField("检查项目")
    full = StringField("满分")
    step = StringField("每档")
    hint = StringField("看什么", filters=[clean_prose])


class RewardRow(Form):
    by = SelectField("算法", choices=options([("", "不用"), *REWARD_KINDS.items()]))
    first = StringField("从")
    last = StringField("到")
    points = StringField("分值")


class SheetForm(Form):
    """Rows that are left empty say nothing."""

    items = FieldList(FormField(ItemRow), "检查项目", min_entries=MOST_ITEMS, max_entries=MOST_ITEMS)
    proof = RadioField("照片", choices=options(SHEET_PROOFS.items()), validators=[given("请选照片的要求。")])
    coverage = IntegerField("至少查到百分之几才排名", validators=[given("请填 1 到 100 的整数。")])
    least = IntegerField("每组至少几个院才计分", validators=[given("请填 1 到 50 的整数，一般填 3。")])
    leagues = StringField("按户数分组", validators=[at_most(40)])
    tie = RadioField("同分怎么排", choices=options(TIES.items()), validators=[given("请选同分怎么排。")])
    rewards = FieldList(FormField(RewardRow), "名次计分", min_entries=MOST_REWARDS, max_entries=MOST_REWARDS)
    plus_rule = SelectField("加分按哪条细则入账", coerce=int)
    minus_rule = SelectField("扣分按哪条细则入账", coerce=int)

    def text(self) -> SheetText:
        """:raises Invalid: under the part of the form that can't be read."""
        return SheetText(
            items=tuple(_item(row) for row in self.items.data if row["name"] or row["full"]),
            rewards=tuple(_reward(row) for row in self.rewards.data if row["by"]),
            proof=self.proof.data,
            tie=self.tie.data,
            coverage=self.coverage.data,
            least=self.least.data,
            leagues=tuple(_number(part, "leagues") for part in _BETWEEN.split(self.leagues.data or "") if part),
        )


def _item(row: dict[str, str]) -> Item:
    full = Points.parse(row["full"] or "", field="items").tenths
    step = Points.parse(row["step"] or "", field="items").tenths if row["step"] else min(full, 10)
    return Item(row["name"] or "", full, step, row["hint"] or "")


def _reward(row: dict[str, str]) -> Reward:
    first = _number(row["first"] or ("0" if row["by"] == "share" else "1"), "rewards")
    last = _number(row["last"] or str(first), "rewards")
    return Reward(row["by"], first, last, Points.parse(row["points"] or "", field="rewards").tenths)


def _number(typed: str, field: str) -> int:
    if not typed.isascii() or not typed.isdigit() or len(typed) > 4:
        raise Invalid("请填整数，例如 3。", field=field)
    return int(typed)


def typed_sheet(text: SheetText, plus: int | None, minus: int | None) -> dict[str, Any]:
    """A sheet as its form shows it."""
    items = [
        {"name": item.name, "full": _shown(item.full), "step": _shown(item.step), "hint": item.hint}
        for item in text.items
    ]
    rewards = [
        {"by": reward.by, "first": reward.first, "last": reward.last, "points": _shown(reward.points)}
        for reward in text.rewards
    ]
    return {
        "items": items + [{}] * (MOST_ITEMS - len(items)),
        "rewards": rewards + [{}] * (MOST_REWARDS - len(rewards)),
        "proof": text.proof,
        "tie": text.tie,
        "coverage": text.coverage,
        "least": text.least,
        "leagues": "、".join(str(bound) for bound in text.leagues),
        "plus_rule": plus or 0,
        "minus_rule": minus or 0,
    }


def _shown(tenths: int) -> str:
    return points_text(Points(tenths))


def typed_version(sheet: InspectionSheet) -> dict[str, Any]:
    return typed_sheet(sheet.text, sheet.plus_rule_id, sheet.minus_rule_id)
