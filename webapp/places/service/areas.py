"""The area tree: kinds in their order, one path for each, holders that follow a moved area."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import aliased

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid, NotAllowed
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import AREA_KINDS, COLOURS, HOLDER_KINDS, Area, Holder, area_rank, number_of
from webapp.places.queries import within
from webapp.places.service.checks import line, lock_register, must_edit, put
from webapp.places.staying import must_stay

#: Grids may lie in grids, micro-grids in micro-grids: a known community has three levels of them (domain.md, section 1).
NESTING = ("grid", "micro_grid")


def add_area(
    *,
    actor: Actor,
    now: datetime,
    parent: Area | None,
    kind: str,
    name: str,
    number: str = "",
    colour: str | None = None,
    phone: str = "",
    position: int = 0,
) -> Area:
    """A new area below ``parent``; a root (the county) only by the software itself, at the installation.

    :raises Invalid: for a kind that can't lie there, an empty name, a colour on anything but a grid.
    :raises Conflict: if the parent already has an area of this name.
    """
    if parent is None and not actor.may("places.edit", "/"):
        raise NotAllowed("最上一级区域在安装时建立，不能在这里新增。")
    if parent is not None:
        must_edit(actor, parent)
        lock_register(parent)
        _may_lie_in(kind, parent)
    area = Area(kind=kind, parent_id=parent.id if parent else None, active=True, path="/")
    put(area, **_facts(kind=kind, name=name, number=number, colour=colour, phone=phone, position=position))
    _free_name(area.name, parent, besides=None)
    db.session.add(area)
    db.session.flush()
    area.path = f"{parent.path if parent else '/'}{area.id}/"
    db.session.flush()
    log(
        actor,
        "area:added",
        now=now,
        object_kind="area",
        object_id=area.id,
        area_path=area.path,
        kind=kind,
        name=area.name,
    )
    return area


def change_area(
    *,
    actor: Actor,
    now: datetime,
    area: Area,
    name: str,
    number: str = "",
    colour: str | None = None,
    phone: str = "",
    position: int = 0,
) -> None:
    """Change everything but the kind and the place in the tree. Raises what ``add_area`` raises."""
    must_edit(actor, area)
    lock_register(area)
    facts = _facts(kind=area.kind, name=name, number=number, colour=colour, phone=phone, position=position)
    _free_name(str(facts["name"]), area.parent, besides=area)
    changed = put(area, **facts)
    db.session.flush()
    if changed:
        _log(actor, "changed", area, now, fields=changed)


def _facts(*, kind: str, name: str, number: str, colour: str | None, phone: str, position: int) -> dict[str, object]:
    if colour and kind != "grid":
        raise Invalid("只有网格有自己的颜色，下面的片区跟着网格的颜色。", field="colour")
    if colour and colour not in COLOURS:
        raise Invalid(f"颜色只能选：{'、'.join(COLOURS.values())}。", field="colour")
    return {
        "name": line(name, label="区域名称", field="name", limit=60, needed=True),
        "number": line(number_of(number), label="编号", field="number", limit=20),
        "colour": colour or None,
        "phone": line(phone, label="电话", field="phone", limit=30),
        "position": position,
    }


def may_lie_in(kind: str, parent_kind: str) -> bool:
    """County > street > community > grid > micro-grid; levels may be left out, grids and micro-grids may nest."""
    if kind in NESTING and kind == parent_kind:
        return True
    return area_rank(kind) > area_rank(parent_kind)


def _may_lie_in(kind: str, parent: Area) -> None:
    if kind not in AREA_KINDS:
        raise Invalid("请选择区域类型。", field="kind")
    if not parent.active:
        raise Invalid(f"「{parent.name}」已停用，不能往下面新增区域。", field="parent_id")
    if not may_lie_in(kind, parent.kind):
        raise Invalid(
            f"{AREA_KINDS[kind]}不能放在{AREA_KINDS[parent.kind]}「{parent.name}」下面。请换一个上级区域。",
            field="parent_id",
        )


def _free_name(name: str, parent: Area | None, *, besides: Area | None) -> None:
    same = db.session.scalar(select(Area).where(Area.parent_id == (parent.id if parent else None), Area.name == name))
    if same is not None and same is not besides:
        where = f"「{parent.name}」下面" if parent else "这里"
        raise Conflict(f"{where}已经有「{name}」了，请换一个名称。", field="name")


def move_area(*, actor: Actor, now: datetime, area: Area, parent: Area) -> None:
    """Hang an area, with all below it, under another parent. Its holders come along, into another community's
    register if the area changes community; a book can't, it is sealed under its community's number.

    :raises Invalid: for a parent below the area itself, or of a kind it can't lie in.
    :raises Conflict: for a name or for holders' numbers that are already there; for holders with a book.
    """
    must_edit(actor, area, parent)
    lock_register(area)
    lock_register(parent)
    db.session.refresh(parent)
    db.session.refresh(area)
    if parent.path.startswith(area.path):
        raise Invalid(f"不能把「{area.name}」放到它自己下面。请换一个上级区域。", field="parent_id")
    if parent.id == area.parent_id:
        return
    _may_lie_in(area.kind, parent)
    _free_name(area.name, parent, besides=area)
    before = area.path
    area.parent_id, area.path = parent.id, f"{parent.path}{area.id}/"
    db.session.flush()
    _repath(before, area.path)
    db.session.expire_all()
    _take_holders_along(area)
    _log(actor, "moved", area, now, before=before)


def _repath(before: str, after: str) -> None:
    db.session.execute(
        update(Area)
        .where(within((before,)))
        .values(path=after + func.substr(Area.path, len(before) + 1))
        .execution_options(synchronize_session=False)
    )


def _take_holders_along(area: Area) -> None:
    """Holders of an area below a community stand in the register of the community it lies in now."""
    if area_rank(area.kind) <= area_rank("community"):
        return
    community = queries.community_of(area)
    moved = Holder.area_id.in_(select(Area.id).where(within((area.path,)))) & (Holder.community_id != community.id)
    _refuse_who_must_stay(community, moved)
    _refuse_taken_numbers(community, moved)
    db.session.execute(
        update(Holder).where(moved).values(community_id=community.id).execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def _refuse_who_must_stay(community: Area, moved: ColumnElement[bool]) -> None:
    found = must_stay(moved)
    if found:
        kind, number = found
        raise Conflict(
            f"{HOLDER_KINDS[kind]} {number} 已经记过积分，账本属于原来的社区，不能整片划到{community.name}。"
            "请在原社区停用，再到新社区登记；原来的积分账留着可查。",
            field="parent_id",
        )


def _refuse_taken_numbers(community: Area, moved: ColumnElement[bool]) -> None:
    there = aliased(Holder, flat=True)
    taken = db.session.execute(
        select(Holder.kind, Holder.number)
        .join(
            there, (there.community_id == community.id) & (there.kind == Holder.kind) & (there.number == Holder.number)
        )
        .where(moved)
        .limit(3)
    ).all()
    if taken:
        shown = "、".join(f"{HOLDER_KINDS[kind]} {number}" for kind, number in taken)
        raise Conflict(f"{community.name}已经有同样的编号：{shown}。请先改掉这些编号再迁移。", field="parent_id")


def close_area(*, actor: Actor, now: datetime, area: Area) -> None:
    """Take an area out of use. It must be empty: what stands in it would be lost from every list.

    :raises Conflict: if anything in use lies in it.
    """
    must_edit(actor, area)
    lock_register(area)
    if not area.active:
        return
    if not queries.is_empty(area):
        raise Conflict(f"「{area.name}」里还有在用的区域、院落、住户、商铺、人员或服务站，请先迁走或停用它们。")
    area.active = False
    db.session.flush()
    _log(actor, "closed", area, now)


def reopen_area(*, actor: Actor, now: datetime, area: Area) -> None:
    """Take an area into use again. :raises Conflict: if the one above it is not in use."""
    must_edit(actor, area)
    lock_register(area)
    if area.active:
        return
    if area.parent is not None and not area.parent.active:
        raise Conflict(f"上级区域「{area.parent.name}」还没有启用，请先启用它。")
    area.active = True
    db.session.flush()
    _log(actor, "reopened", area, now)


def _log(actor: Actor, verb: str, area: Area, now: datetime, **detail: object) -> None:
    log(actor, f"area:{verb}", now=now, object_kind="area", object_id=area.id, area_path=area.path, **detail)
