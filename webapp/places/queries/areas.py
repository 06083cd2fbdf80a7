"""The area tree: subtrees, labels, colours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, exists, false, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.places.models import COLOURS, Area, Holder, ImportRun, Station, area_rank

#: Longer choices of areas are cut to communities and the subtree of the chosen one.
MAX_OPTIONS = 400


def within(paths: Iterable[str]) -> ColumnElement[bool]:
    """The condition that an ``Area`` lies in one of some subtrees; no subtree: none lies there.

    A subtree is a range of paths (``0`` follows ``/``), which both databases answer from the index.
    """
    ranges = [(Area.path >= path) & (Area.path < path[:-1] + "0") for path in paths]
    return or_(*ranges) if ranges else false()


def area(area_id: int, scope: Iterable[str]) -> Area:
    """:raises NotFound: if it does not exist or lies outside the scope."""
    found = db.session.scalar(select(Area).where(Area.id == area_id, within(scope)).options(joinedload(Area.parent)))
    if found is None:
        raise NotFound("没有这个区域，或它不在您负责的范围内。请从列表里重新选择。")
    return found


def areas_in(scope: Iterable[str], *, kinds: Iterable[str] = (), active: bool = True) -> Sequence[Area]:
    """Areas of some kinds (all, if none is named) in the scope, parents before children, siblings in their order."""
    statement = select(Area).where(within(scope)).order_by(func.length(Area.path), Area.position, Area.name)
    if kinds:
        statement = statement.where(Area.kind.in_(list(kinds)))
    if active:
        statement = statement.where(Area.active)
    return db.session.scalars(statement).all()


_above = aliased(Area)
_special = (Area.kind == "grid") & _above.kind.in_(["county", "street"])
_COMMUNITIES = (
    select(Area)
    .outerjoin(_above, _above.id == Area.parent_id)
    .where(or_(Area.kind == "community", _special), Area.active)
    .order_by(Area.position, Area.name)
)


def communities_in(scope: Iterable[str]) -> Sequence[Area]:
    """The communities in use, special grids that lie in none included, that lie in the scope or contain it."""
    paths = tuple(scope)
    above = {int(part) for path in paths for part in path.strip("/").split("/") if part}
    return db.session.scalars(_COMMUNITIES.where(or_(within(paths), Area.id.in_(above)))).all()


def communities_lived_in() -> list[tuple[int, str]]:
    """(id, name) of the communities in which households are registered; a name that several have with its street."""
    home = Holder.__table__.c
    lived_in = exists().where(home.community_id == Area.id, home.kind == "household", home.active)
    rows = db.session.execute(
        select(Area.id, Area.name, _above.name)
        .outerjoin(_above, _above.id == Area.parent_id)
        .where(Area.kind.in_(("community", "grid")), Area.active, lived_in)
        .order_by(_above.position, _above.name, Area.position, Area.name)
    ).all()
    often = Counter(name for _, name, _ in rows)
    return [(area_id, f"{street} {name}" if often[name] > 1 else name) for area_id, name, street in rows]


def top_area(scope: Iterable[str]) -> Area:
    """The highest area of a scope, to name it. :raises NotFound: if the scope is empty."""
    found = db.session.scalar(
        select(Area).where(within(scope)).order_by(func.length(Area.path), Area.position, Area.name).limit(1)
    )
    if found is None:
        raise NotFound("您还没有负责的区域，请联系系统管理员。")
    return found


def import_areas(scope: Iterable[str]) -> list[AreaNode]:
    """What a roster may be imported into: communities, and what lies above them, in the scope."""
    special = {area.id for area in communities_in(tuple(scope))}
    found = areas_in(scope)
    return [
        AreaNode(area, depth, None)
        for area, depth in _in_order(
            [area for area in found if area.kind in ("county", "street") or area.id in special]
        )
    ]


def import_runs(scope: Iterable[str], *, limit: int = 10) -> Sequence[Row[tuple[ImportRun, Area]]]:
    """The latest imports in a scope, each with its area."""
    return db.session.execute(
        select(ImportRun, Area)
        .join(Area, Area.id == ImportRun.area_id)
        .where(within(scope))
        .order_by(ImportRun.id.desc())
        .limit(limit)
    ).all()


def ancestors(area: Area) -> list[Area]:
    """From the root down to the area itself."""
    ids = [int(part) for part in area.path.strip("/").split("/")]
    known = {found.id: found for found in db.session.scalars(select(Area).where(Area.id.in_(ids)))}
    return [known[area_id] for area_id in ids]


def community_of(area: Area) -> Area:
    """Whose book an area's holders stand in: its community, or a special grid (专属网格) that lies in none.

    Above communities it is the area itself: people serve there, but there is no book.
    """
    books = (above for above in ancestors(area) if area_rank(above.kind) >= area_rank("community"))
    return next(books, area)


def colour_of(area: Area) -> str | None:
    """A grid's colour, and that of everything below it; None if no grid is coloured."""
    here: Area | None = area
    while here is not None and area_rank(here.kind) > area_rank("community"):
        if here.colour:
            return here.colour
        here = here.parent
    return None


