"""The verbs of records: make one, review it step by step into the book, give it back, take it back, judge it anew."""

from webapp.records.service.checks import MOST_PHOTOS, Interests, takes_part, why_recused, wrote
from webapp.records.service.closing import close_days
from webapp.records.service.making import OUT_OF_REACH, Made, make
from webapp.records.service.rectifying import confirm as confirm_rectified
from webapp.records.service.rectifying import report as report_rectified
from webapp.records.service.rectifying import turn_down as turn_down_rectified
from webapp.records.service.replacing import replace
from webapp.records.service.reviewing import (
    MOST_AT_ONCE,
    Outcome,
    confirm,
    give_back,
    may_review,
    pass_first,
    post_confirmed,
    why_not_first,
    why_not_impartial,
    withdraw,
)
from webapp.records.service.undoing import UNDO_FOR, is_rest, reverse, undo, undo_until

__all__ = [
    "MOST_AT_ONCE",
    "MOST_PHOTOS",
    "OUT_OF_REACH",
    "UNDO_FOR",
    "Interests",
    "Made",
    "Outcome",
    "close_days",
    "confirm",
    "confirm_rectified",
    "give_back",
    "is_rest",
    "make",
    "may_review",
    "pass_first",
    "post_confirmed",
    "replace",
    "report_rectified",
    "reverse",
    "takes_part",
    "turn_down_rectified",
    "undo",
    "undo_until",
    "why_not_first",
    "why_not_impartial",
    "why_recused",
    "withdraw",
    "wrote",
]
