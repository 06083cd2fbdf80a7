"""The form of a wall screen."""

from __future__ import annotations

from wtforms import SelectField, StringField

from webapp.board.models import SECONDS
from webapp.web.forms import Form, at_most, options, required


class BoardForm(Form):
    station_id = SelectField("挂在哪个服务站", coerce=int)
    name = StringField("名称", validators=[required("请写名称，例如 大厅电视。"), at_most(60)], default="大厅电视")
    seconds = SelectField("每页停留", coerce=int, choices=options(SECONDS.items()), default=15)
