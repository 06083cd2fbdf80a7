"""The kiosk's pages, and the public page on which anybody checks a slip.

``doors`` pairing, home, type size, idle · ``identify`` card, number, PIN · ``book`` balance, 为什么, months ·
``community`` rankings, rules, who serves here · ``publication`` the notice board · ``objecting`` to one of its lines ·
``claiming`` what one did, and what became of it ·
``redeeming`` choosing and redeeming · ``fetching`` vouchers · ``slips``.
"""

from webapp.audit.words import AuditWords
from webapp.kiosk.views import (
    book,
    claiming,
    community,
    doors,
    fetching,
    identify,
    objecting,
    publication,
    redeeming,
    slips,
)
from webapp.kiosk.views.blueprint import bp

AUDIT_WORDS = AuditWords(
    subjects={"slip": "小票"}, actions={"slip:reprinted": "重打小票"}, details={"copies": "第几张"}
)

__all__ = [
    "AUDIT_WORDS",
    "book",
    "bp",
    "claiming",
    "community",
    "doors",
    "fetching",
    "identify",
    "objecting",
    "publication",
    "redeeming",
    "slips",
]
