"""Pages of honours: ``desk`` lists, kinds and choices; ``public`` what anybody sees of one, and what stands with a holder's name."""

from flask import Flask

from webapp.audit.words import AuditWords
from webapp.honours import queries
from webapp.honours.forms import PERIODS
from webapp.honours.views import choosing, desk, public
from webapp.honours.views.blueprint import bp
from webapp.qrcodes import plaques
from webapp.web.menu import MONTHLY, MenuEntry

MENU = (MenuEntry("评优", "honours.honours", "award", "records.view", 42, also=("honours.kinds",), group=MONTHLY),)
NOTICES = (public.notices,)
AUDIT_WORDS = AuditWords(
    subjects={"honour": "荣誉", "honour-kind": "评优项目"},
    actions={
        "honour-kind:added": "新增评优项目",
        "honour-kind:changed": "修改评优项目",
        "honour:decided": "评选定人",
        "honour:withdrawn": "撤销荣誉",
    },
    details={
        "period": "看哪一段",
        "by_league": "每组各取",
        "places": "前几名",
        "minimum": "最低积分",
        "no_veto": "否决的不提名",
        "months": "有效几个月",
        "month": "月份",
        "holders": "人选",
        "numbers": "证书编号",
        "note": "会议记录",
    },
    values={"period": PERIODS},
    names={"honour": queries.names_of_honours, "honour-kind": queries.names_of_kinds},
)


def register(app: Flask) -> None:
    plaques.register(app, public.plaques)


__all__ = ["AUDIT_WORDS", "MENU", "NOTICES", "bp", "choosing", "desk", "public", "register"]
