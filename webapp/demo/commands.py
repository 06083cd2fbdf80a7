"""``flask --app webapp demo`` loads a demonstration, ``run-demo`` does everything a newcomer needs."""

from __future__ import annotations

import time
from typing import Any

import click
from flask import Flask

from webapp.core import clock
from webapp.core.photo_store import PhotoStore
from webapp.demo import contract
from webapp.demo.towns import TOWNS
from webapp.extensions import db, upgrade
from webapp.users.service.staff import any_user
from webapp.web.server import serve


def load(app: Flask, size: str) -> dict[str, Any]:
    """Build a town and its last quarter, and write demo.json. The database must be empty."""
    from webapp.demo.building import Builder
    from webapp.demo.drafting import draft
    from webapp.demo.history import History

    town, now = TOWNS[size], clock.now()
    built = Builder(town, now).build()
    store = PhotoStore(app.config["VAR_DIR"] / "photos")
    History(town, built, now=now, store=store, key=app.config["SECRET_KEY"]).play()
    for one in built:
        draft(one, now)
    facts = contract.contract(built, str(app.config["BASE_URL"]))
    db.session.commit()
    contract.write(app.config["VAR_DIR"], facts)
    return facts


def register(app: Flask) -> None:
    @app.cli.command("demo")
    @click.option("--size", type=click.Choice(sorted(TOWNS)), default="community", show_default=True)
    def demo(size: str) -> None:
        """Load a demonstration into an empty instance: community, fivecolour or county."""
        upgrade()
        if any_user():
            raise click.ClickException("this instance has data; a demonstration is loaded into an empty one only")
        begun = time.monotonic()
        load(app, size)
        click.echo(f"loaded {size} in {time.monotonic() - begun:.0f} s; see {app.config['VAR_DIR'] / contract.FILE}")

    @app.cli.command("run-demo")
    @click.option("--size", type=click.Choice(sorted(TOWNS)), default="community", show_default=True)
    def run_demo(size: str) -> None:
        """Migrate, load a demonstration if there is no data yet, say how to try each door, and serve."""
        upgrade()
        if not any_user():
            click.echo("loading a demonstration community, about half a minute …")
            load(app, size)
        db.session.remove()
        _say_doors(app)
        serve(app)


def _say_doors(app: Flask) -> None:
    url = f"http://{app.config['HOST']}:{app.config['PORT']}"
    click.echo(f"\nshanzhi is at {url}/ — the start page leads to every door.")
    facts = contract.read(app.config["VAR_DIR"])
    if facts is None:
        return
    kiosk, home = facts["kiosks"][0], facts["households"][0]
    desk = next(one for one in facts["staff"] if one["login"].startswith("clerk"))
    phone = next(one for one in facts["staff"] if one["login"].startswith("inspector"))
    click.echo(f"  kiosk      {url}{kiosk['pair_path']}  household {home['number']}, PIN {home['pin']}")
    click.echo(f"  shop       {url}{facts['shops'][0]['plate_path']}  (scan, rate)")
    click.echo(f"  courtyard  {url}{facts['courtyards'][0]['plate_path']}")
    click.echo(f"  wall       {url}{facts['boards'][0]['path']}  (full screen on a television)")
    click.echo(f"  inspector  {url}/phone/  {phone['login']} / {phone['password']}")
    click.echo(f"  desk       {url}/desk  {desk['login']} / {desk['password']}")
    click.echo("  stop with Ctrl-C; the data is below var/ and stays\n")
