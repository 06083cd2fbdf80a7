"""The customer's form: two taps, no sign-in."""

from __future__ import annotations

from wtforms import HiddenField, IntegerField, SelectMultipleField, StringField
from wtforms.validators import NumberRange

from webapp.ratings.models import TAGS
from webapp.ratings.service import COMMENT_LENGTH
from webapp.web.forms import Form, at_most, clean_prose, given, options


class RatingForm(Form):
    stars = IntegerField(
        "这次满意吗？",
        validators=[given("请先点星星，1 到 5 颗都可以。"), NumberRange(1, 5, message="请点 1 到 5 颗星。")],
    )
    tags = SelectMultipleField("哪里好，哪里不好", choices=options((tag, tag) for tag in TAGS))
    comment = StringField("想说的话", validators=[at_most(COMMENT_LENGTH)], filters=[clean_prose])
    ticket = HiddenField(validators=[given("页面打开太久了，请重新扫一次码。")])
