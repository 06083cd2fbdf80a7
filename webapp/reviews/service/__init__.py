"""The verbs of the month: the meeting is noted, records are confirmed or given back, the month is published and sealed, objections are
answered, the month is closed."""

from webapp.reviews.service.closing import close, close_due
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
from webapp.reviews.service.objections import (
    LONGEST_ANSWER,
    LONGEST_NAME,
    LONGEST_REASON,
    acknowledge,
    dismiss,
    lodge,
    uphold,
)
from webapp.reviews.service.publishing import (
    Progress,
    go_on,
    publish,
)

__all__ = [
    "LONGEST_ANSWER",
    "LONGEST_ATTENDEES",
    "LONGEST_MINUTES",
    "LONGEST_NAME",
    "LONGEST_REASON",
    "Progress",
    "acknowledge",
    "close",
    "close_due",
    "confirm",
    "dismiss",
    "give_back",
    "go_on",
    "lodge",
    "note_meeting",
    "open_month",
    "publish",
    "uphold",
]
