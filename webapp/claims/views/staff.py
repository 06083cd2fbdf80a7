"""Staff: claiming for people without a phone, the first review on the phone and at the desk, one day's records on paper."""

from __future__ import annotations

from datetime import date

from flask import Response, current_app, flash, request, url_for

from webapp.claims import queries
from webapp.claims.views.blueprint import bp
from webapp.claims.views.filling import Filling, keep_draft, lines, said
from webapp.claims.views.reviewing import Inbox
from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.queries import Filter, courtyards, households
from webapp.places.queries import courtyard as courtyard_in_scope
from webapp.records import service as records
from webapp.records.models import COMING, STATES, Record
from webapp.records.queries import Target, shown_name, target
from webapp.records.service import OUT_OF_REACH
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform
from webapp.web.htmx import go, render
from webapp.web.menu import DAILY, MenuEntry

MOST_FOUND = 20
MOST_OWN = 30


def to_review() -> int:
    """How many claims of others wait for the one who looks."""
    return queries.staff_desk(actor()).todo


MENU = (
    MenuEntry("申报初审", "claims.desk_inbox", "clipboard-check", "claims.review", 36, to_review, group=DAILY),
    MenuEntry("代居民申报", "claims.find_household", "clipboard-pen", "claims.make", 37, group=DAILY),
)
PHONE = (
    MenuEntry("申报初审", "claims.phone_inbox", "clipboard-check", "claims.review", 10, to_review),
    MenuEntry("代居民申报", "claims.find_household", "clipboard-pen", "claims.make", 20),
)


# Claiming for others --------------------------------------------------------------------------------------------------


def _start_url() -> str:
    """Where the one who looks came from: the inspector's day, or the desk."""
    on_the_way = actor().may("records.make") and "inspections.my_day" in current_app.view_functions
    return url_for("inspections.my_day" if on_the_way else "oversight.today")


@bp.get("/phone/claims/new")
@requires("claims.make")
def find_household() -> Response:
    """Whose claim it is, by name or number; and what the one who looks has claimed for others."""
    scope, wanted = actor().scope("claims.make"), searched()
    found = db.session.scalars(households(scope, Filter(text=wanted)).limit(MOST_FOUND)).all() if wanted else []
    return render(
        "claims/find.html",
        "claims/_found.html",
        found=found,
        search=wanted,
        most=MOST_FOUND,
        lines=lines(queries.by_staff(actor().user_id or 0, MOST_OWN)),
        states=STATES,
        coming=COMING,
        shown_name=shown_name,
        back_url=_start_url(),
    )


def _whom(holder_id: int) -> Target:
    """:raises NotFound: outside the areas of the one who claims, as if it did not exist."""
    whom = target(holder_id)
    if not actor().may("claims.make", whom.path):
        raise NotFound(OUT_OF_REACH)
    return whom


@bp.route("/phone/claims/new/<int:holder_id>", methods=["GET", "POST"])
@requires("claims.make")
def claim_for(holder_id: int) -> Response:
    mends = _mended(holder_id)
    mends_id = mends.id if mends else None
    filling = Filling(
        holders=[_whom(holder_id)],
        action=url_for(
            "claims.claim_for", holder_id=holder_id, mends=mends_id, scheme=request.args.get("scheme", type=int)
        ),
        draft_url=url_for("claims.draft_for", holder_id=holder_id, mends=mends_id),
        back_url=url_for("claims.find_household"),
        subject=_subject(holder_id, mends_id),
        mends=mends,
        staff=True,
    )
    made = perform(filling.form, filling.send)
    if made is None:
        return filling.page()
    said(made)
    return go(url_for("claims.find_household"))


@bp.post("/phone/claims/new/<int:holder_id>/draft")
@requires("claims.make")
def draft_for(holder_id: int) -> Response:
    _whom(holder_id)
    mends_id = request.args.get("mends", type=int)
    page_url = url_for("claims.claim_for", holder_id=holder_id, mends=mends_id)
    return keep_draft(_subject(holder_id, mends_id), url_for("claims.find_household"), page_url)


@bp.post("/phone/claims/<int:record_id>/withdraw")
@requires("claims.make")
def withdraw_for(record_id: int) -> Response:
    queries.by_author(record_id, actor().user_id or 0)
    records.withdraw(actor=actor(), record_id=record_id, now=clock.now())
    flash("已撤回，这一条不再审核。", "success")
    return go(url_for("claims.find_household"))


def _subject(holder_id: int, mends_id: int | None) -> str:
    return f"for {holder_id} mends {mends_id or ''}"


def _mended(holder_id: int) -> Record | None:
    """:raises NotFound: for what somebody else claimed, or for somebody else."""
    mends_id = request.args.get("mends", type=int)
    record = queries.by_author(mends_id, actor().user_id or 0) if mends_id else None
    if record is not None and record.holder_id != holder_id:
        raise NotFound("没有找到这条申报，请返回看看。")
    return record


# The first review -----------------------------------------------------------------------------------------------------


def _on_the_phone() -> Inbox:
    return Inbox(
        desk=queries.staff_desk(actor()),
        list_endpoint="claims.phone_inbox",
        pass_endpoint="claims.phone_pass",  # noqa: S106  # an endpoint, no password
        return_endpoint="claims.phone_return",
        photo_endpoint="records.photo",
        back_url=_start_url(),
        heading="申报初审",
    )


@bp.get("/phone/claims")
@requires("claims.review")
def phone_inbox() -> Response:
    return _on_the_phone().page()


@bp.post("/phone/claims/pass")
@requires("claims.review")
def phone_pass() -> Response:
    return _on_the_phone().passing()


@bp.post("/phone/claims/<int:record_id>/return")
@requires("claims.review")
def phone_return(record_id: int) -> Response:
    return _on_the_phone().returning(record_id)


def _at_the_desk() -> Inbox:
    return Inbox(
        desk=queries.staff_desk(actor()),
        list_endpoint="claims.desk_inbox",
        pass_endpoint="claims.desk_pass",  # noqa: S106  # an endpoint, no password
        return_endpoint="claims.desk_return",
        photo_endpoint="records.photo",
        back_url="",
        heading="申报初审",
        template="claims/desk.html",
        per_page=50,
    )


@bp.get("/desk/claims")
@requires("claims.review")
def desk_inbox() -> Response:
    return _at_the_desk().page()


@bp.post("/desk/claims/pass")
@requires("claims.review")
def desk_pass() -> Response:
    return _at_the_desk().passing()


@bp.post("/desk/claims/<int:record_id>/return")
@requires("claims.review")
def desk_return(record_id: int) -> Response:
    return _at_the_desk().returning(record_id)


# One day, one record --------------------------------------------------------------------------------------------------


@bp.get("/desk/claims/day")
@requires("records.view")
def day_sheet() -> Response:
    """一日一记录: what was recorded in a courtyard on a day, to hang out or to file."""
    scope = actor().scope("records.view")
    day = request.args.get("date", type=date.fromisoformat) or clock.today()
    yard_id = request.args.get("courtyard", type=int)
    yard = courtyard_in_scope(yard_id, scope) if yard_id else None
    return render(
        "claims/day.html",
        yard=yard,
        yards=db.session.scalars(courtyards(scope, Filter()).limit(400)).all(),
        rows=queries.day_of_courtyard(yard.id, day) if yard else [],
        day_=day,
        states=STATES,
        shown_name=shown_name,
    )
