"""The verbs of records: make one, post what waits, take one back within ten minutes."""

from webapp.records.service.checks import MOST_PHOTOS, takes_part, why_recused
from webapp.records.service.making import OUT_OF_REACH, Made, make, post_waiting
from webapp.records.service.undoing import UNDO_FOR, undo, undo_until

__all__ = [
    "MOST_PHOTOS",
    "OUT_OF_REACH",
    "UNDO_FOR",
    "Made",
    "make",
    "post_waiting",
    "takes_part",
    "undo",
    "undo_until",
    "why_recused",
]
