"""The points book (积分台账): accounts, their append-only entries, and holds.

Everything that earns, deducts, spends or lapses points goes through ``service``; nobody else writes or even imports
these tables, other features get frozen dataclasses. Owns ``account``, ``entry``, ``hold``,
``month_total`` and ``lapse``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger import jobs
    from webapp.ledger.queries import anybody_loses, with_account
    from webapp.places.staying import register
    from webapp.schemes import lapsing
    from webapp.web import housekeeping

    register(app, with_account)
    lapsing.register(app, anybody_loses)
    housekeeping.add(app, "lapse-days", jobs.announce)
    housekeeping.add(app, "lapses", jobs.lapse, stepwise=True)
