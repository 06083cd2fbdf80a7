"""The one door to photos."""

from __future__ import annotations

from flask import Response, current_app, request, send_file

from webapp.core.errors import NotFound
from webapp.core.photo_store import PhotoStore
from webapp.records import queries
from webapp.records.views.blueprint import bp
from webapp.web.access import SIGNED_IN, actor, requires

YEAR = 365 * 24 * 3600  # seconds


@bp.get("/photos/<sha256>")
@requires(SIGNED_IN)
def photo(sha256: str) -> Response:
    """A photo by its content, to those who may see a record that holds it; ``?size=thumb`` is 320 pixels long."""
    scope = (*actor().scope("records.view"), *actor().scope("records.make"))
    if not queries.photo_in_scope(sha256, scope) and not queries.after_photo_in_scope(sha256, scope):
        raise NotFound("没有这张照片，或它不在您负责的范围内。")
    return photo_response(sha256, thumb=request.args.get("size") == "thumb")


def photo_response(sha256: str, *, thumb: bool) -> Response:
    """The file itself; whoever calls has checked who may see it. It never changes, and only this browser keeps it.

    :raises NotFound: if the store has no such photo.
    """
    store = PhotoStore(current_app.config["VAR_DIR"] / "photos")
    response = send_file(store.open(sha256, thumb=thumb), mimetype="image/jpeg", etag=False, max_age=YEAR)
    response.cache_control.public, response.cache_control.private = False, True
    response.cache_control.immutable = True
    response.set_etag(f"{sha256}{'-thumb' if thumb else ''}")
    response.make_conditional(request)
    return response
