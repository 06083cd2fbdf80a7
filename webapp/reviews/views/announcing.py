"""通知: the month's dates for the notice board, who is asked about what, and where to look; A4 or A3."""

from __future__ import annotations

from datetime import timedelta

from flask import Response, current_app, request, url_for

from webapp.core import clock
from webapp.qrcodes.drawing import qr_path
from webapp.reviews import queries
from webapp.reviews.views.blueprint import bp
from webapp.reviews.views.months import asked_month
from webapp.users.queries import people_serving
from webapp.web.access import requires
from webapp.web.htmx import render


@bp.get("/desk/reviews/<int:community_id>/<int:month>/announcement")
@requires("records.view")
def announcement(community_id: int, month: int) -> Response:
    """Before the publication its days are counted from the month's last day; afterwards they are those of the row."""
    found = asked_month(community_id, month, "records.view")
    newest = queries.notice(found.community.id)
    row = queries.publication(found.community.id, newest.month) if newest else None
    path = url_for("reviews.public", token=row.token) if row else url_for("users.resident_sign_in")
    link = f"{current_app.config['BASE_URL']}{path}"
    return render(
        "reviews/announcement.html",
        found=found,
        begins_on=queries.last_day(clock.previous_month(month), found.terms) + timedelta(days=1),
        days=found.row.objection_days if found.row else found.terms.objection_days,
        people=people_serving(found.community.id),
        shown=row,
        link=link,
        qr=qr_path(link, "M"),
        size="a3" if request.args.get("size") == "a3" else "a4",
    )
