"""Pages of claims and their first review."""

from flask import Flask

from webapp.claims.views import home, paper, rectifying, staff
from webapp.claims.views.blueprint import bp
from webapp.web import menu

HOME = (*home.HOME, *rectifying.HOME)
MENU = staff.MENU


def register(app: Flask) -> None:
    menu.add_to_phone(app, staff.PHONE)


__all__ = ["HOME", "MENU", "bp", "home", "paper", "rectifying", "register", "staff"]
