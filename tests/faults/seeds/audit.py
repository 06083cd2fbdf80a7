"""Acts that leave no line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from webapp.redemption.service import vouchers
from webapp.users import gate
from webapp.web import housekeeping


def _silent(*_given: Any, **_more: Any) -> None:
    """Says nothing."""


@contextmanager
def log_call_dropped() -> Iterator[None]:
    """What is handed over is not written down."""
    with patch.object(vouchers, "log", _silent):
        yield


@contextmanager
def refusals_not_logged() -> Iterator[None]:
    with patch.object(gate, "note_denial", _silent):
        yield


@contextmanager
def old_lines_dropped() -> Iterator[None]:
    """A job tidies the log up after a quarter."""
    from sqlalchemy import text

    from webapp.extensions import db

    run = housekeeping.run

    def tidy(app: Any) -> dict[str, int]:
        db.session.execute(text("DROP TRIGGER audit_line_no_delete"))
        db.session.execute(text("DELETE FROM audit_line WHERE object_id < 5"))
        return run(app)

    with patch.object(housekeeping, "run", tidy):
        yield


SEEDS = {
    "log-call-dropped": log_call_dropped,
    "refusals-not-logged": refusals_not_logged,
    "old-lines-dropped": old_lines_dropped,
}
