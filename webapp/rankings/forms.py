"""The form of what a community decides about its rankings."""

from __future__ import annotations

from wtforms import IntegerField, RadioField, SelectField

from webapp.rankings.models import SHOPS_BY
from webapp.rankings.queries import Terms
from webapp.web.forms import Form, given, options

WALLS = {"no": "不写名字（扣分的住户和个人）", "yes": "写名字（社区已议定公开）"}


class TermsForm(Form):
    minus_names = RadioField("扣分上墙", choices=options(WALLS.items()), validators=[given("请选扣分的写不写名字。")])
    small_to = IntegerField("小院：最多几户", validators=[given("请填 1 以上的整数。")])
    large_from = IntegerField("大院：最少几户", validators=[given("请填比小院多两户以上的整数。")])
    shops_by = SelectField("商铺怎么分组", choices=options(SHOPS_BY.items()))

    @classmethod
    def of(cls, terms: Terms) -> TermsForm:
        return cls(data=terms._asdict() | {"minus_names": "yes" if terms.minus_names else "no"})

    def terms(self) -> Terms:
        return Terms(
            self.minus_names.data == "yes", self.small_to.data or 0, self.large_from.data or 0, self.shops_by.data
        )
