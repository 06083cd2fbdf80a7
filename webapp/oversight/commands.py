"""``flask --app webapp backup`` and ``restore``."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask

from webapp.core import clock
from webapp.core.errors import DomainError
from webapp.extensions import db
from webapp.oversight import backup


def register(app: Flask) -> None:
    @app.cli.command("backup")
    @click.option(
        "--into", type=click.Path(path_type=Path), help="Folder of the backups; default: backups below SHANZHI_VAR."
    )
    def backup_command(into: Path | None) -> None:
        """Back up the running instance (database, photos, key) and check the copy."""
        var: Path = app.config["VAR_DIR"]
        try:
            made = backup.make(db.engine, var, into or var / "backups", now=clock.now())
        except DomainError as error:
            raise click.ClickException(error.message) from error
        wrong = backup.faults(made.folder)
        for fault in wrong:
            click.echo(fault, err=True)
        click.echo(f"{made.folder}: {made.files} files, {made.size} bytes, {'NOT OK' if wrong else 'checked'}")
        if wrong:
            raise SystemExit(1)

    @app.cli.command("restore")
    @click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
    @click.option("--replace", is_flag=True, help="Set this instance's present data aside and take the backup's.")
    def restore_command(folder: Path, replace: bool) -> None:
        """Restore a backup into this instance; stop the server first. Then run ``ledger verify``."""
        url, var = db.engine.url, app.config["VAR_DIR"]
        db.engine.dispose()
        try:
            backup.restore(folder, url, var, replace=replace, now=clock.now())
        except DomainError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"restored {folder}; now run: flask --app webapp ledger verify")
