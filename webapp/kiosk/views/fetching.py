"""积分券 of the visitor: what waits to be fetched, its code, and giving it back."""

from __future__ import annotations

from flask import Response, current_app, flash, request, session, url_for

from webapp.core import clock
from webapp.core.points import Points
from webapp.kiosk.gate import terminal, visit
from webapp.kiosk.paper import Paper, voucher_paper
from webapp.kiosk.service.slips import voucher_printed
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.identify import must_have_pin
from webapp.kiosk.views.paging import Fit, lines_of
from webapp.kiosk.views.printing import has_network_printer, print_after
from webapp.ledger.queries import account_state
from webapp.qrcodes.drawing import qr_path
from webapp.redemption import queries
from webapp.redemption.models import VOUCHER_STATES, Voucher
from webapp.redemption.service import vouchers as service
from webapp.web.access import KIOSK_HOUSEHOLD, actor, requires
from webapp.web.htmx import go, render

LISTED = Fit(lying=5, lying_large=5, standing=14, standing_large=11)
MOST_LISTED = 30


@bp.get("/kiosk/vouchers")
@requires(KIOSK_HOUSEHOLD)
def vouchers() -> Response:
    """Those that wait come first; codes are not shown here."""
    found = queries.vouchers_of(visit().household_id, limit=MOST_LISTED)
    found.sort(key=lambda one: one.state != "issued")
    return render("kiosk/vouchers.html", screen=lines_of(found, LISTED), states=VOUCHER_STATES)


@bp.get("/kiosk/vouchers/<int:voucher_id>")
@requires(KIOSK_HOUSEHOLD)
def voucher(voucher_id: int) -> Response:
    """The code opens the hand that gives things out, so it is shown after the PIN only."""
    found = queries.voucher_of_household(voucher_id, visit().household_id)
    asked = must_have_pin(request.path)
    if asked is not None:
        return asked
    copies = session.pop("print_voucher", None)
    code = service.voucher_code(current_app.config["SECRET_KEY"], found)
    return render(
        "kiosk/voucher.html",
        voucher=found,
        code=code,
        qr=qr_path(code, "M"),
        paper=_paper(found, copies or 1),
        size=terminal().paper,
        states=VOUCHER_STATES,
        account=account_state(visit().account_id),
        print_now=copies is not None,
    )


@bp.post("/kiosk/vouchers/<int:voucher_id>/print")
@requires(KIOSK_HOUSEHOLD)
def print_voucher(voucher_id: int) -> Response:
    """On the kiosk's own printer, by the browser or over the network; from the second time on it says 副本."""
    found = queries.voucher_of_household(voucher_id, visit().household_id)
    target = url_for("kiosk.voucher", voucher_id=voucher_id)
    asked = must_have_pin(target)
    if asked is not None:
        return asked
    copies = voucher_printed(actor=actor(), voucher_id=found.id, area_path=terminal().area_path, now=clock.now())
    if has_network_printer(terminal()):
        print_after(terminal(), _paper(found, copies))
    else:
        session["print_voucher"] = copies
    return go(target)


def _paper(found: Voucher, copies: int) -> Paper:
    return voucher_paper(
        found,
        code=service.voucher_code(current_app.config["SECRET_KEY"], found),
        copies=copies,
        station=terminal().station,
        household=visit(),
        phone=terminal().phone or current_app.config["HELP_PHONE"],
    )


@bp.get("/kiosk/vouchers/<int:voucher_id>/cancel")
@requires(KIOSK_HOUSEHOLD)
def cancel_voucher(voucher_id: int) -> Response:
    """Asked first."""
    found = queries.voucher_of_household(voucher_id, visit().household_id)
    if found.state != "issued":
        return go(url_for("kiosk.vouchers"))
    return must_have_pin(request.path) or render("kiosk/cancel.html", voucher=found)


@bp.post("/kiosk/vouchers/<int:voucher_id>/cancel")
@requires(KIOSK_HOUSEHOLD)
def cancel_now(voucher_id: int) -> Response:
    """Then done: the points are free again and the thing is back on the shelf."""
    found = queries.voucher_of_household(voucher_id, visit().household_id)
    asked = must_have_pin(request.path)
    if asked is not None:
        return asked
    service.cancel(actor=actor(), voucher_id=found.id, reason="住户在自助终端取消", now=clock.now())
    flash(f"已取消「{found.title}」，{Points(found.points)} 分已退回，可以再用。", "success")
    return go(url_for("kiosk.vouchers"))
