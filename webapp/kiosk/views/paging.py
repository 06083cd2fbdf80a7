"""Lists that are turned like pages: what fits on one screen, without scrolling.

A grid holds as many lying as standing (``Screen``). Lines do not (``Lines``): the server cannot know how the terminal hangs,
so it sends what fits standing, CSS hides the rest lying (class ``standing``), and either layout has its own steps, each with
an address that says where its next screen starts: no line is skipped or shown twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from flask import request, url_for

from webapp.web.paging import asked_again, page_number

Row = TypeVar("Row")
FARTHEST = 1_000_000  # lines


class Step(NamedTuple):
    """Where a list stands and where its steps lead. ``layout``: which layout they are for, empty for both."""

    number: int
    pages: int
    before: str | None
    after: str | None
    layout: str = ""


@dataclass(frozen=True)
class Screen(Generic[Row]):
    """One screen of a grid."""

    items: Sequence[Row]
    number: int
    pages: int
    total: int

    @property
    def steps(self) -> list[Step]:
        before = _here(page=self.number - 1) if self.number > 1 else None
        after = _here(page=self.number + 1) if self.number < self.pages else None
        return [Step(self.number, self.pages, before, after)] if self.pages > 1 else []


def screen_of(rows: Sequence[Row], size: int, number: int | None = None) -> Screen[Row]:
    """The screen asked for, of a list that is short enough to be at hand."""
    pages = max(1, -(-len(rows) // size))
    shown = min(number or page_number(), pages)
    return Screen(rows[(shown - 1) * size : shown * size], shown, pages, len(rows))


class Fit(NamedTuple):
    """How many lines of a list fit on a screen, in standard and in large type."""

    lying: int
    lying_large: int
    standing: int
    standing_large: int

    def here(self) -> tuple[int, int]:
        """Lying and standing, in the type that is set."""
        large = request.cookies.get("large") == "1"
        return (self.lying_large, self.standing_large) if large else (self.lying, self.standing)


@dataclass(frozen=True)
class Lines(Generic[Row]):
    """One screen of lines, as many as fit standing; ``start`` stand before them, the first ``lying`` are shown lying."""

    items: Sequence[Row]
    start: int
    total: int
    lying: int
    standing: int

    @property
    def steps(self) -> list[Step]:
        return [
            step for step in (self._step("lying", self.lying), self._step("standing", self.standing)) if step.pages > 1
        ]

    def _step(self, layout: str, size: int) -> Step:
        passed, coming = -(-self.start // size), max(1, -(-(self.total - self.start) // size))
        before, after = max(0, self.start - size), self.start + size
        return Step(
            passed + 1,
            passed + coming,
            _here(start=before, tall=_tall(layout)) if self.start else None,
            _here(start=after, tall=_tall(layout)) if after < self.total else None,
            layout,
        )


def lines_of(rows: Sequence[Row], fit: Fit) -> Lines[Row]:
    """The lines asked for, of a list that is at hand."""
    lying, standing = fit.here()
    start = _start(lying, standing, len(rows))
    return Lines(rows[start : start + standing], start, len(rows), lying, standing)


def lines_among(total: int, fetch: Callable[[int, int], Sequence[Row]], fit: Fit) -> Lines[Row]:
    """The same of a longer list: ``fetch`` reads what comes after so many lines, and at most how many."""
    lying, standing = fit.here()
    start = _start(lying, standing, total)
    return Lines(fetch(start, standing), start, total, lying, standing)


def _start(lying: int, standing: int, total: int) -> int:
    """Where the screen asked for begins: with a whole screen before it, also when the size of type was changed."""
    size = standing if request.args.get("tall") == "1" else lying
    asked = min(max(request.args.get("start", 0, type=int) or 0, 0), FARTHEST, max(0, total - 1))
    return asked // size * size


def _tall(layout: str) -> int | None:
    return 1 if layout == "standing" else None


def _here(**changed: Any) -> str:
    """This list's address with another screen of it."""
    given = {**asked_again(), **(request.view_args or {}), **changed}
    return url_for(str(request.endpoint), **{name: value for name, value in given.items() if value is not None})
