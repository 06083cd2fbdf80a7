"""The desk's pages of places and people."""

from flask import Flask

from webapp.places import queries
from webapp.places.models import TENURES
from webapp.places.views import areas, courtyards, exports, households, imports, people, shops, stations
from webapp.places.views.blueprint import bp
from webapp.places.views.words import AUDIT_WORDS
from webapp.web.access import actor
from webapp.web.menu import REGISTERS, MenuEntry

MENU = (
    MenuEntry(
        "院落与住户",
        "places.courtyards",
        "house",
        "places.view",
        20,
        also=("places.households", "places.people"),
        group=REGISTERS,
    ),
    MenuEntry("商铺", "places.shops", "store", "places.view", 30, group=REGISTERS),
    MenuEntry(
        "区域与服务站",
        "places.areas",
        "map",
        "places.view",
        80,
        also=("places.stations", "places.upload"),
        group=REGISTERS,
    ),
)


def register(app: Flask) -> None:
    """Words and labels that templates of all features use, and the cleaning of uploads."""
    app.jinja_env.globals.update(
        area_label=queries.area_label,
        area_place=queries.area_place,
        area_colour=queries.area_colour,
        grid_colour=queries.colour_of,
        tenure_names=TENURES,
        may=lambda permission, path=None: actor().may(permission, path),
    )
    imports.clean_uploads(app)


__all__ = [
    "AUDIT_WORDS",
    "MENU",
    "areas",
    "bp",
    "courtyards",
    "exports",
    "households",
    "imports",
    "people",
    "register",
    "shops",
    "stations",
]
