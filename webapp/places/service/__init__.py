"""The verbs that keep the registers, the only writers of places and people.

A holder stays in one community's book for life: moves go inside the community; who leaves it is closed here and
registered there. Only moving an area itself takes its holders along.
"""

from webapp.places.service.areas import add_area, change_area, close_area, may_lie_in, move_area, reopen_area
from webapp.places.service.courtyards import (
    add_courtyard,
    change_courtyard,
    close_courtyard,
    move_courtyard,
    reopen_courtyard,
)
from webapp.places.service.households import (
    add_household,
    change_household,
    close_household,
    move_household,
    reopen_household,
)
from webapp.places.service.kin import declare_kin, end_kin
from webapp.places.service.looks import note_export, note_look
from webapp.places.service.people import add_person, change_person, identity_of, move_in, move_out
from webapp.places.service.shops import add_shop, change_shop, close_shop, move_shop, reopen_shop
from webapp.places.service.stations import add_station, change_station, close_station, reopen_station

__all__ = [
    "add_area",
    "add_courtyard",
    "add_household",
    "add_person",
    "add_shop",
    "add_station",
    "change_area",
    "change_courtyard",
    "change_household",
    "change_person",
    "change_shop",
    "change_station",
    "close_area",
    "close_courtyard",
    "close_household",
    "close_shop",
    "close_station",
    "declare_kin",
    "end_kin",
    "identity_of",
    "may_lie_in",
    "move_area",
    "move_courtyard",
    "move_household",
    "move_in",
    "move_out",
    "move_shop",
    "note_export",
    "note_look",
    "reopen_area",
    "reopen_courtyard",
    "reopen_household",
    "reopen_shop",
    "reopen_station",
]
