"""Forms of the book: nothing in it can be typed, only taken along."""

from __future__ import annotations

from wtforms import HiddenField, StringField

from webapp.web.forms import Form, at_most, clean_prose, required


class ReasonForm(Form):
    """Something leaves the software."""

    reason = StringField("导出原因", validators=[required("请写明导出的原因。"), at_most(200)], filters=[clean_prose])


class ExportForm(ReasonForm):
    """An account's lines; the month comes along hidden."""

    month = HiddenField()
