"""The working group's page, its meeting and its minutes."""

from __future__ import annotations

from flask import Response, flash, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.extensions import db
from webapp.places.queries import communities_in
from webapp.reviews import queries, service
from webapp.reviews.forms import MeetingForm
from webapp.reviews.models import STATES
from webapp.reviews.views.blueprint import bp
from webapp.reviews.views.months import Month, asked_month
from webapp.web.access import actor, requires
from webapp.web.finding import searched
from webapp.web.forms import perform, status_of
from webapp.web.htmx import go, render
from webapp.web.paging import paginate


@bp.get("/desk/reviews")
@requires("reviews.confirm")
def review() -> Response:
    return _review_page(request.args.get("community", type=int), request.args.get("month", type=int))


def _review_page(community_id: int | None, month: int | None, *, wrong: str = "", status: int = 200) -> Response:
    found = asked_month(community_id, month, "reviews.confirm")
    ends_on = queries.last_day(found.month, found.terms)
    wanted = request.values.get("category", type=int)
    statement = queries.waiting_statement(found.community.id, found.month, ends_on, category_id=wanted, text=searched())
    page = paginate(statement)
    return render(
        "reviews/review.html",
        "reviews/_waiting.html",
        found=found,
        communities=communities_in(actor().scope("reviews.confirm")),
        before=clock.previous_month(found.month),
        running=queries.month_on(clock.today(), found.terms),
        counts=queries.counts(found.community.id, found.month, ends_on),
        categories=queries.by_category(found.community.id, found.month, ends_on),
        wanted=wanted,
        page=page,
        rows=queries.as_waiting(page.items, actor()),
        states=STATES,
        wrong=wrong,
        reason=request.form.get("reason", ""),
        ticked=set(request.form.getlist("record", type=int)),
        status=status,
    )


@bp.post("/desk/reviews/<int:community_id>/<int:month>/decide")
@requires("reviews.confirm")
def decide(community_id: int, month: int) -> Response:
    """Confirm or give back what is ticked. A refusal shows the page again with what was ticked and typed."""
    found = asked_month(community_id, month, "reviews.confirm")
    chosen = request.form.getlist("record", type=int)
    try:
        said = _give_back(found, chosen) if request.form.get("do") == "return" else _confirm(found, chosen)
    except DomainError as error:
        db.session.rollback()
        return _review_page(community_id, month, wrong=error.message, status=error.status)
    flash(*said)
    return go(url_for("reviews.review", community=community_id, month=month, category=request.form.get("category")))


def _confirm(found: Month, chosen: list[int]) -> tuple[str, str]:
    """What to say, and how it looks; a colleague may have been quicker with some or all of them."""
    outcome = service.confirm(
        actor=actor(), community=found.community, month=found.month, record_ids=chosen, now=clock.now()
    )
    why = "；".join(dict.fromkeys(text for _, text in outcome.refused))
    refused = f"{len(outcome.refused)} 条没有认定：{why}" if outcome.refused else ""
    done = f"已认定 {outcome.done} 条。" if outcome.done or not refused else ""
    return done + refused, "warning" if refused else "success"


def _give_back(found: Month, chosen: list[int]) -> tuple[str, str]:
    count = service.give_back(
        actor=actor(),
        community=found.community,
        month=found.month,
        record_ids=chosen,
        reason=request.form.get("reason", ""),
        now=clock.now(),
    )
    return f"已退回 {count} 条，申报人看得到原因。", "success"


@bp.route("/desk/reviews/<int:community_id>/<int:month>/meeting", methods=["GET", "POST"])
@requires("reviews.confirm")
def meeting(community_id: int, month: int) -> Response:
    """Who attended, and what was said."""
    found = asked_month(community_id, month, "reviews.confirm")
    form = MeetingForm(obj=found.row)
    noted = perform(
        form,
        lambda: service.note_meeting(
            actor=actor(),
            community=found.community,
            month=month,
            attendees=form.attendees.data or "",
            minutes=form.minutes.data or "",
            now=clock.now(),
        ),
    )
    if noted is not None:
        flash("会议已记下。")
        return go(url_for("reviews.review", community=community_id, month=month))
    return render("reviews/meeting.html", found=found, form=form, status=status_of(form))


@bp.get("/desk/reviews/<int:community_id>/<int:month>/minutes")
@requires("reviews.confirm")
def minutes(community_id: int, month: int) -> Response:
    """The minutes and the table of what is determined, to be signed: A4 or A3."""
    found = asked_month(community_id, month, "reviews.confirm")
    rows = queries.determined(found.community.id, month, queries.last_day(month, found.terms))
    size = "a3" if request.args.get("size") == "a3" else "a4"
    return render("reviews/minutes.html", found=found, rows=rows, size=size)
