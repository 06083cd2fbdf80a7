"""The desk's menu: each feature announces its entries (``MENU`` in its views); who may not enter does not see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for

from webapp.web.access import actor


@dataclass(frozen=True)
class MenuEntry:
    """``order`` places it (10, 20, …); ``badge`` counts what waits, or gives 0; ``also`` are the endpoints of further
    lists that belong to the entry; ``unit`` is what the badge counts."""

    label: str
    endpoint: str
    icon: str
    permission: str
    order: int
    badge: Callable[[], int] | None = None
    also: tuple[str, ...] = ()
    unit: str = "条"


@dataclass(frozen=True)
class ShownEntry:
    label: str
    url: str
    icon: str
    badge: int
    active: bool
    unit: str


def add(app: Flask, entries: Iterable[MenuEntry]) -> None:
    app.extensions.setdefault("menu", []).extend(entries)


def add_to_phone(app: Flask, entries: Iterable[MenuEntry]) -> None:
    """What stands on the first page of a phone of staff."""
    app.extensions.setdefault("phone_menu", []).extend(entries)


def desk_menu() -> list[ShownEntry]:
    """The entries that the one who looks may open."""
    return _shown_to_who_looks("menu")


def phone_menu() -> list[ShownEntry]:
    """The same for the phone."""
    return _shown_to_who_looks("phone_menu")


def _shown_to_who_looks(name: str) -> list[ShownEntry]:
    who = actor()
    entries = sorted(current_app.extensions.get(name, []), key=lambda entry: entry.order)
    return [_shown(entry) for entry in entries if who.may(entry.permission)]


def _shown(entry: MenuEntry) -> ShownEntry:
    here = (request.endpoint or "").split(".")[0] == entry.endpoint.split(".")[0]
    urls = [url_for(endpoint) for endpoint in (entry.endpoint, *entry.also)]
    active = any(request.path == url or (here and request.path.startswith(f"{url}/")) for url in urls)
    return ShownEntry(entry.label, urls[0], entry.icon, entry.badge() if entry.badge else 0, active, entry.unit)


def init_app(app: Flask) -> None:
    app.extensions.setdefault("menu", [])
    app.jinja_env.globals["desk_menu"] = desk_menu
    app.jinja_env.globals["phone_menu"] = phone_menu
