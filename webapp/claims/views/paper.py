"""积分申报表: what a household without a phone fills in with a pen; staff enter it with who brought it."""

from __future__ import annotations

from flask import Response, current_app, request, url_for

from webapp.claims import queries
from webapp.claims.views.blueprint import bp
from webapp.core import clock
from webapp.core.errors import NotFound
from webapp.places.queries import communities_in
from webapp.qrcodes.drawing import qr_path
from webapp.records.queries import target
from webapp.records.service import OUT_OF_REACH
from webapp.web.access import actor, requires
from webapp.web.htmx import render

MOST_RULES = 16  # on one side of A4
BLANK_LINES = 2  # for what is not printed


@bp.get("/desk/claims/form")
@requires("claims.make")
def paper_form() -> Response:
    """Blank for a community, or with one household filled in (``?household=7``)."""
    household_id = request.args.get("household", type=int)
    whom = target(household_id) if household_id else None
    scope = actor().scope("claims.make")
    if whom is not None and (whom.kind != "household" or not whom.path.startswith(scope)):
        raise NotFound(OUT_OF_REACH)
    wanted = whom.community_id if whom else request.args.get("community", type=int)
    communities = communities_in(scope)
    community = next((one for one in communities if one.id == wanted or not wanted), None)
    if community is None:
        raise NotFound("没有这个社区，或它不在您负责的范围内。")
    scheme = queries.scheme_on_paper(community.path)
    link = f"{current_app.config['BASE_URL']}{url_for('users.resident_sign_in')}"
    return render(
        "claims/paper_form.html",
        whom=whom,
        community=community,
        communities=communities,
        scheme=scheme,
        rules=queries.often_claimed(scheme, community.id, clock.today(), MOST_RULES) if scheme else [],
        blanks=BLANK_LINES,
        link=link,
        qr=qr_path(link, "M"),
    )
