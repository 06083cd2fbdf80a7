"""Searches: what is typed may be somebody's name or number, and addresses stay in histories, logs and screenshots.

So a search box sends its text by POST to ``find``, which leads on to the list with the text sealed in the address.
Turning pages, exports, links and the Back button work with that address like with any other.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, Flask, current_app, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from webapp.core import signing
from webapp.core.errors import Invalid
from webapp.core.text import normalise
from webapp.web.access import SIGNED_IN, requires
from webapp.web.addresses import local_target

MARK = "~"  # begins what is sealed
TEXTS = ("q", "by")  # fields of search boxes that are sealed
LONGEST = 60

bp = Blueprint("finding", __name__)


@bp.post("/find")
@requires(SIGNED_IN)
def find() -> AnyResponse:
    """Lead on to the list; htmx follows with its own headers and shows the address where it ends."""
    to = local_target(request.form.get("to"))
    if to is None:
        raise Invalid("搜索没有成功，请返回列表重新搜索。")
    asked = [
        (name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "to", "page")
    ]
    found = [(name, sealed(value) if name in TEXTS else value) for name, value in asked if value.strip()]
    return redirect(f"{to}?{urlencode(found)}" if found else to, 303)


def searched(name: str = "q", *, limit: int = LONGEST) -> str:
    """What was searched for, in its one form; out of the address or an export's form. Nonsense is no search."""
    given = request.values.get(name, "")
    if given.startswith(MARK):
        given = signing.unseal(current_app.config["SECRET_KEY"], "search", given[len(MARK) :]) or ""
    return normalise(given[:limit])[:limit]


def sealed(typed: str) -> str:
    """The same search as it stands in an address."""
    if typed.startswith(MARK):
        return typed
    text = normalise(typed[:LONGEST])
    return MARK + signing.seal(current_app.config["SECRET_KEY"], "search", text) if text else ""


def init_app(app: Flask) -> None:
    app.jinja_env.globals["sealed"] = sealed
    app.register_blueprint(bp)
