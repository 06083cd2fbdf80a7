"""Courtyards: what stands in one follows it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, or_, select, update

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Holder, Household, Person
from webapp.places.service.checks import book_area, free_number, line, lock_register, must_edit, put


def add_courtyard(
    *,
    actor: Actor,
    now: datetime,
    area: Area,
    number: str,
    name: str,
    address: str = "",
    lane: str = "",
    position: int = 0,
) -> Courtyard:
    """:raises Invalid: for an unfit area or value. :raises Conflict: if the community has the number already."""
    must_edit(actor, area)
    lock_register(area)
    community = book_area(area)
    courtyard = Courtyard(area_id=area.id, community_id=community.id, created_at=now, active=True)
    put(courtyard, number=free_number(community, "courtyard", number), **_facts(name, address, lane, position))
    db.session.add(courtyard)
    db.session.flush()
    _log(actor, "added", courtyard, area, now)
    return courtyard


def change_courtyard(
    *,
    actor: Actor,
    now: datetime,
    courtyard: Courtyard,
    number: str,
    name: str,
    address: str = "",
    lane: str = "",
    position: int = 0,
) -> None:
    """Change everything but the area. Raises what ``add_courtyard`` raises."""
    must_edit(actor, courtyard.area)
    lock_register(courtyard.area)
    taken = free_number(courtyard.community, "courtyard", number, besides=courtyard)
    changed = put(courtyard, number=taken, **_facts(name, address, lane, position))
    db.session.flush()
    if changed:
        _log(actor, "changed", courtyard, courtyard.area, now, fields=changed)


def _facts(name: str, address: str, lane: str, position: int) -> dict[str, object]:
    return {
        "name": line(name, label="院落名称", field="name", limit=60, needed=True),
        "address": line(address, label="地址", field="address", limit=120),
        "lane": line(lane, label="街巷", field="lane", limit=60),
        "position": position,
    }


def move_courtyard(*, actor: Actor, now: datetime, courtyard: Courtyard, area: Area) -> None:
    """Put a courtyard into another area of its community; its households and their residents go with it.

    :raises Invalid: for an area of another community.
    """
    must_edit(actor, courtyard.area, area)
    lock_register(area)
    if book_area(area).id != courtyard.community_id:
        raise Invalid("院落只能在本社区的网格、片区之间迁移。", field="area_id")
    if area.id == courtyard.area_id:
        return
    before = courtyard.area.path
    put_into(courtyard.id, area.id)
    db.session.expire_all()
    _log(actor, "moved", courtyard, area, now, before=before)


def put_into(courtyard_id: int, area_id: int) -> None:
    """Set the area of a courtyard, of its households and of their residents."""
    households = select(Household.id).where(Household.courtyard_id == courtyard_id)
    people = select(Person.id).where(Person.household_id.in_(households))
    db.session.execute(
        update(Holder)
        .where(or_(Holder.id == courtyard_id, Holder.id.in_(households), Holder.id.in_(people)))
        .values(area_id=area_id)
        .execution_options(synchronize_session=False)
    )


def close_courtyard(*, actor: Actor, now: datetime, courtyard: Courtyard) -> None:
    """Take a courtyard out of use. Its book stays. :raises Conflict: if households live there."""
    must_edit(actor, courtyard.area)
    lock_register(courtyard.area)
    if not courtyard.active:
        return
    living = db.session.scalar(
        select(func.count()).select_from(Household).where(Household.courtyard_id == courtyard.id, Household.active)
    )
    if living:
        raise Conflict(f"「{courtyard.name}」还有 {living} 户在住，请先给他们办理搬走或注销。")
    courtyard.active = False
    db.session.flush()
    _log(actor, "closed", courtyard, courtyard.area, now)


def reopen_courtyard(*, actor: Actor, now: datetime, courtyard: Courtyard) -> None:
    """:raises Invalid: if its area is out of use."""
    must_edit(actor, courtyard.area)
    lock_register(courtyard.area)
    if courtyard.active:
        return
    book_area(courtyard.area)
    courtyard.active = True
    db.session.flush()
    _log(actor, "reopened", courtyard, courtyard.area, now)


def standing_in(courtyard: Courtyard | None, area: Area | None) -> Area:
    """Where who lives in a courtyard stands: the courtyard's area; without a courtyard, the area that was named.

    :raises Invalid: if neither is given, or the courtyard is out of use.
    """
    if courtyard is not None:
        if not courtyard.active:
            raise Invalid(f"院落「{courtyard.name}」已停用，请选择在用的院落。", field="courtyard_number")
        return db.session.get_one(Area, courtyard.area_id)
    if area is None:
        raise Invalid("请填写院落编号，或选择所在区域。", field="courtyard_number")
    return area


def _log(actor: Actor, verb: str, courtyard: Courtyard, area: Area, now: datetime, **detail: object) -> None:
    log(
        actor,
        f"courtyard:{verb}",
        now=now,
        object_kind="courtyard",
        object_id=courtyard.id,
        area_path=area.path,
        number=courtyard.number,
        **detail,
    )
