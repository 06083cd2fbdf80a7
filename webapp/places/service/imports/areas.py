"""Planning the roster of areas. Parents may stand anywhere in the file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.core.errors import Invalid
from webapp.core.sheets import Row
from webapp.extensions import db
from webapp.places.models import AREA_KINDS, Area, number_of
from webapp.places.service.areas import may_lie_in
from webapp.places.service.imports.finder import AreaFinder, Node
from webapp.places.service.imports.plan import Plan, Task, given
from webapp.places.service.imports.registers import AREAS, COLOUR_WORDS, KIND_WORDS


class AreaPlanner:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.finder = AreaFinder(task.base)
        self.plan = Plan(AREAS)
        self.seen: dict[tuple[str, ...], int] = {}
        self.new: list[tuple[Node, dict[str, Any]]] = []
        self.changed: list[tuple[Area, dict[str, Any]]] = []

    def work_out(self) -> Plan:
        """Rows whose parent is not known yet wait for it; those that wait in vain are bad."""
        waiting, late = list(self.task.table.rows), []
        while waiting:
            late = [(row, reason) for row in waiting if (reason := self._try(row))]
            if len(late) == len(waiting):
                break
            waiting = [row for row, _ in late]
        for row, reason in late if waiting else []:
            self.task.blame(row, "parent", reason, row.text("parent"))
        self.plan.write = self._write
        return self.plan

    def _try(self, row: Row) -> str:
        """Plan a row; answers why its parent is not found."""
        try:
            parent = self.finder.find(row.text("parent"))
        except Invalid as error:
            return error.message
        kind = KIND_WORDS[row.text("kind")]
        values = {"number": number_of(row.text("number"))} if row.values["number"] is not None else {}
        values |= given(row, "phone", "position")
        if row.values["colour"] is not None:
            values["colour"] = COLOUR_WORDS[row.text("colour")]
        if self._is_good(row, parent, kind, values):
            self._take(row, parent, kind, values)
        return ""

    def _is_good(self, row: Row, parent: Node, kind: str, values: dict[str, Any]) -> bool:
        names = (*parent.names, row.text("name"))
        if names in self.seen:
            self.task.blame(row, "name", f"与第 {self.seen[names]} 行重复，同一个区域只能写一次。", row.text("name"))
        elif not may_lie_in(kind, parent.kind):
            above = f"{AREA_KINDS[parent.kind]}「{parent.names[-1]}」"
            self.task.blame(row, "kind", f"不能放在{above}下面，请改类型或上级区域。", row.text("kind"))
        elif values.get("colour") and kind != "grid":
            self.task.blame(row, "colour", "只有网格有颜色，请清空这一格。", row.text("colour"))
        else:
            self.seen[names] = row.number
            return self._fits_what_is_there(row, parent.children.get(row.text("name")), kind)
        return False

    def _fits_what_is_there(self, row: Row, there: Node | None, kind: str) -> bool:
        if there is not None and there.kind != kind:
            self.task.blame(row, "kind", f"系统里同名的区域是{AREA_KINDS[there.kind]}，类型不能改。", row.text("kind"))
            return False
        if there is not None and not there.active:
            self.task.blame(row, "name", "这个区域已停用，请先在系统里启用它。", row.text("name"))
            return False
        return True

    def _take(self, row: Row, parent: Node, kind: str, values: dict[str, Any]) -> None:
        name = row.text("name")
        there = parent.children.get(name)
        if there is None or there.area is None:
            node = Node(kind, (*parent.names, name), values.get("number", ""), True, parent)
            self.finder.add(node)
            self.new.append((node, values))
            self.plan.count(row.number, "/".join(node.names[-2:]), new=True, fields=())
            return
        differs = {key: value for key, value in values.items() if getattr(there.area, key) != value}
        if differs:
            self.changed.append((there.area, differs))
        titles = [AREAS.column(key).title for key in differs]
        self.plan.count(row.number, "/".join(there.names[-2:]), new=False, fields=titles)

    def _write(self, now: datetime) -> None:
        for area, values in self.changed:
            for key, value in values.items():
                setattr(area, key, value)
        for node, values in self.new:
            parent = node.parent.area if node.parent else None
            assert parent is not None, "a parent is written before its children"
            area = Area(kind=node.kind, name=node.names[-1], parent_id=parent.id, active=True, path="/")
            for key, value in values.items():
                setattr(area, key, value)
            db.session.add(area)
            db.session.flush()
            area.path = f"{parent.path}{area.id}/"
            node.area = area
        db.session.flush()
