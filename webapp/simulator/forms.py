"""Forms of drafts. Points are typed without a sign: a draft never turns a deduction into a gift."""

from __future__ import annotations

from datetime import timedelta

from wtforms import BooleanField, DateField, Field, IntegerField, StringField, TextAreaField
from wtforms.validators import ValidationError

from webapp.core import clock
from webapp.core.points import ZERO
from webapp.schemes.forms import NeededPointsField, typed_rule
from webapp.schemes.queries import RuleView
from webapp.simulator.queries import Changed
from webapp.simulator.service import Wanted
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, optional, required


class DraftForm(Form):
    name = StringField(
        "草稿名称",
        validators=[required("请给草稿起个名字，例如「2027 年修订」。"), at_most(40)],
        filters=[clean_prose],
        description="例如「2027 年修订」。",
    )
    note = TextAreaField("为什么要改", validators=[at_most(200)])


class LineForm(Form):
    title = StringField("内容", validators=[required("请写细则的内容。"), at_most(60)], filters=[clean_prose])
    detail = TextAreaField("说明", validators=[at_most(500)])
    lowest = NeededPointsField("最少几分", description="半分写 0.5。不写正负号。")
    highest = PointsField("最多几分", validators=[optional()], description="固定分值就留空。")
    cap_day = IntegerField("每天最多几次", validators=[optional()], description="不限就留空。")
    cap_month = IntegerField("每月最多几次", validators=[optional()])
    cap_year = IntegerField("每年最多几次", validators=[optional()])
    ends = BooleanField("停用这一条", description="勾上以后，上面改的都不算，采用那天起不能再按它记分。")

    @classmethod
    def of(cls, rule: RuleView, changed: Changed | None) -> LineForm:
        """As the draft has it, or as the rule is. What counts no points, like a veto, is not asked for points."""
        shown = changed.after if changed else rule
        form = cls(data=typed_rule(shown) | {"ends": bool(changed and changed.line.ends)})
        if not (rule.lowest or rule.highest):
            del form.lowest, form.highest
        return form

    def validate_lowest(self, field: Field) -> None:
        if field.errors:
            return
        if field.data is None:
            raise ValidationError("请填分值。")
        _unsigned(field)

    def validate_highest(self, field: Field) -> None:
        _unsigned(field)
        if field.data is not None and self.lowest.data is not None and field.data < self.lowest.data:
            raise ValidationError("最多不能比最少还少。")

    def wanted(self, rule: RuleView) -> Wanted:
        """What was typed, with the rule's sign."""
        least = (self.lowest.data if self.lowest else None) or ZERO
        most = (self.highest.data if self.highest else None) or least
        return Wanted(
            title=self.title.data,
            detail=self.detail.data or "",
            lowest=-most if rule.deducts else least,
            highest=-least if rule.deducts else most,
            cap_day=self.cap_day.data,
            cap_month=self.cap_month.data,
            cap_year=self.cap_year.data,
            ends=bool(self.ends.data),
        )


def _unsigned(field: Field) -> None:
    if field.data is not None and field.data < ZERO:
        raise ValidationError("加分还是扣分不能在这里改，不写负号。")


class AdoptForm(Form):
    valid_from = DateField(
        "从哪天起用新办法",
        default=lambda: clock.today() + timedelta(days=1),
        validators=[given("请填写日期。")],
        description="一般从明天起，或下个月 1 日起。以前记的分不变。",
    )
    decision = StringField(
        "谁决定的",
        validators=[required("请写明是谁、在哪里决定的，例如「11 月 20 日居民代表会议通过」。"), at_most(200)],
        filters=[clean_prose],
        description="例如「11 月 20 日居民代表会议通过」。会写进审计日志。",
    )
