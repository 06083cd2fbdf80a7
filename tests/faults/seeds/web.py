"""What a browser should have been told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from flask_wtf.csrf import CSRFProtect

from webapp.web import headers


@contextmanager
def header_dropped_on_errors() -> Iterator[None]:
    call = headers.FixedHeaders.__call__

    def careless(self: Any, environ: Any, start_response: Any) -> Any:
        def start(status: str, given: Any, *more: Any) -> Any:
            kept = [(name, value) for name, value in given if status < "4" or name != "Content-Security-Policy"]
            return start_response(status, kept, *more)

        return call(self, environ, start)

    with patch.object(headers.FixedHeaders, "__call__", careless):
        yield


@contextmanager
def csrf_off() -> Iterator[None]:
    with patch.object(CSRFProtect, "protect", lambda self: None):
        yield


SEEDS = {"header-dropped-on-errors": header_dropped_on_errors, "csrf-off": csrf_off}
