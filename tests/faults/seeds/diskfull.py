"""Faults that a full or failing disk would show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask import redirect, request

from webapp.extensions import db
from webapp.web import errors
from webapp.web.application import Application


@contextmanager
def refusal_swallowed() -> Iterator[None]:
    """What the disk did not take is answered as done."""

    def done(error: Exception) -> Any:
        db.session.rollback()
        return redirect(request.path, 303)

    with patch.object(errors, "_database", done):
        yield


@contextmanager
def full_is_a_crash() -> Iterator[None]:
    """A full disk is taken for an error of the program."""
    with patch.object(errors, "_database", errors._unexpected):
        yield


@contextmanager
def refuses_for_good() -> Iterator[None]:
    """Once it was full, nothing more is taken until somebody starts the server again."""
    write, say, full = Application._write, errors._database, list[Exception]()

    def note(error: Exception) -> Any:
        full.append(error)
        return say(error)

    def write_if_ever(app: Application) -> Any:
        if full:
            raise full[0]
        return write(app)

    with patch.object(errors, "_database", note), patch.object(Application, "_write", write_if_ever):
        yield


SEEDS = {
    "refusal-swallowed": refusal_swallowed,
    "full-is-a-crash": full_is_a_crash,
    "refuses-for-good": refuses_for_good,
}
