"""The public page of a shop, and the desk that looks at floods."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, flash, redirect, request, url_for

from webapp.audit.words import AuditWords
from webapp.core import clock, signing
from webapp.core.errors import DomainError
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.places.models import Area, Shop
from webapp.places.queries import area_label
from webapp.qrcodes import doors
from webapp.qrcodes.plaques import plaques_of
from webapp.qrcodes.queries import Scanned, scanned
from webapp.ratings import queries, service
from webapp.ratings.forms import RatingForm
from webapp.ratings.models import FLAG_STATES, TAGS
from webapp.ratings.service import Rater
from webapp.records.queries import provisional_at
from webapp.schemes.queries import schemes_for
from webapp.web.access import ANYBODY, actor, in_turn, requires
from webapp.web.htmx import go, render
from webapp.web.limits import limited
from webapp.web.menu import DAILY, MenuEntry
from webapp.web.paging import paginate

bp = Blueprint("ratings", __name__)
MENU = (
    MenuEntry(
        "顾客评价",
        "ratings.list_ratings",
        "star",
        "ratings.view",
        60,
        badge=lambda: queries.open_floods(actor().scope("ratings.judge")),
        group=DAILY,
    ),
)
AUDIT_WORDS = AuditWords(
    subjects={"rating-flag": "集中评价"},
    actions={"rating-flag:kept": "核查后计入评价", "rating-flag:dropped": "核查后不计评价"},
)
DEVICE_COOKIE = "rater"
DEVICE_FOR = 400 * 24 * 3600  # seconds; browsers keep no cookie longer


def shop_page(found: Scanned) -> Response:
    """What a customer sees who scans a shop's plate. Nothing is written; the phone gets a random mark of its own."""
    return _marked(_page(found, RatingForm(formdata=None), ""))


def _page(found: Scanned, form: RatingForm, message: str, status: int = 200) -> Response:
    shop = db.session.get_one(Shop, found.holder_id)
    area = db.session.get_one(Area, found.area_id)
    scheme = next(iter(schemes_for(area, "shop")), None)
    return render(
        "ratings/shop.html",
        shop=shop,
        area_label=area_label(area),
        account=find_account(shop.id, scheme.id) if scheme else None,
        plaques=plaques_of([shop.id]).get(shop.id, ()),
        mean=queries.mean_of(shop.id, clock.today()),
        provisional=provisional_at(shop.id, clock.today()),
        form=form,
        ticket=service.ticket_for(shop.id, key=_key(), now=clock.now()),
        token=request.view_args["token"] if request.view_args else "",
        tags=[(tag, tag) for tag in TAGS],
        message=message,
        status=status,
    )


def _key() -> str:
    return str(current_app.config["SECRET_KEY"])


def _marked(response: Response) -> Response:
    """One rating a phone, shop and day: the phone is known by a random cookie, not by who holds it."""
    if DEVICE_COOKIE not in request.cookies:
        response.set_cookie(
            DEVICE_COOKIE,
            signing.random_token(),
            max_age=DEVICE_FOR,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )
    return response


@bp.post("/q/<token>/rate")
@requires(ANYBODY)
@limited("60/minute")
@in_turn
def rate(token: str) -> Response:
    found = scanned(token)
    form = RatingForm()
    if found.holder_kind != "shop" or found.state != "active":
        return redirect(url_for("qrcodes.scan", token=token), 303)  # type: ignore[return-value]  # it is a Response
    if not form.validate_on_submit():
        return _page(found, form, "", 422)
    try:
        service.rate(
            shop_id=found.holder_id,
            stars=form.stars.data,
            tags=form.tags.data or [],
            comment=form.comment.data or "",
            ticket=form.ticket.data,
            rater=Rater(device=_device(), network=request.remote_addr or ""),
            key=_key(),
            now=clock.now(),
        )
    except DomainError as error:
        db.session.rollback()
        return _page(found, form, error.message, error.status)
    return go(url_for("ratings.thanks", token=token))


def _device() -> str:
    """A phone without the cookie (blocked, or a script) is known by its network and browser together."""
    mark = request.cookies.get(DEVICE_COOKIE, "")
    return mark or f"{request.remote_addr}\0{request.user_agent.string}"


@bp.get("/q/<token>/thanks")
@requires(ANYBODY)
def thanks(token: str) -> Response:
    found = scanned(token)
    return render("ratings/thanks.html", found=found, mean=queries.mean_of(found.holder_id, clock.today()), token=token)


@bp.get("/desk/ratings")
@requires("ratings.view")
def list_ratings() -> Response:
    scope = actor().scope("ratings.view")
    words_only = request.args.get("words") == "1"
    return render(
        "ratings/list.html",
        "ratings/_list.html",
        page=paginate(queries.ratings_statement(scope, words_only=words_only)),
        floods=queries.floods(scope),
        words_only=words_only,
        states=FLAG_STATES,
    )


@bp.post("/desk/ratings/floods/<int:flag_id>")
@requires("ratings.judge")
def decide(flag_id: int) -> Response:
    """Staff have looked: what was set aside counts, or does not."""
    queries.flag_in_scope(flag_id, actor().scope("ratings.judge"))
    keep = request.form.get("keep") == "1"
    flag = service.decide(actor=actor(), flag_id=flag_id, keep=keep, now=clock.now())
    flash(f"{flag.shop.name} {flag.day} 的集中评价：{FLAG_STATES[flag.state]}。", "success")
    return go(url_for("ratings.list_ratings"))


def register(app: Flask) -> None:
    doors.register(app, "shop", shop_page)
