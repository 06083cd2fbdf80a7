"""Static files with their content in the address, so that browsers may keep them for a year."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from flask import Flask

YEAR = 365 * 24 * 3600  # seconds


def init_app(app: Flask) -> None:
    root = Path(str(app.static_folder))

    @cache
    def asset(path: str) -> str:
        """Address of a static file, versioned by its content."""
        version = hashlib.sha256((root / path).read_bytes()).hexdigest()[:8]
        return f"/static/{path}?v={version}"

    if app.debug:
        asset = asset.__wrapped__  # type: ignore[assignment]  # a file being edited changes its version
    app.jinja_env.globals["asset"] = asset
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 0 if app.debug else YEAR