def area_colour(area: Area) -> str:
    """The colour's name in Chinese, empty without one."""
    return COLOURS.get(colour_of(area) or "", "")


def area_label(area: Area) -> str:
    """How an area is called inside its community: ``绿色网格 · 三片区``; from the community upwards by its name."""
    names, here = [area.name], area.parent
    while here is not None and area_rank(here.kind) > area_rank("community"):
        names.insert(0, here.name)
        here = here.parent
    return " · ".join(names)


def lineage(path: str) -> list[Area]:
    """The areas of a path from above to below, in one query: whoever keeps the list climbs ``parent`` without another."""
    ids = [int(part) for part in path.strip("/").split("/")]
    return list(db.session.scalars(select(Area).where(Area.id.in_(ids)).order_by(func.length(Area.path))))


def area_place(area: Area) -> str:
    """The same with the community in front: ``昌宁社区 · 绿色网格 · 三片区``."""
    community = community_of(area)
    return area.name if community.id == area.id else f"{community.name} · {area_label(area)}"


@dataclass(frozen=True, slots=True)
class AreaNode:
    """A line of the tree as pages show it; ``depth`` counts from 0 at the top of what is shown."""

    area: Area
    depth: int
    colour: str | None
    households: int = 0
    courtyards: int = 0
    shops: int = 0


def area_tree(scope: Iterable[str], *, active: bool = True) -> list[AreaNode]:
    """The areas of the scope in reading order, with the holders in use that stand directly in each."""
    paths = tuple(scope)
    found, counts = areas_in(paths, active=active), _counts(paths)
    return [
        AreaNode(
            area,
            depth,
            colour_of(area),
            counts.get((area.id, "household"), 0),
            counts.get((area.id, "courtyard"), 0),
            counts.get((area.id, "shop"), 0),
        )
        for area, depth in _in_order(found)
    ]


def area_options(scope: Iterable[str], *, chosen: Area | None = None) -> list[AreaNode]:
    """What a form offers to choose from: the whole tree of the scope, or, if that is long, the communities and the
    subtree of the chosen one's.
    """
    paths = tuple(scope)
    total = db.session.scalar(select(func.count()).where(within(paths), Area.active)) or 0
    found = areas_in(paths) if total <= MAX_OPTIONS else _short_options(paths, chosen)
    return [AreaNode(area, depth, colour_of(area)) for area, depth in _in_order(found)]


def _short_options(paths: tuple[str, ...], chosen: Area | None) -> Sequence[Area]:
    wanted: ColumnElement[bool] = Area.kind.in_(["county", "street", "community"])
    if chosen is not None:
        wanted = or_(wanted, within((community_of(chosen).path,)))
    return db.session.scalars(
        select(Area)
        .where(within(paths), Area.active, wanted)
        .order_by(func.length(Area.path), Area.position, Area.name)
    ).all()


def _in_order(found: Sequence[Area]) -> list[tuple[Area, int]]:
    """Depth first; siblings as they come. An area whose parent is not among them starts a tree of its own."""
    below: dict[int | None, list[Area]] = {}
    ids = {area.id for area in found}
    for area in found:
        below.setdefault(area.parent_id if area.parent_id in ids else None, []).append(area)
    ordered: list[tuple[Area, int]] = []
    waiting = [(area, 0) for area in reversed(below.get(None, []))]
    while waiting:
        area, depth = waiting.pop()
        ordered.append((area, depth))
        waiting += [(child, depth + 1) for child in reversed(below.get(area.id, []))]
    return ordered


def _counts(paths: Sequence[str]) -> dict[tuple[int, str], int]:
    """Holders in use by (area, kind)."""
    rows = db.session.execute(
        select(Holder.area_id, Holder.kind, func.count())
        .where(Holder.active, Holder.area_id.in_(select(Area.id).where(within(paths))))
        .group_by(Holder.area_id, Holder.kind)
    )
    return {(area_id, kind): number for area_id, kind, number in rows}


def is_empty(area: Area) -> bool:
    """No area in use below it, no holder in use and no station in use in it."""
    ids = select(Area.id).where(within((area.path,)))
    used = [
        exists().where(within((area.path,)), Area.id != area.id, Area.active),
        exists().where(Holder.area_id.in_(ids), Holder.active),
        exists().where(Station.area_id.in_(ids), Station.active),
    ]
    return not any(db.session.scalar(select(condition)) for condition in used)
