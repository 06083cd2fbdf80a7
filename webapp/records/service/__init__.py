"""The verbs of records: make one, review it step by step into the book, give it back, take it back."""

from webapp.records.service.checks import MOST_PHOTOS, takes_part, why_recused, wrote
from webapp.records.service.making import OUT_OF_REACH, Made, make
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
from webapp.records.service.undoing import UNDO_FOR, undo, undo_until

__all__ = [
    "MOST_AT_ONCE",
    "MOST_PHOTOS",
    "OUT_OF_REACH",
    "UNDO_FOR",
    "Made",
    "Outcome",
    "confirm",
    "give_back",
    "make",
    "may_review",
    "pass_first",
    "post_confirmed",
    "takes_part",
    "undo",
    "undo_until",
    "why_not_first",
    "why_not_impartial",
    "why_recused",
    "withdraw",
    "wrote",
]
