"""``flask --app webapp ledger verify``."""

from __future__ import annotations

import time

import click
from flask import Flask
from flask.cli import AppGroup

from webapp.extensions import db
from webapp.ledger.verify import WrongRowError, verify_all

ledger = AppGroup("ledger", help="The points book.")


@ledger.command("verify")
def verify_command() -> None:
    """Work the whole book out anew; exit 1 naming the first wrong row."""
    started = time.monotonic()
    try:
        right = verify_all(db.engine)
    except WrongRowError as wrong:
        click.echo(f"WRONG: {wrong.fault}", err=True)
        raise SystemExit(1) from wrong
    click.echo(
        f"OK: {right.accounts} accounts, {right.entries} entries, {right.holds} holds, {right.month_totals} month totals,"
        f" {right.roll_ups} roll-ups; {time.monotonic() - started:.1f} s"
    )


def register(app: Flask) -> None:
    app.cli.add_command(ledger)
