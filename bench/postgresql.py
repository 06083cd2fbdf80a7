"""Posting a record by HTTP on PostgreSQL against bare psycopg writing the same rows, both durable."""

from __future__ import annotations

import psycopg

from bench.harness import Result
from bench.posting import compare, warm_up
from bench.raw import Raw
from bench.town import town
from tests import postgres

DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


def run() -> list[Result]:
    folder = postgres.start(postgres.SETTINGS | DURABLE)
    try:
        return [_row(postgres.url(folder, "postgres"))]
    finally:
        postgres.stop(folder)


def _row(url: str) -> Result:
    address = url.replace("+psycopg", "")
    app = town(url)
    warm_up(app)
    with psycopg.connect(address) as connection:
        for name in DURABLE:
            assert connection.execute(f"SHOW {name}".encode()).fetchone() == ("on",), f"{name} is off"
    name = "PostgreSQL: posting a record by HTTP, rate against raw psycopg transactions of the same rows"
    try:
        return compare(app, Raw.of_postgresql(address), name, aim=0.5, floor=0.3)
    finally:
        with app.app_context():
            app.extensions["sqlalchemy"].engine.dispose()
