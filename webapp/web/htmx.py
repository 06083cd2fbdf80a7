"""Pages and their fragments: one template piece serves the first load and the swap."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, redirect, render_template, request


def wants_fragment() -> bool:
    """htmx asks for a piece, unless it restores a whole page from history or follows a boosted link."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-History-Restore-Request") != "true"
        and headers.get("HX-Boosted") != "true"
    )


def render(page: str, fragment: str | None = None, /, *, status: int = 200, **context: Any) -> Response:
    """The page, or only its fragment when htmx asks for it. ``page`` includes ``fragment``, so they can't differ."""
    piece = fragment is not None and wants_fragment()
    response = make_response(render_template(fragment if piece and fragment else page, **context), status)
    if fragment is not None:
        response.vary.add("HX-Request")
    return response


def go(location: str) -> Response:
    """After a successful form: look at the result by GET (for htmx the whole page changes)."""
    if wants_fragment():
        response = make_response("", 204)
        response.headers["HX-Redirect"] = location
        return response
    return make_response(redirect(location, 303))
