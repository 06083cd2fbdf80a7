"""Redeeming: choose, see what it costs, give the PIN, confirm."""

from __future__ import annotations

from flask import Response, current_app, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.core.points import Points
from webapp.extensions import db
from webapp.kiosk.gate import here, terminal, visit
from webapp.kiosk.views.blueprint import bp
from webapp.kiosk.views.identify import must_have_pin
from webapp.kiosk.views.paging import screen_of
from webapp.ledger.queries import account_state
from webapp.redemption import queries
from webapp.redemption.models import Voucher
from webapp.redemption.queries import Offer
from webapp.redemption.service import vouchers
from webapp.web.access import KIOSK, KIOSK_HOUSEHOLD, actor, in_turn, requires
from webapp.web.htmx import go, render

GOODS = 8  # on one screen


@bp.get("/kiosk/goods")
@requires(KIOSK)
def goods() -> Response:
    """The catalogue for whoever passes by. To redeem one says who one is; the choice is kept."""
    if here() is not None:
        return go(url_for("kiosk.redeem"))
    return render("kiosk/goods.html", screen=screen_of(queries.catalogue(terminal().area_path), GOODS))


@bp.get("/kiosk/redeem")
@requires(KIOSK_HOUSEHOLD)
def redeem() -> Response:
    account = account_state(visit().account_id)
    offers = queries.catalogue(
        terminal().area_path,
        household_id=visit().household_id,
        month=clock.month_of(clock.now()),
        available=account.available,
    )
    waiting = queries.vouchers_of(visit().household_id, waiting_only=True)
    return render("kiosk/redeem.html", screen=screen_of(offers, GOODS), account=account, waiting=len(waiting))


@bp.get("/kiosk/redeem/sum")
@requires(KIOSK_HOUSEHOLD)
def redeem_sum() -> Response:
    """What the chosen thing costs and what is left: the line beside the button, shown as soon as it is touched."""
    account = account_state(visit().account_id)
    return render("kiosk/_sum.html", offer=_offer(_number("item"), account.available), quantity=1, account=account)


@bp.get("/kiosk/redeem/confirm")
@requires(KIOSK_HOUSEHOLD)
def confirm() -> Response:
    return _confirm_page()


@bp.post("/kiosk/redeem")
@requires(KIOSK_HOUSEHOLD)
@in_turn
def redeem_now() -> Response:
    """Points are held and a voucher is issued; without a PIN given lately the choice waits for it."""
    item, quantity = _number("item"), _number("quantity", 1)
    asked = must_have_pin(url_for("kiosk.confirm", item=item, quantity=quantity))
    if asked is not None:
        return asked
    try:
        voucher = _redeem(item, quantity)
    except DomainError as error:
        db.session.rollback()
        return _confirm_page(error.message, status=error.status)
    return go(url_for("kiosk.voucher", voucher_id=voucher.id))


def _redeem(item: int, quantity: int) -> Voucher:
    return vouchers.redeem(
        actor=actor(),
        household_id=visit().household_id,
        item_id=item,
        quantity=quantity,
        expected=Points(_number("expected")),
        key=current_app.config["SECRET_KEY"],
        now=clock.now(),
        station_id=terminal().station_id,
    )


def _confirm_page(message: str = "", *, status: int = 200) -> Response:
    account = account_state(visit().account_id)
    offer = _offer(_number("item"), account.available)
    return render(
        "kiosk/confirm.html",
        offer=offer,
        quantity=min(max(_number("quantity", 1), 1), max(_most(offer, account.available), 1)),
        most=_most(offer, account.available),
        account=account,
        may_spend=visit().may_spend(clock.now()),
        message=message,
        status=status,
    )


def _offer(item_id: int, available: Points) -> Offer:
    return queries.offer(
        item_id,
        terminal().area_path,
        household_id=visit().household_id,
        month=clock.month_of(clock.now()),
        available=available,
    )


def _most(offer: Offer, available: Points) -> int:
    """How many of it at once: by stock, by the month's limit and by what can be paid."""
    return min(offer.most, available.tenths // offer.price.tenths, vouchers.MOST_AT_ONCE)


def _number(name: str, default: int = 0) -> int:
    """A small whole number of the form or the address; nonsense is ``default``."""
    typed = request.values.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 9 else default
