"""Where a slip goes: to the browser's printer, or as a picture to the kiosk's network printer."""

from __future__ import annotations

from flask import Response, after_this_request, current_app, flash

from webapp.core.errors import DomainError
from webapp.kiosk.paper import Paper
from webapp.kiosk.queries import Terminal


def has_network_printer(kiosk: Terminal) -> bool:
    """A roll printer with an address of its own; A4 always goes through the browser."""
    return bool(kiosk.printer) and kiosk.paper in ("80", "58")


def print_after(kiosk: Terminal, paper: Paper) -> None:
    """Send it when everything is saved: no transaction waits for a printer, and a printer that is off undoes nothing."""
    font = str(current_app.config["SLIP_FONT"])

    @after_this_request
    def send(response: Response) -> Response:
        from webapp.kiosk import escpos  # Pillow and the printer's library: only where a printer asks for them

        try:
            escpos.print_paper(paper, size=kiosk.paper, printer=kiosk.printer, font=font)
            flash("正在打印，请在出纸口取走。", "success")
        except DomainError as error:
            flash(error.message, "error")
        return response
