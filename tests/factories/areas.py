"""Areas and whole communities."""

from __future__ import annotations

from dataclasses import dataclass

from tests.factories.saving import save, serial
from webapp.extensions import db
from webapp.places.models import (
    COLOURS,
    Area,
)


def make_area(
    *,
    kind: str = "community",
    name: str | None = None,
    parent: Area | None = None,
    colour: str | None = None,
    number: str = "",
    phone: str = "",
    position: int = 0,
    active: bool = True,
) -> Area:
    """One area below ``parent`` (or a root of its own)."""
    area: Area = save(
        Area(
            kind=kind,
            name=name or f"区域{serial()}",
            parent_id=parent.id if parent else None,
            colour=colour,
            number=number,
            phone=phone,
            position=position,
            active=active,
            path="/",
        )
    )
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    db.session.flush()
    return area


@dataclass(frozen=True)
class CommunityTree:
    """A county with one street, one community, coloured grids, and micro-grids in each."""

    county: Area
    street: Area
    community: Area
    grids: list[Area]
    micro_grids: list[Area]

    @property
    def grid(self) -> Area:
        return self.grids[0]

    @property
    def micro_grid(self) -> Area:
        return self.micro_grids[0]


def make_community(
    *,
    name: str = "昌宁社区",
    street: Area | None = None,
    grids: int = 2,
    micro_grids: int = 2,
    phone: str = "0571-5550100",
) -> CommunityTree:
    """A whole tree; give the ``street`` of another tree to make a neighbour in the same county."""
    if street is None:
        street = make_area(
            kind="street", name=f"城关街道{serial()}", parent=make_area(kind="county", name=f"善城县{serial()}")
        )
    county = db.session.get_one(Area, street.parent_id)
    community = make_area(kind="community", name=name, parent=street, phone=phone)
    colours = list(COLOURS)
    made = [
        make_area(
            kind="grid",
            name=f"{COLOURS[colours[i % 5]]}网格{'' if i < 5 else i + 1}",
            parent=community,
            colour=colours[i % 5],
            number=f"{i + 1:02}",
            position=i,
        )
        for i in range(grids)
    ]
    micro = [
        make_area(kind="micro_grid", name=f"{'一二三四五六七八九'[i]}片区", parent=grid, number=f"{i + 1}", position=i)
        for grid in made
        for i in range(micro_grids)
    ]
    return CommunityTree(county, street, community, made, micro)


def community_of(area: Area) -> Area:
    """The community an area lies in; the area itself above communities."""
    for ancestor_id in reversed([int(part) for part in area.path.strip("/").split("/")]):
        ancestor = db.session.get_one(Area, ancestor_id)
        if ancestor.kind == "community":
            return ancestor
    return area
