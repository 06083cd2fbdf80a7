"""Pages of plates and cards: what a scan shows, and the desk that prints them."""

from flask import Flask

from webapp.audit.words import AuditWords
from webapp.qrcodes import doors, queries
from webapp.qrcodes.models import KINDS
from webapp.qrcodes.views import desk, public
from webapp.qrcodes.views.blueprint import bp
from webapp.web.menu import REGISTERS, MenuEntry

MENU = (MenuEntry("二维码", "qrcodes.codes", "qr-code", "codes.print", 95, group=REGISTERS),)
AUDIT_WORDS = AuditWords(
    names={"code": queries.holder_numbers},
    subjects={"code": "二维码", "plate": "门牌码", "card": "积分卡"},
    actions={
        "code:made": "生成二维码",
        "code:printed": "打印二维码",
        "plate:replaced": "更换门牌码",
        "plate:revoked": "作废门牌码",
        "card:replaced": "补发积分卡",
        "card:revoked": "作废积分卡",
    },
    details={"kind": "种类", "format": "版式"},
    values={"kind": KINDS},
)


def register(app: Flask) -> None:
    doors.register(app, "courtyard", public.courtyard_page)
    doors.register(app, "household", public.card_page)


__all__ = ["AUDIT_WORDS", "MENU", "bp", "desk", "public", "register"]
