"""Faults that only time would show."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from flask import Response

from webapp.web.application import Application

_finalize = Application.finalize_request


@contextmanager
def answers_kept() -> Iterator[None]:
    """A list keeps something of every answer: as much as ten pages, so that seconds show what hours would."""
    kept: list[bytes] = []

    def finalize(app: Application, *args: object, **options: object) -> Response:
        kept.append(os.urandom(100_000))
        return _finalize(app, *args, **options)

    with patch.object(Application, "finalize_request", finalize):
        yield


@contextmanager
def files_left_open() -> Iterator[None]:
    """Each answer leaves a file open."""
    kept: list[int] = []

    def finalize(app: Application, *args: object, **options: object) -> Response:
        kept.append(os.open(os.devnull, os.O_RDONLY))
        return _finalize(app, *args, **options)

    with patch.object(Application, "finalize_request", finalize):
        yield


SEEDS = {"answers-kept": answers_kept, "files-left-open": files_left_open}
