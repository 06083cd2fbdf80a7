"""Lists that are turned like pages: what fits on one screen, without scrolling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from flask import request, url_for

from webapp.web.paging import asked_again, page_number

Row = TypeVar("Row")


@dataclass(frozen=True)
class Screen(Generic[Row]):
    """One screen of a list; ``url(n)`` leads to another screen of the same list."""

    items: Sequence[Row]
    number: int
    pages: int
    total: int

    def url(self, number: int) -> str:
        return url_for(str(request.endpoint), **{**asked_again(), **(request.view_args or {}), "page": number})


def screen_of(rows: Sequence[Row], size: int, number: int | None = None) -> Screen[Row]:
    """The screen asked for, of a list that is short enough to be at hand."""
    pages = max(1, -(-len(rows) // size))
    shown = min(number or page_number(), pages)
    return Screen(rows[(shown - 1) * size : shown * size], shown, pages, len(rows))
