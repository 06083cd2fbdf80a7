"""The desk's pages of schemes and rules: everybody on the staff reads them, who keeps the area changes them."""

from webapp.schemes.views import imports, rules, schemes, settings
from webapp.schemes.views.blueprint import bp
from webapp.web.menu import MenuEntry

MENU = (MenuEntry("积分办法", "schemes.schemes", "list-checks", "schemes.view", 90),)

__all__ = ["MENU", "bp", "imports", "rules", "schemes", "settings"]
