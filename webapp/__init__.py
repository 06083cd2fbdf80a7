"""shanzhi (善治): a community's points book."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import config as settings
from webapp import extensions
from webapp.audit import words as audit_words
from webapp.web import (
    assets,
    errors,
    filters,
    finding,
    headers,
    home,
    housekeeping,
    limits,
    menu,
    once,
    sessions,
    system,
)
from webapp.web.application import Application

#: Lowest rank first; each is a package with the five fixed files (docs/architecture.md).
FEATURES = (
    "audit",
    "places",
    "users",
    "schemes",
    "ledger",
    "qrcodes",
    "records",
    "claims",
    "inspections",
    "rankings",
    "ratings",
    "redemption",
    "simulator",
    "reviews",
    "honours",
    "kiosk",
    "board",
    "oversight",
    "verification",
    "demo",
)


def create_app(config: Mapping[str, Any] | None = None) -> Application:
    """Make the application: settings, extensions, the frame, then each feature's tables, pages and commands."""
    app = Application(__name__, template_folder="../templates", static_folder="../static", static_url_path="/static")
    app.config.update(settings.load(config))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # as Werkzeug's docs do
    extensions.init_app(app)
    for part in (headers, errors, assets, filters, finding, menu, system, housekeeping, limits, sessions, once):
        part.init_app(app)
    for feature in FEATURES:
        _add(app, feature)
    return app


def _add(app: Application, feature: str) -> None:
    """A feature brings what it has: ``models``; ``views`` with ``bp``, ``MENU``, ``HOME`` and ``NOTICES``; ``commands``;
    ``init_app``."""
    package = import_module(f"webapp.{feature}")
    for part in ("models", "views", "commands"):
        name = f"webapp.{feature}.{part}"
        if find_spec(name) is None:
            continue
        module = import_module(name)
        if hasattr(module, "bp"):
            app.register_blueprint(module.bp)
        menu.add(app, getattr(module, "MENU", ()))
        home.add(app, getattr(module, "HOME", ()))
        home.add_notices(app, getattr(module, "NOTICES", ()))
        if hasattr(module, "AUDIT_WORDS"):
            audit_words.add(app, module.AUDIT_WORDS)
        if hasattr(module, "register"):
            module.register(app)
    if hasattr(package, "init_app"):
        package.init_app(app)
