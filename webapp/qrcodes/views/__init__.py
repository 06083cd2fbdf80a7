"""Pages of plates and cards: what a scan shows, and the desk that prints them."""

from flask import Flask

from webapp.qrcodes import doors
from webapp.qrcodes.views import desk, public
from webapp.qrcodes.views.blueprint import bp
from webapp.web.menu import MenuEntry

MENU = (MenuEntry("二维码", "qrcodes.codes", "qr-code", "codes.print", 95),)


def register(app: Flask) -> None:
    doors.register(app, "courtyard", public.courtyard_page)
    doors.register(app, "household", public.card_page)


__all__ = ["MENU", "bp", "desk", "public", "register"]
