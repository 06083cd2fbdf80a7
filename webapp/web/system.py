"""What monitors and kiosks ask: is the server there. Touches nothing."""

from __future__ import annotations

from flask import Blueprint, Flask

from webapp.web.access import ANYBODY, requires

bp = Blueprint("system", __name__)


@bp.get("/healthz")
@requires(ANYBODY)
def healthz() -> str:
    return "ok"


def init_app(app: Flask) -> None:
    app.register_blueprint(bp)
