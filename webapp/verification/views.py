"""One field for a code, and its answer: on a phone, in the office, at a kiosk. Nothing is written."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, request, url_for

from webapp.core.errors import NotFound
from webapp.core.text import normalise
from webapp.kiosk import gate
from webapp.verification import queries
from webapp.verification.queries import Answer, Asked
from webapp.web.access import ANYBODY, KIOSK, requires
from webapp.web.htmx import go, render
from webapp.web.limits import limited

bp = Blueprint("verification", __name__)
bp.after_request(gate.renew)
CHECKS = "30/minute"  # of one address: neither a slip's code nor a sheet's can be guessed this way
LONGEST = 200


@bp.route("/verify", methods=["GET", "POST"])
@requires(ANYBODY)
@limited(CHECKS)
def verify() -> Response:
    """The code as it stands on the paper, or what a scanner read from it; ``line`` narrows a sheet to one line."""
    if request.method == "GET":
        return _form()
    typed, line = (normalise(request.form.get(name, "")[:LONGEST]) for name in ("code", "line"))
    try:
        found = queries.asked(f"{typed} 第 {line} 条" if line.isdecimal() else typed)
        queries.answer(found, _key())
    except NotFound as error:
        return _form(typed, error.message, status=422)
    return go(_address(found))


def _address(found: Asked) -> str:
    if found.kind == "slip":
        return url_for("verification.slip", reference=found.code)
    if found.kind == "link":
        return url_for("verification.sheet", code=queries.answer(found, _key()).seal.replace(" ", ""))
    return url_for("verification.sheet", code=found.code, number=found.number or None)


@bp.get("/slip/<reference>")
@bp.get("/SLIP/<reference>", endpoint="slip_capitals")
@requires(ANYBODY)
@limited(CHECKS)
def slip(reference: str) -> Response:
    """What was printed, and whether the book still says so."""
    return _answer(Asked("slip", reference[:40]))


@bp.get("/verify/<code>")
@bp.get("/verify/<code>/<int:number>")
@bp.get("/VERIFY/<code>", endpoint="sheet_capitals")
@requires(ANYBODY)
@limited(CHECKS)
def sheet(code: str, number: int = 0) -> Response:
    """A printed publication, by the code at its foot; with a number one line of it."""
    return _answer(queries.asked(f"/verify/{code[:40]}/{min(number, 999_999)}"))


def _answer(found: Asked) -> Response:
    try:
        answer = queries.answer(found, _key())
    except NotFound as error:
        return _form(found.code, error.message, status=404)
    return render("verification/answer.html", answer=answer, public_key=_public_key(answer))


def _form(code: str = "", message: str = "", *, status: int = 200) -> Response:
    return render("verification/form.html", code=code, message=message, status=status)


def _public_key(answer: Answer) -> str:
    return (answer.month.public_key or "") if answer.month else ""


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


@bp.get("/kiosk/verify")
@requires(KIOSK)
@limited(CHECKS)
def at_kiosk() -> Response:
    """The same at a kiosk, in large type: a paper is held to the scanner, or the notice board's own code is asked for."""
    code, answer, message = request.args.get("code", "")[:LONGEST], None, ""
    if code:
        try:
            answer = queries.answer(queries.asked(code), _key())
        except NotFound as error:
            message = error.message
    return render("verification/kiosk.html", answer=answer, message=message, status=404 if message else 200)
