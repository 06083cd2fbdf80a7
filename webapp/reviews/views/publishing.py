"""Publishing a month, and how far it has come."""

from __future__ import annotations

from flask import Response, current_app, request, url_for

from webapp.core import clock
from webapp.core.errors import DomainError, NotFound
from webapp.extensions import db
from webapp.reviews import queries, service
from webapp.reviews.models import CommunityMonth
from webapp.reviews.views.blueprint import bp
from webapp.reviews.views.months import asked_month
from webapp.web.access import actor, requires
from webapp.web.htmx import go, render


@bp.route("/desk/reviews/<int:community_id>/<int:month>/publish", methods=["GET", "POST"])
@requires("reviews.confirm")
def publish(community_id: int, month: int) -> Response:
    found = asked_month(community_id, month, "reviews.confirm")
    message = ""
    if request.method == "POST":
        try:
            row = service.publish(actor=actor(), community=found.community, month=month, now=clock.now())
            return go(url_for("reviews.publishing", month_id=row.id))
        except DomainError as error:
            db.session.rollback()
            message, found = error.message, asked_month(community_id, month, "reviews.confirm")
    ends_on = queries.last_day(month, found.terms)
    counts = queries.counts(community_id, month, ends_on)
    return render("reviews/publish.html", found=found, counts=counts, message=message, status=409 if message else 200)


def _row(month_id: int) -> CommunityMonth:
    """:raises NotFound: outside the communities of the one who looks."""
    row = db.session.get(CommunityMonth, month_id)
    if row is None or not actor().may("reviews.confirm", row.community.path):
        raise NotFound("没有这个月份，或它不在您负责的范围内。")
    return row


@bp.get("/desk/reviews/publishing/<int:month_id>")
@requires("reviews.confirm")
def publishing(month_id: int) -> Response:
    """How far it has come; the page itself asks for the next step until all is done."""
    return render("reviews/publishing.html", "reviews/_publishing.html", row=_row(month_id))


@bp.post("/desk/reviews/publishing/<int:month_id>")
@requires("reviews.confirm")
def go_on(month_id: int) -> Response:
    progress = service.go_on(month_id=_row(month_id).id, key=current_app.config["SECRET_KEY"], now=clock.now())
    if progress.done:
        row = progress.row
        return go(url_for("reviews.published", community_id=row.community_id, month=row.month))
    if request.headers.get("HX-Request") == "true":
        return render("reviews/publishing.html", "reviews/_publishing.html", row=progress.row)
    return go(url_for("reviews.publishing", month_id=month_id))
