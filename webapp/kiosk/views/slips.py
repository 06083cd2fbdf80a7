"""The slip: made and printed at the kiosk; ``verification`` checks it."""

from __future__ import annotations

from flask import Response, current_app, session, url_for

from webapp.core import clock
from webapp.kiosk import queries
from webapp.kiosk.gate import terminal, visit
from webapp.kiosk.paper import Paper, balance_paper
from webapp.kiosk.service import slips
from webapp.kiosk.service.slips import ShownSlip
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.printing import has_network_printer, print_after
from webapp.web.access import KIOSK_HOUSEHOLD, actor, requires
from webapp.web.htmx import go, render


@bp.post("/kiosk/slips")
@requires(KIOSK_HOUSEHOLD)
def print_slip() -> Response:
    """打印小票: the words are kept as they are printed. Points do not change."""
    now = clock.now()
    found = queries.balance(visit(), now)
    made = slips.issue(terminal=terminal(), visit=visit(), balance=found, key=_key(), now=now)
    return _print(made)


@bp.post("/kiosk/slips/<int:slip_id>/print")
@requires(KIOSK_HOUSEHOLD)
def print_again(slip_id: int) -> Response:
    """重打: the copy says that it is one."""
    made = slips.print_again(
        actor=actor(), slip_id=slip_id, terminal=terminal(), visit=visit(), key=_key(), now=clock.now()
    )
    return _print(made)


def _print(made: ShownSlip) -> Response:
    """By the browser the next page prints, once; a network printer is sent to when all is saved."""
    if has_network_printer(terminal()):
        print_after(terminal(), _paper(made))
    else:
        session["print_slip"] = made.id
    return go(url_for("kiosk.slip", slip_id=made.id))


@bp.get("/kiosk/slips/<int:slip_id>")
@requires(KIOSK_HOUSEHOLD)
def slip(slip_id: int) -> Response:
    """What was printed, on the screen too: paper may be out, and nobody can tell from here."""
    found = slips.of_visit(slip_id=slip_id, visit_id=visit().id, key=_key())
    return render(
        "kiosk/slip.html",
        slip=found,
        paper=_paper(found),
        size=terminal().paper,
        print_now=session.pop("print_slip", None) == slip_id,
    )


def _paper(found: ShownSlip) -> Paper:
    phone = terminal().phone or current_app.config["HELP_PHONE"]
    return balance_paper(found, base_url=current_app.config["BASE_URL"], phone=phone)


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])
