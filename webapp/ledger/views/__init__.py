"""The desk's pages of the book, and what a household is told on its phone."""

from webapp.audit.words import AuditWords
from webapp.ledger.views import book, home, lapses
from webapp.ledger.views.blueprint import bp
from webapp.web.menu import DAILY, MenuEntry

MENU = (
    MenuEntry(
        "积分台账",
        "ledger.accounts",
        "book-open",
        "ledger.view",
        100,
        also=("ledger.months", "ledger.lapses"),
        group=DAILY,
    ),
)
AUDIT_WORDS = AuditWords(
    subjects={"account": "积分台账", "lapse": "到期清零"},
    actions={
        "account:exported": "导出积分台账",
        "lapse:announced": "预告到期清零",
        "lapse:done": "到期清零",
        "lapse:exported": "导出到期清零名单",
    },
    details={"due_on": "最后一天", "accounts": "户数", "points": "分值"},
)
NOTICES = (home.lapse_notices,)

__all__ = ["AUDIT_WORDS", "MENU", "NOTICES", "book", "bp", "home", "lapses"]
