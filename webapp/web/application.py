"""The Flask class of the house: one transaction a request, committed at its end or not at all."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from webapp.core.errors import DomainError
from webapp.extensions import db, start_reading, start_writing
from webapp.web import once

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Application(Flask):
    """Runs a view inside its transaction.

    Services flush and raise; nobody below commits. A success (below 400) commits, everything else rolls back,
    except a refusal that must be remembered (``keeps_changes``: a wrong PIN counts although it is refused).
    """

    def preprocess_request(self) -> ResponseReturnValue | None:
        """Who asks, and may they: hooks only read, whatever the method, and hold no writer's turn."""
        start_reading()
        return super().preprocess_request()

    def dispatch_request(self) -> Response:  # type: ignore[override]  # always made into a response here
        if request.method in READING_METHODS:
            return self.make_response(super().dispatch_request())
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
