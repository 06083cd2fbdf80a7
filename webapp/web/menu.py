"""The desk's menu: each feature announces its entries (``MENU`` in its views); who may not enter does not see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby

from flask import Flask, current_app, request, url_for

from webapp.web.access import actor

#: The headings under which entries stand, in this order; what has none stands above them.
DAILY, MONTHLY, REGISTERS, SETTINGS = "日常", "每月", "名册", "设置"
GROUPS = ("", DAILY, MONTHLY, REGISTERS, SETTINGS)


@dataclass(frozen=True)
class MenuEntry:
    """``order`` places it (10, 20, …) within its ``group``; ``badge`` counts what waits, or gives 0; ``also`` are the
    endpoints of further lists that belong to the entry; ``unit`` is what the badge counts."""

    label: str
    endpoint: str
    icon: str
    permission: str
    order: int
    badge: Callable[[], int] | None = None
    also: tuple[str, ...] = ()
    unit: str = "条"
    group: str = ""


@dataclass(frozen=True)
class ShownEntry:
    label: str
    url: str
    icon: str
    badge: int
    active: bool
    unit: str


@dataclass(frozen=True)
class ShownGroup:
    """A heading with its entries; ``badge`` is what waits below it while it is closed."""

    label: str
    entries: list[ShownEntry]
    open: bool

    @property
    def badge(self) -> int:
        return sum(entry.badge for entry in self.entries)


def add(app: Flask, entries: Iterable[MenuEntry]) -> None:
    app.extensions.setdefault("menu", []).extend(entries)


def add_to_phone(app: Flask, entries: Iterable[MenuEntry]) -> None:
    """What stands on the first page of a phone of staff."""
    app.extensions.setdefault("phone_menu", []).extend(entries)


def desk_menu(at: str = "", *, counted: bool = True) -> list[ShownGroup]:
    """What the one who looks may open, under its headings; the current page's group is open, on a page of none the
    first. ``at`` is the list that the page belongs to, where its own address does not say so. Not ``counted``, it asks
    the database nothing."""
    entries = sorted(_allowed("menu"), key=lambda entry: (GROUPS.index(entry.group), entry.order))
    here = _nearest([url for entry in entries for url in _urls(entry)], at or request.path)
    groups = [
        (label, [_shown(entry, here, counted) for entry in below])
        for label, below in groupby(entries, lambda entry: entry.group)
    ]
    current = next((label for label, below in groups if any(one.active for one in below)), "")
    current = current or next((label for label, _ in groups if label), "")
    return [ShownGroup(label, below, label == current) for label, below in groups]


def phone_menu() -> list[ShownEntry]:
    """The same for the phone, without headings."""
    return [_shown(entry, request.path, True) for entry in sorted(_allowed("phone_menu"), key=lambda one: one.order)]


def _allowed(name: str) -> list[MenuEntry]:
    who = actor()
    return [entry for entry in current_app.extensions.get(name, []) if who.may(entry.permission)]


def _urls(entry: MenuEntry) -> list[str]:
    return [url_for(endpoint) for endpoint in (entry.endpoint, *entry.also)]


def _nearest(urls: list[str], path: str) -> str:
    """The list at or above a page: the longest address that the page's begins with. ``/desk`` itself is above nothing."""
    above = [url for url in urls if path == url or (url.count("/") > 1 and path.startswith(f"{url}/"))]
    return max(above, key=len, default="")


def _shown(entry: MenuEntry, here: str, counted: bool) -> ShownEntry:
    urls = _urls(entry)
    count = entry.badge() if entry.badge and counted else 0
    return ShownEntry(entry.label, urls[0], entry.icon, count, here in urls, entry.unit)


def init_app(app: Flask) -> None:
    app.extensions.setdefault("menu", [])
    app.jinja_env.globals["desk_menu"] = desk_menu
    app.jinja_env.globals["phone_menu"] = phone_menu
