"""Pages of signing in, staff, appointments, PINs and devices."""

from flask import Flask

from webapp.users import queries
from webapp.users.views import appointments, devices, own, pins, staff
from webapp.users.views.blueprint import bp
from webapp.web.menu import MenuEntry

MENU = (
    MenuEntry("人员与任职", "users.people", "users", "users.view", 110),
    MenuEntry("自助终端", "users.devices", "monitor", "devices.manage", 120),
)


def register(app: Flask) -> None:
    app.jinja_env.globals["people_serving"] = queries.people_serving


__all__ = ["MENU", "appointments", "bp", "devices", "own", "pins", "register", "staff"]
