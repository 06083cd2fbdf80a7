"""Who stands here: by card, or by household number and PIN."""

from __future__ import annotations

import re

from flask import Response, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError, NotAllowed, TooManyTries, Unavailable
from webapp.core.text import normalise
from webapp.extensions import db, reading
from webapp.kiosk import gate
from webapp.kiosk.gate import terminal, visit
from webapp.kiosk.service import visits
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.community import household_scheme
from webapp.places.models import number_of
from webapp.places.queries import number_typed
from webapp.qrcodes.queries import household_of_card
from webapp.redemption.service import vouchers
from webapp.users.service.pins import Guess, check_pin, has_pin
from webapp.web.access import KIOSK, KIOSK_HOUSEHOLD, keyless, requires
from webapp.web.addresses import local_target
from webapp.web.htmx import go, render

LONGEST_NUMBER = 30
#: A line of a publication that somebody objects to before they have said who they are: month and number.
LINE = re.compile(r"([0-9]{1,9})-([0-9]{1,6})")
#: A slip or a printed publication on the scanner is no card: it is compared with the book.
PAPER = re.compile(r"/(slip|verify)/", re.I)


@bp.post("/kiosk/card")
@requires(KIOSK)
def card() -> Response:
    """A card was held to the scanner, on whatever page: its household is here now, and nobody else."""
    scanned = normalise(request.form.get("code", "")[:200])
    if PAPER.search(scanned):
        return go(url_for("verification.at_kiosk", code=scanned))
    household_id = household_of_card(scanned, terminal().community_id)
    return _welcome(household_id, "card")


@bp.get("/kiosk/number")
@requires(KIOSK)
def number() -> Response:
    return _number_page()


@bp.post("/kiosk/number")
@requires(KIOSK)
def number_given() -> Response:
    """The second step asks for the PIN, whether there is such a household or not. It writes nothing."""
    typed = number_of(request.form.get("number", "")[:LONGEST_NUMBER])
    if not typed:
        return _number_page("请先输入户号，再点下一步。", status=422)
    return _pin_page(typed)


@bp.post("/kiosk/number/pin")
@requires(KIOSK)
@keyless
def number_and_pin() -> Response:
    """The form carries no once-key: the PIN is checked outside the transaction, and a second visit replaces the first."""
    typed = number_of(request.form.get("number", "")[:LONGEST_NUMBER])
    pin = normalise(request.form.get("pin", "")[:20])
    if not typed:
        return _number_page("请先输入户号，再点下一步。", status=422)
    if not pin:
        return _pin_page(typed, "请输入六位密码。", status=422)
    try:
        household_id = _checked(typed, pin)
    except TooManyTries:
        raise
    except DomainError as error:
        _keep(error)
        return _pin_page(typed, error.message, status=error.status)
    return _welcome(household_id, "pin")


def _checked(number: str, pin: str, asked: str = "户号或密码") -> int:
    kiosk = terminal()
    guess = Guess(device=f"kiosk:{kiosk.device_id}", network=request.remote_addr or "")
    with reading():
        meant = number_typed(kiosk.community_id, number)
    return check_pin(community_id=kiosk.community_id, number=meant, pin=pin, guess=guess, now=clock.now(), asked=asked)


def _keep(error: DomainError) -> None:
    """A wrong PIN counts although it is refused."""
    if error.keeps_changes:
        db.session.commit()
    else:
        db.session.rollback()


def _welcome(household_id: int, via: str) -> Response:
    """Begin the visit, with vouchers that are over given back first, so that held points are true."""
    kiosk, now = terminal(), clock.now()
    scheme = household_scheme(kiosk)
    if scheme is None:
        raise Unavailable("本社区还没有启用积分办法，暂时查不了。请问一问服务台。")
    token = visits.start(terminal=kiosk, household_id=household_id, scheme_id=scheme.id, via=via, now=now)
    vouchers.expire_of_household(household_id=household_id, now=now)
    return gate.begin(go(_after(request.form.get("item", ""), request.form.get("line", ""))), token)


def _after(item: str, line: str) -> str:
    """To the balance; to the thing that was chosen before, or the line that is objected to, if there is one."""
    objected = LINE.fullmatch(line)
    if objected is not None:
        return url_for("kiosk.object_", month_id=int(objected[1]), number=int(objected[2]))
    chosen = item.isascii() and item.isdigit() and len(item) < 10
    return url_for("kiosk.confirm", item=int(item)) if chosen else url_for("kiosk.balance")


def _number_page(message: str = "", *, status: int = 200) -> Response:
    return render("kiosk/number.html", message=message, **_chosen(), status=status)


def _chosen() -> dict[str, str]:
    """What is wanted after signing in, as the forms carry it on."""
    return {"item": request.values.get("item", "")[:9], "line": request.values.get("line", "")[:16]}


def _pin_page(typed: str, message: str = "", *, status: int = 200) -> Response:
    return render("kiosk/pin.html", number=typed, message=message, **_chosen(), status=status)


# The PIN once more, before points are spent -----------------------------------------------------------------------------


def own_path(target: str | None) -> str:
    """Where to go on after the PIN: a page of the kiosk, nothing else."""
    found = local_target(target)
    return found if found and found.startswith("/kiosk/") else url_for("kiosk.balance")


@bp.get("/kiosk/pin")
@requires(KIOSK_HOUSEHOLD)
def pin() -> Response:
    return _spending_page()


@bp.post("/kiosk/pin")
@requires(KIOSK_HOUSEHOLD)
@keyless
def pin_given() -> Response:
    typed = normalise(request.form.get("pin", "")[:20])
    if not typed:
        return _spending_page("请输入六位密码。", status=422)
    try:
        household_id = _checked(visit().number, typed, "密码")
    except TooManyTries:
        raise
    except DomainError as error:
        _keep(error)
        return _spending_page(error.message, status=error.status)
    if household_id != visit().household_id:
        raise NotAllowed("请用这一户自己的密码。")
    visits.pin_given(visit_id=visit().id, now=clock.now())
    return go(own_path(request.form.get("next")))


def _spending_page(message: str = "", *, status: int = 200) -> Response:
    target = own_path(request.values.get("next"))
    known = has_pin(visit().household_id)
    return render("kiosk/spending_pin.html", next=target, message=message, has_pin=known, status=status)


def must_have_pin(target: str) -> Response | None:
    """Ask for the PIN before something is spent or a voucher's code is shown, unless it was given lately."""
    if visit().may_spend(clock.now()):
        return None
    return go(url_for("kiosk.pin", next=target))
