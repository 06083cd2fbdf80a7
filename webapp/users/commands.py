"""``flask --app webapp init``: a real installation begins."""

from __future__ import annotations

import click
from flask import Flask
from flask_migrate import upgrade

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.extensions import db
from webapp.users.service.setup import set_up


def register(app: Flask) -> None:
    @app.cli.command("init")
    @click.option("--county", default="本县区", show_default=True, help="Name of the area at the top of the tree.")
    @click.option("--name", default="系统管理员", show_default=True, help="Name of the first administrator.")
    @click.option("--login", default="admin", show_default=True, help="Login of the first administrator.")
    def init(county: str, name: str, login: str) -> None:
        """Make the tables, the first area and the first administrator; print a one-time password."""
        upgrade()
        try:
            user, password = set_up(county=county, name=name, login=login, now=clock.now())
        except DomainError as error:
            db.session.rollback()
            raise click.ClickException(error.message) from error
        db.session.commit()
        click.echo(f"sign in at {app.config['BASE_URL']}/sign-in within 24 hours; this is shown only once")
        click.echo(f"login     {user.login}")
        click.echo(f"password  {password}")
