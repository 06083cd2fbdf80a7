"""Who must stay in the community: features that keep something under a community's name say here what can't leave it.

So the register refuses a move without knowing the book.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Flask, current_app
from sqlalchemy import ColumnElement

#: Of the holders that a condition on ``Holder`` picks, one that must stay: (kind, number); None if all may leave.
MustStay = Callable[[ColumnElement[bool]], tuple[str, str] | None]


def register(app: Flask, function: MustStay) -> None:
    _known(app).append(function)


def must_stay(moved: ColumnElement[bool]) -> tuple[str, str] | None:
    """One of these holders who can't leave the community: (kind, number)."""
    return next((found for found in (ask(moved) for ask in _known(current_app)) if found), None)


def _known(app: Flask) -> list[MustStay]:
    return cast("list[MustStay]", app.extensions.setdefault("staying", []))
