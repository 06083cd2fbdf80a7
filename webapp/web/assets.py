"""Static files with their content in the address, so that browsers may keep them for a year; a page's styles in one."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, g

from webapp.web.access import ANYBODY, requires

YEAR = 365 * 24 * 3600  # seconds

#: The same for everybody: nobody's sign-in is looked up for them.
ENDPOINTS = frozenset({"static", "assets.styles"})

bp = Blueprint("assets", __name__)


@bp.get("/styles/<names>")
@requires(ANYBODY)
def styles(names: str) -> Response:
    """Some files of static/css one after the other: a weak kiosk shows nothing before it has them all."""
    known = {path.stem: path for path in (_root(current_app) / "css").glob("*.css")}
    wanted = names.split(".")
    if len(wanted) > len(known) or not known.keys() >= set(wanted):
        abort(404)
    answer = Response("".join(known[name].read_text(encoding="utf-8") for name in wanted), mimetype="text/css")
    answer.cache_control.public, answer.cache_control.max_age = True, current_app.config["SEND_FILE_MAX_AGE_DEFAULT"]
    return answer


def _root(app: Flask) -> Path:
    return Path(str(app.static_folder))


def init_app(app: Flask) -> None:
    root = _root(app)

    def version(*paths: str) -> str:
        return hashlib.sha256(b"".join((root / path).read_bytes() for path in paths)).hexdigest()[:8]

    def asset(path: str) -> str:
        """Address of a static file, versioned by its content."""
        return f"/static/{path}?v={version(path)}"

    def styles_of(*names: str) -> str:
        """Address of some files of static/css in one."""
        return f"/styles/{'.'.join(names)}?v={version(*(f'css/{name}.css' for name in names))}"

    keep = (lambda made: made) if app.debug else cache  # a file being edited changes its version
    address_of = keep(styles_of)

    def page_styles(*names: str) -> str:
        g.styles = address_of(*names)
        return str(g.styles)

    @app.after_request
    def announce_styles(response: Response) -> Response:
        """A slow browser fetches them while it still takes the page apart."""
        if "styles" in g:
            response.headers["Link"] = f"<{g.styles}>; rel=preload; as=style"
        return response

    app.jinja_env.globals |= {"asset": keep(asset), "styles": page_styles}
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0 if app.debug else YEAR
    app.register_blueprint(bp)
