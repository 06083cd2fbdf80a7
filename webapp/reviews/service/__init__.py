"""The verbs of the month: the meeting is noted, records are confirmed or given back, the month is published and sealed."""

from webapp.reviews.service.meeting import (
    LONGEST_ATTENDEES,
    LONGEST_MINUTES,
    confirm,
    give_back,
    note_meeting,
)
from webapp.reviews.service.months import (
    open_month,
)
from webapp.reviews.service.publishing import (
    Progress,
    go_on,
    publish,
)

__all__ = [
    "LONGEST_ATTENDEES",
    "LONGEST_MINUTES",
    "Progress",
    "confirm",
    "give_back",
    "go_on",
    "note_meeting",
    "open_month",
    "publish",
]
