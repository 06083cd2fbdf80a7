"""Inspections (巡查): an inspector scans a plate, taps a rule, and the points are in the book. Once a month all courtyards
are marked on a sheet (卫生大检查): a round with a route, ranks among comparable courtyards, points by rank.

Grid workers and city-management officers use it on the phone, the community runs rounds at the desk. Owns ``rule_use``,
``inspection_sheet``, ``inspection_round``, ``round_place``, ``round_sheet`` and ``round_duty``; points only through
``records.service``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.inspections.service import go_on_closing
    from webapp.web import housekeeping

    housekeeping.add(app, "rounds", go_on_closing)
