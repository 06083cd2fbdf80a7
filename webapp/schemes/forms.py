"""Forms of schemes and rules. Points are typed without a sign: whether a rule adds or deducts is chosen."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField, FileRequired
from wtforms import (
    BooleanField,
    DateField,
    Field,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import NumberRange, ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.core import clock
from webapp.core.points import ZERO, Points
from webapp.places.models import HOLDER_KINDS
from webapp.places.queries import AreaNode
from webapp.schemes.models import AUDIENCES, FIRST_REVIEWERS, MAY_REVIEW, POSTING, PROOFS, RECORDERS, RECTIFIED, Scheme
from webapp.schemes.queries import RuleView
from webapp.schemes.service import DEFAULT_RECORDERS, RuleText, Settings
from webapp.users.models import POSTS
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, optional, options, required

INDENT = "　"


def _between(least: int, most: int) -> NumberRange:
    return NumberRange(least, most, message=f"请填 {least} 到 {most} 的整数。")


def area_choices(nodes: list[AreaNode]) -> Any:
    """Areas as a tree, for a select."""
    return options((node.area.id, f"{INDENT * node.depth}{node.area.name}") for node in nodes)


class TicksField(SelectMultipleField):  # type: ignore[misc]  # WTForms has no types
    """Several of some, as tick boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class PresetForm(Form):
    area_id = SelectField("加载到", coerce=int, validate_choice=False)


class SchemeForm(Form):
    area_id = SelectField(
        "在哪个区域", coerce=int, validate_choice=False, description="这个区域和它下面的都用这个办法。"
    )
    name = StringField("名称", validators=[required("请填写积分办法的名称。"), at_most(40)])
    code = StringField(
        "代号", validators=[at_most(30)], description="小写字母、数字和短横线，例如 building-7。空着就自动编一个。"
    )
    purpose = TextAreaField("说明", validators=[at_most(300)], description="一两句话告诉居民这个办法鼓励什么。")
    holder_kind = RadioField("记给谁", choices=options(HOLDER_KINDS.items()), default="household")
    audience = SelectField("哪些人参加", choices=options(AUDIENCES.items()), description="只有记给个人的办法才能限定。")
    inspections_post = RadioField("巡查记的分", choices=options(POSTING.items()), default="at_once")
    claims_post = RadioField("居民申报的分", choices=options(POSTING.items()), default="publication")
    spendable = BooleanField("积分可以兑换物品和服务")
    floor = PointsField("最低余额", validators=[optional()], description="扣分最多扣到这个数；没有下限就留空。")
    base = PointsField(
        "基础分", default=ZERO, validators=[given("请填基础分，没有就填 0。")], description="开户时给一次。"
    )
    lapse_month = IntegerField("每年清零：月", validators=[optional(), _between(1, 12)], description="不清零就留空。")
    lapse_day = IntegerField("每年清零：日", validators=[optional(), _between(1, 31)])
    month_end_day = IntegerField(
        "月结日",
        default=25,
        validators=[given("请填月结日。"), _between(1, 28)],
        description="每月这一天汇总公示，1 到 28。",
    )
    objection_days = IntegerField(
        "公示期", default=7, validators=[given("请填公示期。"), _between(0, 60)], description="公示几天里可以提异议。"
    )
    reviews = IntegerField(
        "审核几次",
        default=2,
        validators=[given("请填审核次数。"), _between(0, 2)],
        description="2 是初审加审核认定，0 是不审。",
    )
    first_reviewers = TicksField(
        "谁来初审",
        choices=options((post, POSTS[post]) for post in MAY_REVIEW),
        default=FIRST_REVIEWERS.split(","),
        description="申报先由他们审。都不勾，就由院长、网格员、网格长审。",
    )
    rolls_up_to = SelectField(
        "同时汇总到", coerce=int, validate_choice=False, description="住户得的分，所在院落也得同样的分。"
    )
    active = BooleanField("在用", default=True, description="停用后不再记分，台账保留。")

    def settings(self, upper: Scheme | None) -> Settings:
        """What was typed. ``upper`` is the chosen scheme of the courtyards."""
        plain = ("name", "inspections_post", "claims_post", "spendable", "floor", "lapse_month", "lapse_day")
        return Settings(
            **{name: getattr(self, name).data for name in (*plain, "month_end_day", "objection_days", "reviews")},
            purpose=self.purpose.data or "",
            audience=self.audience.data if self.audience else "all",
            base=self.base.data or ZERO,
            first_reviewers=tuple(self.first_reviewers.data or ()),
            rolls_up_to=upper,
        )


def typed_settings(scheme: Scheme) -> dict[str, Any]:
    """A scheme as its form shows it."""
    kept = ("name", "purpose", "audience", "inspections_post", "claims_post", "spendable", "lapse_month", "lapse_day")
    return {
        **{name: getattr(scheme, name) for name in (*kept, "month_end_day", "objection_days", "reviews", "active")},
        "floor": None if scheme.floor is None else Points(scheme.floor),
        "base": Points(scheme.base),
        "first_reviewers": scheme.first_reviewers.split(","),
        "rolls_up_to": scheme.rolls_up_to_id or 0,
    }


