"""The blueprint, and how its pages find what an address names: seen from the actor's areas, or kept in them."""

from __future__ import annotations

import io

from flask import Blueprint, Response, send_file

from webapp.schemes import queries
from webapp.schemes.models import Rule, Scheme
from webapp.web.access import actor

bp = Blueprint("schemes", __name__)
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def seen(scheme_id: int) -> Scheme:
    """:raises NotFound: for a scheme that has nothing to do with the actor's areas."""
    return queries.seen_scheme(scheme_id, actor().scope("schemes.view"))


def kept(scheme_id: int) -> Scheme:
    """A scheme that the actor may change.

    :raises NotFound: like ``seen``.
    :raises NotAllowed: for a scheme of an area above.
    """
    found = seen(scheme_id)
    actor().must("schemes.edit", found.area.path)
    return found


def kept_rule(scheme_id: int, rule_id: int) -> Rule:
    """:raises NotFound, NotAllowed: like ``kept``."""
    return queries.seen_rule(kept(scheme_id).id, rule_id)


def sheet_response(book: bytes, name: str) -> Response:
    """An Excel file to save."""
    response = send_file(io.BytesIO(book), mimetype=XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    response.headers["Cache-Control"] = "no-store"
    return response
