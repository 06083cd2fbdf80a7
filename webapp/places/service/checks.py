"""What every verb of the registers checks first: the right, the lock, typed values in their one form."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import select

from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, Invalid
from webapp.core.sheets import Column
from webapp.core.sheets.cells import convert
from webapp.core.text import initials, normalise
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import AREA_KINDS, HOLDER_KINDS, Area, Holder, area_rank, number_of


def must_edit(actor: Actor, *areas: Area, permission: str = "places.edit") -> None:
    """:raises NotAllowed: if the actor may not edit in one of the areas."""
    for area in areas:
        actor.must(permission, area.path)


def lock_register(area: Area) -> None:
    """One writer of the registers at a time in a county, so that numbers stay unique and the tree a tree.

    SQLite has one writer anyway. The lock lets others insert rows that point at the area.
    """
    root_id = int(area.path.strip("/").split("/")[0])
    db.session.execute(select(Area.id).where(Area.id == root_id).with_for_update(key_share=True))


def line(typed: str | None, *, label: str, field: str, limit: int, needed: bool = False) -> str:
    """A typed line, normalised. :raises Invalid: if it is too long, or needed and empty."""
    text = normalise(typed or "")
    if needed and not text:
        raise Invalid(f"请填写{label}。", field=field)
    if len(text) > limit:
        raise Invalid(f"{label}太长，最多 {limit} 个字。", field=field)
    return text


def phone_of(typed: str | None, *, field: str = "phone") -> str:
    """A phone in its one form, as imports store it; empty stays empty. :raises Invalid: if it is none."""
    return _cell(Column("phone", "电话", "phone"), typed, field)


def identity_number_of(typed: str | None) -> str:
    """An identity number in its one form; empty stays empty. :raises Invalid: if it can't be one."""
    return _cell(Column("identity", "证件号码", "id_number", max_length=30), typed, "identity")


def _cell(column: Column, typed: str | None, field: str) -> str:
    try:
        return cast("str | None", convert(column, typed)) or ""
    except Invalid as error:
        raise Invalid(f"{column.title}{error.message}", field=field) from error


def book_area(area: Area) -> Area:
    """The community of an area in which holders are to stand.

    :raises Invalid: if the area is closed or lies above communities.
    """
    if not area.active:
        raise Invalid(f"「{area.name}」已停用，不能再往里登记。请选择在用的区域。", field="area_id")
    if area_rank(area.kind) < area_rank("community"):
        raise Invalid(f"「{area.name}」是{AREA_KINDS[area.kind]}，请选择社区或社区下面的网格、片区。", field="area_id")
    return queries.community_of(area)


def free_number(community: Area, kind: str, typed: str | None, *, besides: Holder | None = None) -> str:
    """A number that nobody else of the kind has in the community, closed ones included.

    :raises Invalid: if it is empty or too long. :raises Conflict: if it is taken.
    """
    named = HOLDER_KINDS[kind]
    number = line(number_of(typed), label=f"{named}编号", field="number", limit=30, needed=True)
    taken = queries.holder_by_number(community.id, kind, number)
    if taken is not None and taken is not besides:
        closed = "" if taken.active else "（已停用）"
        raise Conflict(f"编号 {number} 在{community.name}已经有了{closed}，请换一个编号。", field="number")
    return number


def day_of(on: date | None, now: datetime, *, field: str = "on") -> date:
    """The day something happened, today if none is given. :raises Invalid: if it is yet to come."""
    today = clock.local_date(now)
    if on is not None and on > today:
        raise Invalid("日期还没到，请填今天或以前的日期。", field=field)
    return on or today


def rename(holder: Holder, name: str) -> None:
    holder.name = name
    holder.initials = initials(name)


def put(thing: Any, **values: Any) -> list[str]:
    """Set what differs; answers the names of what changed, for the audit log."""
    changed = [name for name, value in values.items() if getattr(thing, name) != value]
    for name in changed:
        setattr(thing, name, values[name])
    if "name" in changed and isinstance(thing, Holder):
        rename(thing, values["name"])
    return changed
