"""Planning the rosters of courtyards and of shops: one row each, known by its number in its community."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select

from webapp.core.errors import Invalid
from webapp.core.sheets import Row
from webapp.extensions import db
from webapp.places.models import Area, Courtyard, Holder, Person, Shop, number_of
from webapp.places.queries import within
from webapp.places.service.courtyards import put_into
from webapp.places.service.imports.finder import AreaFinder
from webapp.places.service.imports.plan import Plan, Task, given, insert_rows, next_ids, update_row
from webapp.places.service.imports.registers import COURTYARDS, SHOPS, Register

Draft = dict[str, Any]
_HOLDER = frozenset(Holder.__table__.columns.keys())


class FlatPlanner:
    """``columns`` are taken over under their own names; an unnamed cell of a new row is empty, or 0."""

    register: Register
    model: type[Holder]
    columns: tuple[str, ...]

    def __init__(self, task: Task) -> None:
        self.task = task
        self.finder = AreaFinder(task.base)
        self.plan = Plan(self.register)
        self.there = self._existing()
        self.seen: dict[tuple[int, str], int] = {}
        self.new: list[Draft] = []
        self.changed: list[tuple[int, Draft]] = []

    def _existing(self) -> dict[tuple[int, str], Draft]:
        """What the communities of the base have, closed ones too, by (community, number)."""
        wanted = ("id", "number", "name", "area_id", "community_id", "active", *self.columns)
        communities = select(Area.id).where(within((self.task.base.path,)))
        rows = db.session.execute(
            select(*(getattr(self.model, column) for column in wanted)).where(
                self.model.community_id.in_(communities) | (self.model.community_id == self._book_above())
            )
        )
        drafts = (dict(zip(wanted, row, strict=True)) for row in rows)
        return {(draft["community_id"], draft["number"]): draft for draft in drafts}

    def _book_above(self) -> int:
        book = self.finder.base.book
        return book.id if book else 0

    def work_out(self) -> Plan:
        for row in self.task.table.rows:
            self._plan(row)
        self.plan.write = self._write
        return self.plan

    def _plan(self, row: Row) -> None:
        number = number_of(row.text("number"))
        place = self._place(row)
        if place is None:
            return
        area, community = place
        key = (community.id, number)
        if key in self.seen:
            self.task.blame(row, "number", f"与第 {self.seen[key]} 行的编号重复。", number)
            return
        self.seen[key] = row.number
        there = self.there.get(key)
        if there is not None and not there["active"]:
            self.task.blame(row, "number", "这个编号在系统里已停用，请先启用它，或换一个编号。", number)
            return
        values = self._values(row, community)
        if values is not None:
            self._take(row, there, {"number": number, "community_id": community.id, "area_id": area.id, **values})

    def _place(self, row: Row) -> tuple[Area, Area] | None:
        """The area and the community of a row."""
        try:
            node = self.finder.find(row.text("area"))
        except Invalid as error:
            self.task.blame(row, "area", error.message, row.text("area"))
            return None
        if node.area is None or node.book is None:
            self.task.blame(row, "area", "请填写社区，或社区下面的网格、片区。", row.text("area"))
            return None
        return node.area, node.book

    def _values(self, row: Row, community: Area) -> Draft | None:
        """The cells as stored; None if one is bad."""
        return given(row, "name", *self.columns)

    def _take(self, row: Row, there: Draft | None, values: Draft) -> None:
        if there is None:
            self.new.append(values)
            self.plan.count(row.number, values["number"], new=True, fields=())
            return
        # A blank 所属区域 means the base; it must not pull out what stands in a grid.
        if row.values["area"] is None:
            values.pop("area_id")
        differs = {key: value for key, value in values.items() if there[key] != value}
        if differs:
            self.changed.append((there["id"], differs))
        keys = {_CELL.get(key, key) for key in differs}
        titles = [column.title for column in self.register.columns if column.key in keys]
        self.plan.count(row.number, values["number"], new=False, fields=titles)

    def _write(self, now: datetime) -> None:
        for holder_id, values in self.changed:
            self._change(holder_id, values)
        ids = next_ids(len(self.new))
        insert_rows(Holder, (self._holder(*pair, now) for pair in zip(ids, self.new, strict=True)))
        insert_rows(self.model, self._own(zip(ids, self.new, strict=True)))

    def _change(self, holder_id: int, values: Draft) -> None:
        if "name" in values:
            values = {**values, "initials": self.task.workings.initials(values["name"])}
        update_row(Holder, holder_id, {key: value for key, value in values.items() if key in _HOLDER})
        update_row(self.model, holder_id, {key: value for key, value in values.items() if key not in _HOLDER})

    def _holder(self, holder_id: int, draft: Draft, now: datetime) -> Draft:
        return {
            "id": holder_id,
            "kind": self.model.__mapper_args__["polymorphic_identity"],
            "area_id": draft["area_id"],
            "community_id": draft["community_id"],
            "number": draft["number"],
            "name": draft["name"],
            "initials": self.task.workings.initials(draft["name"]),
            "active": True,
            "created_at": now,
        }

    def _own(self, drafts: Iterable[tuple[int, Draft]]) -> Iterable[Draft]:
        for holder_id, draft in drafts:
            yield {"id": holder_id, **{key: draft.get(key, _EMPTY.get(key, "")) for key in self.columns}}


_CELL = {"area_id": "area", "owner_id": "owner"}
_EMPTY: dict[str, Any] = {"position": 0, "owner_id": None}


class CourtyardPlanner(FlatPlanner):
    register = COURTYARDS
    model = Courtyard
    columns = ("address", "lane", "position")

    def _change(self, holder_id: int, values: Draft) -> None:
        super()._change(holder_id, values)
        if "area_id" in values:
            put_into(holder_id, values["area_id"])


class ShopPlanner(FlatPlanner):
    register = SHOPS
    model = Shop
    columns = ("address", "trade", "keeper", "phone", "position", "owner_id")

    def _values(self, row: Row, community: Area) -> Draft | None:
        values = given(row, "name", "address", "trade", "keeper", "phone", "position")
        if row.values["owner"] is None:
            return values
        owner = db.session.scalar(
            select(Person.id).where(
                Person.number == number_of(row.text("owner")), Person.community_id == community.id, Person.active
            )
        )
        if owner is None:
            self.task.blame(row, "owner", "本社区没有这个居民编号，请核对，或清空这一格。", row.text("owner"))
            return None
        return {**values, "owner_id": owner}
