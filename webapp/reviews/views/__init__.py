"""Pages of the month: ``meeting`` the working group, ``publishing`` and ``publication`` what hangs out."""

from webapp.audit.words import AuditWords
from webapp.reviews import queries
from webapp.reviews.models import STATES
from webapp.reviews.views import meeting, publication, publishing
from webapp.reviews.views.blueprint import bp
from webapp.web.access import actor
from webapp.web.menu import MenuEntry

MENU = (
    MenuEntry(
        "月度审核",
        "reviews.review",
        "clipboard-check",
        "reviews.confirm",
        37,
        badge=lambda: queries.waiting_count(actor().scope("reviews.confirm")),
    ),
    MenuEntry("公示", "reviews.publications", "megaphone", "records.view", 38),
)
AUDIT_WORDS = AuditWords(
    subjects={"month": "月度公示"},
    actions={"month:noted": "记会议", "month:published": "公示"},
    values={"state": STATES},
)

__all__ = ["AUDIT_WORDS", "MENU", "bp", "meeting", "publication", "publishing"]
