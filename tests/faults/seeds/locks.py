"""Faults that a long writer would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from sqlalchemy import select, update

from webapp.extensions import FairLock, db, start_writing
from webapp.places.models import Area, Holder
from webapp.places.views import imports


@contextmanager
def _holding_everybody_up() -> Iterator[None]:
    start_writing()
    db.session.execute(select(Area.id).limit(1))
    if db.engine.dialect.name == "postgresql":  # there, what nobody else can go past
        db.session.execute(update(Holder).values(name=Holder.name).execution_options(synchronize_session=False))
    yield


@contextmanager
def turn_taken_to_read() -> Iterator[None]:
    """The import reads and checks its file while all others wait to write."""
    with patch.object(imports, "reading", _holding_everybody_up):
        yield


@contextmanager
def no_line() -> Iterator[None]:
    """Writers do not stand in line: SQLite's busy handler lets in whoever asks at the right moment."""
    with (
        patch.object(FairLock, "acquire", lambda self, timeout: None),
        patch.object(FairLock, "release", lambda self: None),
    ):
        yield


SEEDS = {"turn-taken-to-read": turn_taken_to_read, "no-line": no_line}
