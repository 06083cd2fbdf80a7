"""Test data: plain functions with keyword arguments; what a test does not say is believable and unique.

They add to the session and flush, so ids are there; the test (or the request) decides about committing.
"""

from __future__ import annotations

from tests.factories.areas import CommunityTree, community_of, make_area, make_community
from tests.factories.holders import make_courtyard, make_household, make_person, make_shop, make_station
from tests.factories.points import give_points, make_account, make_item, make_rule, make_scheme
from tests.factories.saving import CREATED_AT, MOVED_IN, save, serial
from tests.factories.staff import make_appointment, make_user

__all__ = [
    "CREATED_AT",
    "MOVED_IN",
    "CommunityTree",
    "community_of",
    "give_points",
    "make_account",
    "make_appointment",
    "make_area",
    "make_community",
    "make_courtyard",
    "make_household",
    "make_item",
    "make_person",
    "make_rule",
    "make_scheme",
    "make_shop",
    "make_station",
    "make_user",
    "save",
    "serial",
]