class CategoryForm(Form):
    code = StringField(
        "编号", validators=[required("请填写编号。"), at_most(10)], description="本办法里不能重复，以后不能改。"
    )
    name = StringField("名称", validators=[required("请填写一级指标的名称。"), at_most(30)], filters=[clean_prose])
    position = IntegerField(
        "排序", validators=[optional(), _between(0, 1_000_000)], description="小的排在前面，空着排在最后。"
    )


class NeededPointsField(PointsField):
    """Points that are asked for, though a veto may go without: shown as required, judged by the form."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.flags.required = True


#: What a rule's form and a version call alike.
_PLAIN = ("proof", "cap_day", "cap_month", "cap_year", "veto", "rectify_days")


class RuleForm(Form):
    category_id = SelectField("一级指标", coerce=int)
    code = StringField(
        "编号", validators=[required("请填写编号。"), at_most(10)], description="本办法里不能重复，例如 1.7。"
    )
    title = StringField("内容", validators=[required("请写细则的内容。"), at_most(60)], filters=[clean_prose])
    detail = TextAreaField("说明", validators=[at_most(500)], description="怎样算做到，居民和巡查的人都看得到。")
    sign = RadioField("加分还是扣分", choices=options([("plus", "加分"), ("minus", "扣分")]), default="plus")
    lowest = NeededPointsField("最少几分", description="半分写 0.5。不写正负号。")
    highest = PointsField(
        "最多几分", validators=[optional()], description="固定分值就留空；填了就由记分的人在范围里选。"
    )
    recorders = TicksField("谁能记", choices=options(RECORDERS.items()), default=DEFAULT_RECORDERS)
    proof = RadioField("证明", choices=options(PROOFS.items()), default="none")
    cap_day = IntegerField("每天最多几次", validators=[optional()], description="不限就留空。")
    cap_month = IntegerField("每月最多几次", validators=[optional()])
    cap_year = IntegerField("每年最多几次", validators=[optional()])
    veto = BooleanField("一票否决", description="记了这一条，积分暂停使用，直到解除。分值可以留空。")
    rectify_days = IntegerField(
        "整改期：几天", validators=[optional()], description="扣分后几天内改好、拍照复查，可以返还；不返还就留空。"
    )
    rectify_percent = RadioField("整改好了返还多少", coerce=int, choices=options(RECTIFIED.items()), default=100)
    valid_from = DateField(
        "从哪天起生效", default=clock.today, validators=[given("请填写日期。")], description="今天或以后。"
    )

    def validate_lowest(self, field: Field) -> None:
        if field.errors:
            return
        if field.data is None and not self.veto.data:
            raise ValidationError("请填分值。")
        _unsigned(field)

    def validate_highest(self, field: Field) -> None:
        _unsigned(field)
        if field.data is not None and self.lowest.data is not None and field.data < self.lowest.data:
            raise ValidationError("最多不能比最少还少。")

    def text(self) -> RuleText:
        """What was typed, with its sign."""
        least = self.lowest.data or ZERO
        most = least if self.highest.data is None else self.highest.data
        deducts = self.sign.data == "minus"
        return RuleText(
            title=self.title.data,
            detail=self.detail.data or "",
            lowest=-most if deducts else least,
            highest=-least if deducts else most,
            recorders=tuple(self.recorders.data or ()),
            **{name: getattr(self, name).data for name in (*_PLAIN, "rectify_percent")},
        )


def _unsigned(field: Field) -> None:
    if field.data is not None and field.data < ZERO:
        raise ValidationError("加分还是扣分在上面选，这里不写负号。")


def typed_rule(rule: RuleView) -> dict[str, Any]:
    """A version as its form shows it."""
    least, most = sorted((Points(abs(rule.lowest.tenths)), Points(abs(rule.highest.tenths))))
    kept = ("title", "detail", "recorders", *_PLAIN, "rectify_percent")
    return {
        **{name: getattr(rule, name) for name in kept},
        "sign": "minus" if rule.deducts else "plus",
        "lowest": least,
        "highest": None if rule.fixed else most,
    }


class EndRuleForm(Form):
    last_day = DateField(
        "最后一天",
        default=clock.today,
        validators=[given("请填写日期。")],
        description="这一天还能记，第二天起不能再记。",
    )


class RulesFileForm(Form):
    file = FileField(
        "表格文件",
        validators=[FileRequired(message="请选择要上传的表格文件。")],
        description=".xlsx、.xls 或 .csv。",
    )
    valid_from = DateField(
        "从哪天起生效",
        default=clock.today,
        validators=[given("请填写日期。")],
        description="今天或以后。改动的细则从这一天起用新版本。",
    )
