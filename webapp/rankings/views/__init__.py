"""Pages of rankings: ``desk`` live and frozen, paper, Excel, what the community decided; ``home`` on a household's phone."""

from flask import Flask

from webapp.audit.words import AuditWords, named_by
from webapp.places.models import Area
from webapp.qrcodes import ranks
from webapp.rankings.models import SHOPS_BY
from webapp.rankings.showing import rank_on_plate
from webapp.rankings.views import desk, home
from webapp.rankings.views.blueprint import bp
from webapp.web.home import HomeLink
from webapp.web.menu import MONTHLY, MenuEntry

MENU = (MenuEntry("积分排行", "rankings.rankings", "trophy", "records.view", 41, group=MONTHLY),)
HOME = (HomeLink("积分排行", "我家和院落排第几", "rankings.at_home", "trophy", 60),)
AUDIT_WORDS = AuditWords(
    subjects={"ranking": "排行设置"},
    actions={"ranking:decided": "修改排行和上墙设置"},
    details={
        "minus_names": "扣分上墙写名字",
        "small_to": "小院最多几户",
        "large_from": "大院最少几户",
        "shops_by": "商铺分组",
    },
    values={"shops_by": SHOPS_BY},
    names={"ranking": named_by(Area.id, Area.name)},
)


def register(app: Flask) -> None:
    ranks.register(app, rank_on_plate)


__all__ = ["AUDIT_WORDS", "HOME", "MENU", "bp", "desk", "home", "register"]
