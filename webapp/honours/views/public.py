"""What anybody sees of honours: the page behind a certificate's code, and what stands with a holder's name elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Response, url_for

from webapp.core import clock
from webapp.core.text import normalise_code
from webapp.honours import queries
from webapp.honours.models import STATES
from webapp.honours.views.blueprint import bp
from webapp.qrcodes.plaques import Plaque
from webapp.users.residents_gate import resident
from webapp.web.access import ANYBODY, requires
from webapp.web.home import HomeNotice
from webapp.web.htmx import render
from webapp.web.limits import limited


@bp.get("/honours/<code>")
@bp.get("/HONOURS/<code>", endpoint="check_capitals")
@requires(ANYBODY)
@limited("60/minute")
def check(code: str) -> Response:
    """Behind the code on a certificate: whether the honour holds. Names as in the published ranking."""
    honour = queries.by_code(normalise_code(code[:40]))
    return render("honours/check.html", honour=honour, state=honour.state(clock.today()), states=STATES)


def plaques(holder_ids: Sequence[int]) -> Mapping[int, Sequence[Plaque]]:
    """For plates and public pages (``qrcodes.plaques``)."""
    return {
        holder_id: [Plaque(one.title, str(one.ends_on), url_for("honours.check", code=one.code)) for one in held]
        for holder_id, held in queries.held_by(holder_ids, clock.today()).items()
    }


def notices() -> list[HomeNotice]:
    """What the household that is signed in holds, and its courtyard."""
    who = resident()
    whose = {who.household_id: "您家"} | ({who.courtyard_id: who.courtyard} if who.courtyard_id else {})
    held = queries.held_by(list(whose), clock.today())
    return [
        HomeNotice(f"{name}是「{one.title}」", f"有效到 {one.ends_on}")
        for holder_id, name in whose.items()
        for one in held.get(holder_id, ())
    ]
