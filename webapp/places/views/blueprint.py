"""The blueprint, and what the pages of all registers share: the filter of a list, forms that call a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, flash, request, url_for

from webapp.places import queries
from webapp.places.models import Area
from webapp.places.queries import AreaNode, Filter
from webapp.web.access import actor
from webapp.web.finding import searched
from webapp.web.htmx import go, render

bp = Blueprint("places", __name__)

STATES = {"active": "在用", "closed": "停用", "all": "全部"}

#: The page of a holder by its kind: endpoint and the name of its id.
PAGES = {
    "household": ("places.household", "household_id"),
    "courtyard": ("places.courtyard", "courtyard_id"),
    "shop": ("places.shop", "shop_id"),
    "person": ("places.person", "person_id"),
}


def holder_page(kind: str, holder_id: int) -> str:
    """The address of a holder's page at the desk."""
    endpoint, name = PAGES[kind]
    values: dict[str, Any] = {name: holder_id}
    return url_for(endpoint, **values)


def area_wanted(scope: Sequence[str]) -> Area | None:
    """The area to which the address, or the form of an export, narrows a list (``area``).

    :raises NotFound: for an area outside the scope.
    """
    area_id = request.values.get("area", 0, type=int)
    return queries.area(area_id, scope) if area_id else None


@dataclass(frozen=True)
class Listing:
    """The filter of a list page as it was asked for."""

    scope: tuple[str, ...]
    wanted: Filter
    area: Area | None
    options: list[AreaNode]

    @property
    def hidden(self) -> dict[str, str]:
        """The filter as fields of the export form."""
        wanted = self.wanted
        return {
            "q": wanted.text,
            "area": str(self.area.id) if self.area else "",
            "state": wanted.state,
            "tenure": wanted.tenure,
            "role": wanted.role,
        }

    @property
    def narrowed(self) -> bool:
        """Whether anything but the usual is shown: then an empty list means that nothing was found."""
        return self.wanted != Filter()


def listing(permission: str = "places.view") -> Listing:
    """The filter in the address, or of an export form.

    :raises NotFound: for an area outside the scope.
    """
    scope, asked = actor().scope(permission), request.values
    area = area_wanted(scope)
    wanted = Filter(
        text=searched(),
        area=area.path if area else "",
        state=asked.get("state", "active") if asked.get("state", "active") in STATES else "active",
        tenure=asked.get("tenure", ""),
        role=asked.get("role", ""),
    )
    return Listing(scope, wanted, area, queries.area_options(scope, chosen=area))


def asked_area() -> Area | None:
    """The area that a link to a form names (``?area=``)."""
    area_id = request.args.get("area", 0, type=int)
    return queries.area(area_id, actor().scope("places.edit")) if area_id else None


def area_nodes(chosen: Area | None = None) -> list[AreaNode]:
    """The areas in which the actor may edit."""
    return queries.area_options(actor().scope("places.edit"), chosen=chosen)


def keep_or(typed: str | None, kept: str, *, clear: bool = False) -> str:
    """An empty field leaves what is kept, unless it is to be cleared."""
    return "" if clear else typed or kept


def now_is(shown: str) -> str:
    """Under a field that does not show what is kept."""
    return f"现在是 {shown}，不改请留空。" if shown else "现在没有登记。"


def closing(name: str, *, back: str, act: Callable[[], None], facts: str) -> Response:
    """Ask before something goes out of use (GET), and do it (POST)."""
    if request.method == "POST":
        act()
        flash(f"已停用「{name}」。", "success")
        return go(back)
    return render("places/close.html", name=name, back=back, facts=facts)
