"""Faults that a dying server would show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from flask import Response

from tests.faults.seeds.points import redeem_in_two
from webapp.web import once
from webapp.web.application import Application

_write = Application._write


def _write_and_dawdle(app: Application) -> Response:
    """Done, but the answer takes its time: many a server dies between the two."""
    response = _write(app)
    time.sleep(0.05)
    return response


@contextmanager
def keys_forgotten() -> Iterator[None]:
    """A form that is sent again acts again."""
    with patch.object(once, "before_form", lambda: None), patch.object(Application, "_write", _write_and_dawdle):
        yield


SEEDS = {"keys-forgotten": keys_forgotten, "redeem-in-two": lambda: redeem_in_two(dawdle=0.05)}
