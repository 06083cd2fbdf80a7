"""Every setting, read from the environment in one place. ``docs/settings.md`` lists them; a test keeps it true."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from webapp import durable

READY = "restoring"  # below SHANZHI_VAR: what ``restore`` has laid ready
WAITS = "waits"  # in it, as long as PostgreSQL has not taken the new data

#: Setting in the environment -> (default, what it is for).
SETTINGS: dict[str, tuple[str, str]] = {
    "SHANZHI_VAR": ("var", "Folder of everything that is kept: database, photos, backups, secret key."),
    "DATABASE_URL": ("", "postgresql+psycopg://… for a county; empty: SQLite file shanzhi.db below SHANZHI_VAR."),
    "DATABASE_SCHEMA": ("", "PostgreSQL schema of this county; empty: the server's default."),
    "SECRET_KEY": (
        "",
        "Signs sessions, check codes and vouchers; empty: made once and kept in SHANZHI_VAR/secret.key.",
    ),
    "BASE_URL": (
        "",
        "The address that is printed in QR codes; https turns secure cookies on; empty: http://HOST:PORT, for trying out.",
    ),
    "HOST": ("127.0.0.1", "Address the server listens on."),
    "PORT": ("8000", "Port the server listens on."),
    "THREADS": ("8", "Threads of the server process."),
    "TRUSTED_PROXIES": ("0", "How many proxies in front may be believed about the caller's address."),
    "SIGN_IN_HOURS": ("12", "Hours after which a member of staff signs in again, however busy."),
    "SIGN_IN_IDLE_MINUTES": ("120", "Minutes without a page after which a member of staff signs in again."),
    "SLIP_FONT": (
        "",
        "Font file with Chinese for slips sent to network printers; empty: Noto Sans CJK or WenQuanYi of the system.",
    ),
    "HELP_PHONE": ("", "Phone shown on kiosks and messages when the station has none of its own."),
}


def settings_from(environ: Mapping[str, str]) -> dict[str, Any]:
    """The Flask configuration that an environment asks for."""
    given = {name: environ.get(name) or default for name, (default, _) in SETTINGS.items()}
    var = Path(given["SHANZHI_VAR"]).resolve()
    return {
        **given,
        "BASE_URL": given["BASE_URL"] or _own_address(given["HOST"], given["PORT"]),
        "VAR_DIR": var,
        "SQLALCHEMY_DATABASE_URI": given["DATABASE_URL"] or f"sqlite:///{var / 'shanzhi.db'}",
        "THREADS": int(given["THREADS"]),
        "TRUSTED_PROXIES": int(given["TRUSTED_PROXIES"]),
        "SIGN_IN_HOURS": int(given["SIGN_IN_HOURS"]),
        "PERMANENT_SESSION_LIFETIME": timedelta(minutes=int(given["SIGN_IN_IDLE_MINUTES"])),
        "MAX_CONTENT_LENGTH": 45 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 400,
        "WTF_CSRF_TIME_LIMIT": None,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_REFRESH_EACH_REQUEST": False,  # the users' gate renews it once a minute
        "SESSION_COOKIE_SAMESITE": "Lax",
    }


def _own_address(host: str, port: str) -> str:
    """Where the server listens; that it listens everywhere is no address to print."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}.get(host, host)  # noqa: S104  # compared, not listened on
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def load(overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Settings of this process: the environment's, then ``overrides``, then what follows from both."""
    config = settings_from(os.environ) | dict(overrides or {})
    secure = str(config["BASE_URL"]).lower().startswith("https://")
    config["SESSION_COOKIE_SECURE"] = secure
    config["SESSION_COOKIE_NAME"] = "__Host-shanzhi" if secure else "shanzhi"
    config["VAR_DIR"] = Path(config["VAR_DIR"])
    config["SECRET_KEY"] = config["SECRET_KEY"] or _kept_secret(config["VAR_DIR"] / "secret.key")
    return config


def _kept_secret(file: Path) -> str:
    """The installation's own key: made at the first start, readable by its owner only.

    :raises RuntimeError: if the file holds nothing: another key would make all that was printed and sealed void.
    """
    _finish_restoring(file)
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        durable.sync_folder(file.parent.parent)
        with contextlib.suppress(FileExistsError):  # another process was first
            durable.write(file, secrets.token_urlsafe(48).encode(), mode=0o600, replace=False)
    key = file.read_text(encoding="ascii").strip()
    if not key:
        raise RuntimeError(f"{file} is empty: take it from a backup, or remove it if this instance is new")
    return key


def _finish_restoring(file: Path) -> None:
    """A ``restore`` that died after it had changed the database left the key that belongs to it (``oversight.backup``)."""
    ready = file.parent / READY
    waits = any((ready / name).exists() for name in ("database.sqlite3", WAITS))
    if (ready / file.name).exists() and not waits:
        (ready / file.name).replace(file)
