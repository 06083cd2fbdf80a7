"""Forms of plates and cards."""

from __future__ import annotations

from wtforms import StringField

from webapp.web.forms import Form, at_most, clean_prose, required


class EndCodeForm(Form):
    reason = StringField(
        "原因",
        validators=[required("请写明原因。"), at_most(100)],
        filters=[clean_prose],
        description="例如：门牌破损、卡丢了、码被人涂改。",
    )


class DigitsForm(Form):
    code = StringField("门牌下方的八位编号", validators=[required("请输入门牌下方的八位编号。"), at_most(20)])
