"""Lists in pages of fifty, counted and cut by the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import request, url_for
from sqlalchemy import Select, func, select

from webapp.extensions import db
from webapp.web.finding import TEXTS, sealed

Row = TypeVar("Row")
PER_PAGE = 50


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a list; ``url(n)`` leads to page ``n`` of exactly the same filtered list."""

    items: Sequence[Row]
    number: int
    total: int
    per_page: int = PER_PAGE

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    def url(self, number: int) -> str:
        return url_for(str(request.endpoint), **{**asked_again(), **(request.view_args or {}), "page": number})


def asked_again() -> dict[str, Any]:
    """What the address asks for, to ask for it again: without the names that ``url_for`` takes for itself, searches
    sealed."""
    given = request.args.to_dict(flat=False)
    kept = {name: values for name, values in given.items() if name != "endpoint" and not name.startswith("_")}
    return {name: [sealed(value) for value in kept[name]] if name in TEXTS else kept[name] for name in kept}


def page_number() -> int:
    """The page asked for, from 1; nonsense is page 1."""
    return min(max(request.args.get("page", 1, type=int) or 1, 1), 1_000_000)


def page_among(items: Sequence[Row], per_page: int = PER_PAGE) -> Page[Row]:
    """The page asked for, of a list that is short enough to be at hand."""
    number = min(page_number(), max(1, -(-len(items) // per_page)))
    return Page(items[(number - 1) * per_page : number * per_page], number, len(items), per_page)


def paginate(
    statement: Select[Any], *, as_row: Callable[[Any], Row] | None = None, per_page: int = PER_PAGE
) -> Page[Any]:
    """Run a select for the page asked for. Entities come as objects, several columns as rows."""
    total = db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0
    number = min(page_number(), max(1, -(-total // per_page)))
    result = db.session.execute(statement.limit(per_page).offset((number - 1) * per_page))
    items: Sequence[Any] = result.scalars().all() if len(statement.column_descriptions) == 1 else result.all()
    return Page([as_row(item) for item in items] if as_row else items, number, total, per_page)
