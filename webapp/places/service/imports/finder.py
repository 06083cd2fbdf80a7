"""Finding what a cell refers to: an area by its names or number, a courtyard by its number."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import select

from webapp.core.errors import Invalid
from webapp.core.text import normalise
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, area_rank, number_of
from webapp.places.queries import within

_STEPS = re.compile(r"\s*[/>→·]\s*")


@dataclass(slots=True, eq=False)
class Node:
    """An area that is there (``area``), or one that the file adds. ``names`` leads to it from the root."""

    kind: str
    names: tuple[str, ...]
    number: str
    active: bool
    parent: Node | None
    area: Area | None = None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def book(self) -> Area | None:
        """The community whose book its holders stand in; None above communities or if it is not there yet."""
        here, book = self, None
        while here is not None and area_rank(here.kind) >= area_rank("community"):
            book, here = here, here.parent  # type: ignore[assignment]  # ends with None
        return book.area if book else None


class AreaFinder:
    """All areas of the subtree of ``base``, closed ones too: to say that they are."""

    def __init__(self, base: Area) -> None:
        self._by_suffix: dict[tuple[str, ...], list[Node]] = defaultdict(list)
        self._by_number: dict[str, list[Node]] = defaultdict(list)
        self._by_id: dict[int, Node] = {}
        above: Node | None = None
        for area in queries.ancestors(base)[:-1]:
            above = self._node(area, above)
        found = db.session.scalars(select(Area).where(within((base.path,))))
        for area in sorted(found, key=lambda area: area.path.count("/")):
            self.add(self._node(area, self._by_id.get(area.parent_id or 0, above)))
        self.base = self._by_id[base.id]

    def _node(self, area: Area, parent: Node | None) -> Node:
        names = (*(parent.names if parent else ()), area.name)
        node = self._by_id[area.id] = Node(area.kind, names, area.number, area.active, parent, area)
        return node

    def add(self, node: Node) -> None:
        """Let it be found, and be known as a child of its parent."""
        for start in range(len(node.names)):
            self._by_suffix[node.names[start:]].append(node)
        if node.number:
            self._by_number[node.number].append(node)
        if node.parent is not None:
            node.parent.children[node.names[-1]] = node

    def says_the_same(self, other: AreaFinder) -> bool:
        """Whether both find the same areas by the same words."""
        return self._facts() == other._facts()

    def _facts(self) -> dict[int, tuple[object, ...]]:
        return {key: (node.kind, node.names, node.number, node.active) for key, node in self._by_id.items()}

    def find(self, typed: str | None) -> Node:
        """The area meant by ``红色网格/一片区``, ``一片区`` or ``0101``; nothing typed: the base.

        :raises Invalid: if there is none, several, or it is out of use.
        """
        wanted = normalise(typed or "")
        if not wanted:
            return self.base
        parts = tuple(part for part in _STEPS.split(wanted) if part)
        whole = self._by_suffix.get((*self.base.names, *parts), [])
        found = whole or self._by_suffix.get(parts, []) or self._by_number.get(number_of(wanted), [])
        if not found:
            raise Invalid("导入范围里没有这个区域，请核对名称或编号。")
        if len(found) > 1:
            raise Invalid(f"有几个区域都叫这个，请写全上级，例如 {'/'.join(found[0].names[-2:])}。")
        if not found[0].active:
            raise Invalid("这个区域已停用，请改成在用的区域。")
        return found[0]
