"""Pages of the month: ``announcing`` the month's dates on paper, ``meeting`` the working group, ``publishing`` and ``publication`` what hangs out, ``objections`` the
desk's and ``home`` a household's on its phone."""

from webapp.audit.words import AuditWords
from webapp.reviews import queries
from webapp.reviews.models import OBJECTION_STATES, STATES
from webapp.reviews.views import announcing, home, meeting, objections, publication, publishing, rankings
from webapp.reviews.views.blueprint import bp
from webapp.web.access import actor
from webapp.web.menu import MONTHLY, MenuEntry

HOME = home.HOME
MENU = (
    MenuEntry(
        "月度审核",
        "reviews.review",
        "badge-check",
        "reviews.confirm",
        37,
        badge=lambda: queries.waiting_count(actor().scope("reviews.confirm")),
        group=MONTHLY,
    ),
    MenuEntry("公示", "reviews.publications", "megaphone", "records.view", 38, group=MONTHLY),
    MenuEntry("异议", "reviews.objections", "messages-square", "records.view", 39, objections.to_answer, group=MONTHLY),
)
AUDIT_WORDS = AuditWords(
    subjects={"month": "月度公示", "objection": "异议"},
    actions={
        "month:noted": "记会议",
        "month:published": "公示",
        "month:closed": "关账",
        "objection:opened": "提异议",
        "objection:acknowledged": "受理异议",
        "objection:upheld": "异议成立",
        "objection:dismissed": "异议不成立",
    },
    details={"month": "月份"},
    values={"state": STATES | OBJECTION_STATES},
    names={"month": queries.names_of_months},
)

__all__ = [
    "AUDIT_WORDS",
    "HOME",
    "MENU",
    "announcing",
    "bp",
    "home",
    "meeting",
    "objections",
    "publication",
    "publishing",
    "rankings",
]
