"""The points book (积分台账): accounts, their append-only entries, and holds.

Everything that earns, deducts, spends or lapses points goes through ``service``; nobody else writes or even imports
these tables, other features get frozen dataclasses. Owns ``account``, ``entry``, ``hold`` and ``month_total``.
"""

from flask import Flask


def init_app(app: Flask) -> None:
    from webapp.ledger.queries import with_account
    from webapp.places.staying import register

    register(app, with_account)
