"""The verbs of records: make one, post what waits, take one back within ten minutes."""

from webapp.records.service.making import make, post_waiting
from webapp.records.service.undoing import UNDO_FOR, undo, undo_until

__all__ = ["UNDO_FOR", "make", "post_waiting", "undo", "undo_until"]
