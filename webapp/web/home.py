"""A household's own pages on its phone: each feature announces its entries (``HOME`` in its views), as for the menu, and what the
household should know now (``NOTICES``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from flask import Flask, current_app, url_for


@dataclass(frozen=True)
class HomeLink:
    """A row of the first page. ``text`` says what one finds there; ``order`` places it (10, 20, …); ``heads_only``: for
        households with a courtyard's head; ``badge`` counts what waits, or gives 0; ``figure`` is the one number that most come for,
    said large."""

    label: str
    text: str
    endpoint: str
    icon: str
    order: int
    heads_only: bool = False
    badge: Callable[[], int] | None = None
    figure: Callable[[], str] | None = None


@dataclass(frozen=True)
class HomeNotice:
    """Something that the household should know now: it stands above the entries. ``more`` is said in smaller words."""

    text: str
    more: str = ""
    urgent: bool = False


def add_notices(app: Flask, functions: Iterable[Callable[[], list[HomeNotice]]]) -> None:
    """A feature says what a household should know (``NOTICES`` in its views)."""
    app.extensions.setdefault("home-notices", []).extend(functions)


def home_notices() -> list[HomeNotice]:
    """What all features have to say to the household that is signed in."""
    functions: list[Callable[[], list[HomeNotice]]] = current_app.extensions.get("home-notices", [])
    return [notice for function in functions for notice in function()]


@dataclass(frozen=True)
class ShownLink:
    label: str
    text: str
    url: str
    icon: str
    badge: int
    figure: str


def add(app: Flask, links: Iterable[HomeLink]) -> None:
    app.extensions.setdefault("home", []).extend(links)


def home_links(*, head: bool) -> list[ShownLink]:
    """The entries in their order; those for heads only if somebody of the household is one."""
    links = sorted(current_app.extensions.get("home", []), key=lambda link: link.order)
    return [
        ShownLink(
            label=link.label,
            text=link.text,
            url=url_for(link.endpoint),
            icon=link.icon,
            badge=link.badge() if link.badge else 0,
            figure=link.figure() if link.figure else "",
        )
        for link in links
        if head or not link.heads_only
    ]
