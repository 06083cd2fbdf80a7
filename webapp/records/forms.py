"""What the forms that make records share: one rule, its points, photos, a note."""

from __future__ import annotations

from flask import request
from wtforms import IntegerField, MultipleFileField, StringField
from wtforms.validators import NumberRange

from webapp.core.points import Points
from webapp.schemes.queries import RuleView
from webapp.web.forms import Form, PointsField, at_most, clean_prose, given

LARGEST_ID = 2**31 - 1  # what an integer key of the database holds


class RecordForm(Form):
    """``rule`` is the id of a rule's version. Each rule with a range has its own choice of points in the page; what was
    chosen for the chosen rule becomes ``points``."""

    rule = IntegerField(
        "细则",
        validators=[
            given("请先点选一条细则。"),
            NumberRange(1, LARGEST_ID, message="没有这条细则，请重新点选一条。"),
        ],
    )
    points = PointsField("分值")
    photos = MultipleFileField("照片")
    note = StringField("说明", validators=[at_most(200)], filters=[clean_prose])


def points_name(version_id: int) -> str:
    return f"points-{version_id}"


def chosen_points(version_id: int) -> Points | None:
    """The points of the form for a rule; None if nothing was chosen: a rule with one score has no choice.

    :raises Invalid: if that is no number.
    """
    typed = request.form.get(points_name(version_id), "")
    return Points.parse(typed[:20], field="points") if typed else None


def steps(rule: RuleView) -> list[Points]:
    """The points to choose from, the smallest change first: halves for short ranges, whole points for long ones."""
    low, high = rule.lowest.tenths, rule.highest.tenths
    step = 5 if high - low <= 100 else 10
    values = [Points(tenths) for tenths in range(low, high, step)] + [rule.highest]
    return values[::-1] if rule.deducts else values


class RectifyForm(Form):
    """An "after" photo of what was put right (整改返还)."""

    photos = MultipleFileField("整改后的照片")
    note = StringField("说明", validators=[at_most(200)], filters=[clean_prose])
