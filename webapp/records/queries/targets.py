"""For whom something is recorded: the holder, and where it lies in the tree of areas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, func, select

from webapp.core.errors import NotFound
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Holder, Household, Person, Shop
from webapp.prepared import Prepared
from webapp.records.models import Closing

_area, _above = Area.__table__.c, Area.__table__.alias("above")
#: Kinds of areas below a community: their names say where a place lies, and a grid's colour is theirs.
INSIDE = ("grid", "micro_grid")


class Spot(NamedTuple):
    """Where an area lies inside its community: ``绿色网格 · 三片区`` and the grid's colour, empty without one."""

    label: str
    colour: str


class Target(NamedTuple):
    """For whom something is recorded, with what recusal and audience need to know. ``path`` is its area's.

    ``household_id``: of a person, or of a shop's owner; ``courtyard_id``: where a household lives. ``address``: of a
    courtyard or shop; of a household its courtyard's name. ``closed_to``: the last day for which its community's book is
    closed. ``spot`` is its area's.
    """

    id: int
    kind: str
    number: str
    name: str
    active: bool
    community_id: int
    path: str
    courtyard_id: int | None
    household_id: int | None
    owner_id: int | None
    party_member: bool
    volunteer: bool
    staff: bool
    address: str
    closed_to: date | None
    spot: Spot

    @property
    def area_id(self) -> int:
        return int(self.path.strip("/").split("/")[-1])

    @property
    def shown_name(self) -> str:
        return shown_name(self.kind, self.name)


def shown_name(kind: str, name: str) -> str:
    """As others may see it: shops and courtyards by name, people and households masked."""
    return {"household": f"{mask_name(name)}家", "person": mask_name(name)}.get(kind, name)


_household, _person, _shop = Household.__table__.c, Person.__table__.c, Shop.__table__.c
_owner, _home = Person.__table__.alias("owner"), Holder.__table__.alias("home")
_courtyard, _holder, _closing = Courtyard.__table__.c, Holder.__table__.c, Closing.__table__.c
_HOLDER_COLUMNS = (
    _holder.id,
    _holder.kind,
    _holder.number,
    _holder.name,
    _holder.active,
    _holder.community_id,
    _area.path,
    _household.courtyard_id,
    func.coalesce(_person.household_id, _owner.c.household_id),
    _shop.owner_id,
    func.coalesce(_person.party_member, False),
    func.coalesce(_person.volunteer, False),
    func.coalesce(_person.staff, False),
    func.coalesce(_shop.address, _courtyard.address, _home.c.name, ""),
    _closing.until,
)
_SPOT_COLUMNS = (_above.c.kind, _above.c.name, _above.c.colour, _area.kind, _area.name, _area.colour)
_target = (
    select(*_HOLDER_COLUMNS, *_SPOT_COLUMNS)
    .select_from(Holder.__table__)
    .join(Area.__table__, _area.id == _holder.area_id)
    .outerjoin(_above, _above.c.id == _area.parent_id)
    .outerjoin(Household.__table__, _household.id == _holder.id)
    .outerjoin(Person.__table__, _person.id == _holder.id)
    .outerjoin(Shop.__table__, _shop.id == _holder.id)
    .outerjoin(_owner, _owner.c.id == _shop.owner_id)
    .outerjoin(Courtyard.__table__, _courtyard.id == _holder.id)
    .outerjoin(_home, _home.c.id == _household.courtyard_id)
    .outerjoin(Closing.__table__, _closing.community_id == _holder.community_id)
)
_one_target = _target.where(_holder.id == bindparam("holder"))
_TARGET = Prepared(_one_target)
_TARGETS = _target.where(_holder.id.in_(bindparam("holders", expanding=True)))
#: Records of one holder are made one after the other, so that caps hold. (SQLite has one writer anyway.)
_TARGET_LOCKED = Prepared(_one_target.with_for_update(of=Holder.__table__, key_share=True))


def target(holder_id: int, *, locked: bool = False) -> Target:
    """``locked``: nobody else makes a record for this holder before the transaction ends.

    :raises NotFound: if there is no such holder.
    """
    row = (_TARGET_LOCKED if locked else _TARGET).first(holder=holder_id)
    if row is None:
        raise NotFound("没有找到要记分的对象，请重新扫码。")
    return _as_target(row)


def targets(holder_ids: Iterable[int]) -> dict[int, Target]:
    """Of several holders at once; those that are not there are left out."""
    rows = db.session.connection().execute(_TARGETS, {"holders": sorted(set(holder_ids))}).all()
    return {row[0]: _as_target(row) for row in rows}


def _as_target(row: Any) -> Target:
    return Target._make((*row[:-6], _spot([row[-6:-3], row[-3:]])))


def _spot(areas: Sequence[tuple[str, str, str | None]]) -> Spot:
    """``areas``: kind, name and colour, from above to below. A community itself is its own spot."""
    inside = [area for area in areas if area[0] in INSIDE] or areas[-1:]
    colour = next((colour for _, _, colour in reversed(inside) if colour), "")
    return Spot(" · ".join(name for _, name, _ in inside), colour)


_AREAS = select(_area.id, _area.kind, _area.name, _area.colour).where(_area.id.in_(bindparam("ids", expanding=True)))


def spots(paths: Iterable[str]) -> dict[str, Spot]:
    """The spots of some area paths, in one query however many there are."""
    ids = {path: [int(part) for part in path.strip("/").split("/")] for path in paths}
    wanted = {area_id for parts in ids.values() for area_id in parts}
    rows: Sequence[Row[Any]] = db.session.connection().execute(_AREAS, {"ids": sorted(wanted)}).all()
    known = {row.id: (row.kind, row.name, row.colour) for row in rows}
    return {path: _spot([known[part] for part in parts if part in known]) for path, parts in ids.items()}
