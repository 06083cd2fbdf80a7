"""The baseline of the page rows: the very same template with the very same values, from a bare Flask without a database."""

from __future__ import annotations

from typing import Any

from flask import Flask, g, render_template, template_rendered

from bench.town import call
from webapp.web.application import Application


def same_page_from_constants(app: Application, request: dict[str, Any]) -> tuple[Flask, bytes]:
    """A bare Flask app whose every address renders what ``app`` rendered for ``request``, and that page's bytes."""
    seen: list[tuple[str, dict[str, Any], dict[str, Any]]] = []

    def note(sender: Any, template: Any, context: dict[str, Any], **_: Any) -> None:
        if not seen:
            kept = {name: getattr(g, name) for name in ("terminal", "visit", "actor") if name in g}
            seen.append((template.name, dict(context), kept))

    with template_rendered.connected_to(note, app):
        status, _, body = call(app, request)
    assert status == 200, status
    name, context, kept = seen[0]
    return _bare(app, name, context, kept), body


def _bare(app: Application, name: str, context: dict[str, Any], kept: dict[str, Any]) -> Flask:
    bare = Flask("constants", root_path=app.root_path, template_folder=app.template_folder, static_folder=None)
    bare.jinja_env.trim_blocks = bare.jinja_env.lstrip_blocks = True
    bare.jinja_env.globals.update(app.jinja_env.globals)
    bare.jinja_env.globals.update(_constant_globals())
    bare.jinja_env.filters.update(app.jinja_env.filters)
    bare.secret_key = "constant"  # flashed messages are asked for
    constant = {key: value for key, value in context.items() if key not in ("g", "request", "session")}

    def page(**_: Any) -> str:
        for key, value in kept.items():
            setattr(g, key, value)
        return render_template(name, **constant)

    for rule in app.url_map.iter_rules():
        bare.add_url_rule(rule.rule.replace("<int:", "<"), rule.endpoint, page, methods=["GET", "POST"])
    return bare


def _constant_globals() -> dict[str, Any]:
    return {
        "csrf_token": lambda: "IjNmM2M2ZDYyZjQ0YzY3ZDJlNjZmNzZhYjI3YmQ2ZjQ5ZTYxZmQ3ZTIi.aR8abc.constantconstantconst",
        "once_token": lambda: "constantconstantconsta",
        "get_flashed_messages": lambda **_: [],
    }
