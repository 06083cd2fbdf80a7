"""``flask --app webapp init``: a real installation begins; ``reset-password``: nobody is locked out for good."""

from __future__ import annotations

import click
from flask import Flask

from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import DomainError
from webapp.extensions import db, upgrade
from webapp.users.queries import user_named
from webapp.users.service.setup import set_up
from webapp.users.service.staff import reset_password


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
        _say(app, user.login, password)

    @app.cli.command("reset-password")
    @click.argument("login")
    def reset(login: str) -> None:
        """Print a new one-time password for LOGIN: for an administrator who is locked out."""
        user = user_named(login)
        if user is None:
            raise click.ClickException(f"there is no login {login}")
        password = reset_password(user=user, actor=SYSTEM, now=clock.now())
        db.session.commit()
        _say(app, user.login, password)


def _say(app: Flask, login: str, password: str) -> None:
    click.echo(f"sign in at {app.config['BASE_URL']}/sign-in within 24 hours; this is shown only once")
    click.echo(f"login     {login}")
    click.echo(f"password  {password}")
