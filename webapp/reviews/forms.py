"""Forms of the month's review."""

from __future__ import annotations

from wtforms import StringField, TextAreaField

from webapp.reviews.service import LONGEST_ATTENDEES, LONGEST_MINUTES
from webapp.web.forms import Form, at_most, clean_prose, required


class MeetingForm(Form):
    attendees = StringField(
        "参加人员",
        filters=[clean_prose],
        validators=[required("请写下谁参加了会议。"), at_most(LONGEST_ATTENDEES)],
    )
    minutes = TextAreaField("会议记录", validators=[at_most(LONGEST_MINUTES)])
