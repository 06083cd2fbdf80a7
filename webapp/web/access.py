"""What a view states about who may open it. The hook that ``users`` installs enforces it for every view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g

from webapp.core.actor import PUBLIC, Actor

View = TypeVar("View", bound=Callable[..., Any])

#: Open to everybody. Kept short: ``tests/codebase`` holds the list.
ANYBODY = "anybody"
#: Any member of staff who has signed in.
SIGNED_IN = "signed-in"
#: A paired kiosk, nobody identified on it.
KIOSK = "kiosk"
#: A paired kiosk on which a household has identified itself.
KIOSK_HOUSEHOLD = "kiosk-household"
#: A household that signed in on its phone.
RESIDENT = "resident"


def requires(permission: str) -> Callable[[View], View]:
    """State the one permission that opens a view: a name of ``users/permissions.py`` or a constant above."""

    def mark(view: View) -> View:
        view.permission = permission  # type: ignore[attr-defined]  # a function carries its statement
        return view

    return mark


def in_turn(view: View) -> View:
    """State that a view's forms are short and that many send them at once (``extensions.whole_turn``)."""
    view.in_turn = True  # type: ignore[attr-defined]  # a function carries its statement
    return view


def keyless(view: View) -> View:
    """State that a view looks something up before it writes (``extensions.reading``): its form carries no once-key, and
    one that somebody sends along is not read."""
    view.keyless = True  # type: ignore[attr-defined]  # a function carries its statement
    return view


def endpoint_permission(endpoint: str | None) -> str | None:
    """The permission a view states; None if it states nothing, which is refused."""
    view = current_app.view_functions.get(endpoint or "")
    return cast("str | None", getattr(view, "permission", None))


def actor() -> Actor:
    """Who makes this request."""
    return cast(Actor, g.get("actor", PUBLIC))
