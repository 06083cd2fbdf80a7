"""Pages of inspectors: the phone, the monthly yard inspection at the desk and on paper, a head's results."""

from flask import Flask

from webapp.inspections.views import home, papers, rectifying, rounds, scoring, sheets, walking
from webapp.inspections.views.blueprint import bp
from webapp.web import menu

MENU = rounds.MENU
HOME = home.HOME
AUDIT_WORDS = rounds.AUDIT_WORDS


def register(app: Flask) -> None:
    menu.add_to_phone(app, walking.PHONE)


__all__ = [
    "AUDIT_WORDS",
    "HOME",
    "MENU",
    "bp",
    "home",
    "papers",
    "rectifying",
    "register",
    "rounds",
    "scoring",
    "sheets",
    "walking",
]
