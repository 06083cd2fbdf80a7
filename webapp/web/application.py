"""The Flask class of the house: one transaction a request, committed at its end or not at all."""

from __future__ import annotations

from typing import Any

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map, UnicodeConverter

from webapp.core.errors import DomainError
from webapp.extensions import WriterBusy, db, one_writer, start_reading, start_writing, whole_turn
from webapp.web import assets, once

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class KeyConverter(IntegerConverter):
    """``<int:…>`` in an address: a key of the database. A larger number is no page, it is not an error of ours."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"max": 2**31 - 1, **options})


class WordConverter(UnicodeConverter):
    """``<…>`` in an address: a code or a name, in which no control character stands (PostgreSQL knows no NUL)."""

    regex = r"[^/\x00-\x1f\x7f]+"


class Application(Flask):
    """Runs a view inside its transaction.

    Services flush and raise; nobody below commits. A success (below 400) commits, everything else rolls back,
    except a refusal that must be remembered (``keeps_changes``: a wrong PIN counts although it is refused).
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.url_map.converters |= {"int": KeyConverter, "default": WordConverter}

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Browsers keep assets. A table that somebody downloads is no asset, and stays in no cache (``FixedHeaders``)."""
        return super().get_send_file_max_age(filename) if request.endpoint in assets.ENDPOINTS else None

    def full_dispatch_request(self) -> Response:
        view = self.view_functions.get(request.endpoint or "")
        if request.method in READING_METHODS or not getattr(view, "in_turn", False):
            return super().full_dispatch_request()
        try:
            with whole_turn():
                return super().full_dispatch_request()
        except WriterBusy as error:
            return self.finalize_request(self.handle_user_exception(error))

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Who asks, and may they: hooks only read, whatever the method, and hold no writer's turn."""
        if one_writer() or request.method in READING_METHODS:
            start_reading()
        else:
            start_writing()  # nobody waits for the hooks: their transaction goes on as the view's
        return super().preprocess_request()

    def dispatch_request(self) -> Response:
        if request.method in READING_METHODS:
            return self.make_response(super().dispatch_request())
        if one_writer():
            db.session.rollback()  # the hooks' snapshot
            start_writing()
        repeated = once.before_form()
        if repeated is not None:
            return repeated
        return self._write()

    def _write(self) -> Response:
        try:
            response = self.make_response(super().dispatch_request())
        except DomainError as error:
            if error.keeps_changes:
                db.session.commit()
            raise
        if response.status_code >= 400:
            db.session.rollback()
            return response
        once.after_form(response)
        db.session.commit()
        return response
