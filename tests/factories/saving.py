"""Numbers that no other test object has, and putting things into the session."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from webapp.extensions import db

CREATED_AT = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
MOVED_IN = date(2026, 9, 1)
_serial = count(1)


def serial() -> int:
    """A number no other test object has."""
    return next(_serial)


def save(thing: Any) -> Any:
    db.session.add(thing)
    db.session.flush()
    return thing
