"""Forms of honours at the desk."""

from __future__ import annotations

from wtforms import BooleanField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField

from webapp.core.points import Points
from webapp.honours.models import HonourKind
from webapp.honours.service import KindRule
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, options, required

PERIODS = {"month": "一个月", "quarter": "一个季度", "year": "一整年"}
LEAGUES = {"all": "全部放在一起排", "league": "每个分组各取前几名"}


class KindForm(Form):
    name = StringField("荣誉名称", validators=[required("请写名称，例如 最美庭院。"), at_most(20)])
    scheme_id = SelectField("按哪个积分办法的排行", coerce=int)
    period = RadioField("看哪一段的排行", choices=options(PERIODS.items()), validators=[given("请选看哪一段。")])
    leagues = RadioField("怎么取", choices=options(LEAGUES.items()), validators=[given("请选怎么取。")])
    places = IntegerField("前几名", validators=[given("请填整数，例如 3。")])
    minimum = PointsField("最低积分")
    no_veto = BooleanField("有一票否决的不提名")
    months = IntegerField("有效几个月", validators=[given("请填整数，例如 12。")])
    active = BooleanField("在用")

    @classmethod
    def of(cls, kind: HonourKind) -> KindForm:
        same = {name: getattr(kind, name) for name in ("name", "period", "places", "no_veto", "months", "active")}
        return cls(**same, leagues="league" if kind.by_league else "all", minimum=Points(kind.minimum))

    def rule(self) -> KindRule:
        return KindRule(
            name=self.name.data or "",
            period=self.period.data,
            by_league=self.leagues.data == "league",
            places=self.places.data or 0,
            minimum=self.minimum.data or Points(0),
            no_veto=bool(self.no_veto.data),
            months=self.months.data or 0,
        )


class ChoiceForm(Form):
    holders = SelectMultipleField("人选", coerce=int, validate_choice=False)
    note = TextAreaField("会议记录", validators=[required("请写会议记录：什么时候、哪些人、怎么定的。"), at_most(500)])


class WithdrawForm(Form):
    reason = StringField(
        "为什么撤销",
        validators=[required("请写明为什么撤销。"), at_most(200)],
        filters=[clean_prose],
        description="例如：查出弄虚作假，居民会议决定撤销。",
    )
