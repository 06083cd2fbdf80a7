"""An import is all or nothing, looks again before it writes, and leaves one line in the log."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import CommunityTree
from tests.places.conftest import NOW
from tests.places.rosters import COURTYARD_ROWS, SECRET, count
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, NotAllowed
from webapp.core.sheets import write_table
from webapp.places.models import Courtyard, ImportRun
from webapp.places.service import imports
from webapp.places.service.imports import Preview


def test_one_bad_row_keeps_the_whole_file_out(tree: CommunityTree, take_over: Callable[..., ImportRun]) -> None:
    with pytest.raises(Conflict, match="第 4 行"):
        take_over("courtyards", [*COURTYARD_ROWS, {"院落编号": "Y003", "院落名称": "三", "所属区域": "没有"}])
    assert (count(Courtyard), count(ImportRun)) == (0, 0)


def test_what_changed_since_the_preview_is_checked_again(
    tree: CommunityTree, preview: Callable[..., Preview], take_over: Callable[..., ImportRun], clerk: Actor
) -> None:
    from webapp.places import service

    assert preview("courtyards", COURTYARD_ROWS).can_be_confirmed
    service.close_area(actor=clerk, now=NOW, area=tree.micro_grid)

    with pytest.raises(Conflict, match="预览以后数据有了变化.*已停用"):
        take_over("courtyards", COURTYARD_ROWS)


def test_nobody_imports_into_a_community_that_is_not_theirs(
    neighbour: CommunityTree, preview: Callable[..., Preview], take_over: Callable[..., ImportRun]
) -> None:
    for act in (preview, take_over):
        with pytest.raises(NotAllowed):
            act("courtyards", COURTYARD_ROWS, neighbour.community)


def test_an_import_leaves_one_line_with_counts_and_numbers(
    tree: CommunityTree, take_over: Callable[..., ImportRun], audited: Callable[[], list[str]]
) -> None:
    take_over("courtyards", COURTYARD_ROWS)
    assert audited() == ["register:imported"]


def test_a_template_that_was_filled_in_comes_back_whole(tree: CommunityTree, preview: Callable[..., Preview]) -> None:
    """Columns of templates, exports and imports are the same list."""
    for register in imports.REGISTERS.values():
        book = write_table(register.title, register.columns, [dict(example) for example in register.examples])
        reading = imports.read(register, book, "名册.xlsx", secret=SECRET)
        assert reading.table.errors == []
        assert len(reading.table.rows) == len(register.examples)
