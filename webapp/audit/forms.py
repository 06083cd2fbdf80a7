"""The form of an export."""

from __future__ import annotations

from wtforms import StringField

from webapp.web.forms import Form, at_most, required


class ExportForm(Form):
    """The log leaves the software; its filter stays in the address."""

    reason = StringField("导出原因", validators=[required("请写明导出的原因。"), at_most(200)])
