"""Forms of the month's review and of objections."""

from __future__ import annotations

from collections.abc import Iterable

from wtforms import RadioField, SelectField, StringField, TextAreaField

from webapp.reviews.models import KINDS
from webapp.reviews.service import LONGEST_ANSWER, LONGEST_ATTENDEES, LONGEST_MINUTES, LONGEST_NAME, LONGEST_REASON
from webapp.schemes.queries import RuleView
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given, options, required

#: What the one who looked into an objection may decide.
OUTCOMES = {"dismiss": "不成立，维持原来的", "uphold": "成立，冲正这一条", "anew": "成立，冲正后改记"}


class MeetingForm(Form):
    attendees = StringField(
        "参加人员",
        filters=[clean_prose],
        validators=[required("请写下谁参加了会议。"), at_most(LONGEST_ATTENDEES)],
    )
    minutes = TextAreaField("会议记录", validators=[at_most(LONGEST_MINUTES)])


class ObjectionForm(Form):
    """``brought_by`` and ``household``: only for staff, who write down what somebody says at the counter."""

    kind = RadioField("哪里不对", choices=options(KINDS.items()), validators=[given("请先选一个原因。")])
    reason = TextAreaField("说明", validators=[at_most(LONGEST_REASON)])
    brought_by = StringField(
        "谁来提的",
        filters=[clean_prose],
        validators=[required("请写明是谁来提的，例如 本人、店主王建国。"), at_most(LONGEST_NAME)],
    )
    household = StringField("户号", validators=[at_most(30)])

    def for_household(self) -> ObjectionForm:
        del self.brought_by, self.household
        return self


class DecisionForm(Form):
    outcome = RadioField("调查结果", choices=options(OUTCOMES.items()), validators=[given("请选调查的结果。")])
    answer = TextAreaField(
        "答复", validators=[required("请写明调查的结果，提异议的人看得到。"), at_most(LONGEST_ANSWER)]
    )
    rule = SelectField("改记成哪条细则", coerce=int)
    points = PointsField("改记多少分")

    def offering(self, rules: Iterable[RuleView], chosen: int) -> DecisionForm:
        """The rules of the line's scheme that judged on its day; ``chosen``: the line's own, if none is picked."""
        self.rule.choices = options(
            (rule.version_id, f"{rule.code} {rule.title}（{rule.score} 分）") for rule in rules if not rule.veto
        )
        if self.rule.data is None:
            self.rule.data = chosen
        return self
