"""The area tree: kinds in their order, paths of whole subtrees, colours, closing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.places.conftest import NOW, keeper_of
from webapp.core.actor import SYSTEM
from webapp.core.errors import Conflict, Invalid, NotAllowed, NotFound
from webapp.extensions import db
from webapp.ledger.verify import verify
from webapp.places import queries, service
from webapp.places.models import Area, Holder


def test_a_new_area_lies_below_its_parent(
    tree: CommunityTree, doing: dict[str, Any], audited: Callable[[], list[str]]
) -> None:
    grid = service.add_area(
        **doing, parent=tree.community, kind="grid", name=" 紫色 网格 ", number="０３", colour="purple"
    )

    assert (grid.name, grid.number, grid.path) == ("紫色 网格", "03", f"{tree.community.path}{grid.id}/")
    assert audited() == ["area:added"]


@pytest.mark.parametrize(
    ("kind", "parent", "fits"),
    [
        ("street", "county", True),
        ("community", "county", True),
        ("grid", "street", True),
        ("grid", "grid", True),
        ("micro_grid", "micro_grid", True),
        ("community", "community", False),
        ("county", "county", False),
        ("grid", "micro_grid", False),
        ("street", "community", False),
    ],
)
def test_kinds_lie_in_their_order_and_grids_may_nest(kind: str, parent: str, fits: bool) -> None:
    assert service.may_lie_in(kind, parent) is fits


def test_an_area_of_a_kind_that_does_not_fit_is_refused(tree: CommunityTree, doing: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="不能放在"):
        service.add_area(**doing, parent=tree.grid, kind="community", name="小社区")


def test_two_areas_of_one_name_side_by_side_are_refused(tree: CommunityTree, doing: dict[str, Any]) -> None:
    with pytest.raises(Conflict, match="已经有「红色网格」"):
        service.add_area(**doing, parent=tree.community, kind="grid", name="红色网格")


def test_only_a_grid_has_a_colour_and_what_lies_below_shows_it(tree: CommunityTree, doing: dict[str, Any]) -> None:
    below = service.add_area(**doing, parent=tree.micro_grid, kind="micro_grid", name="一组")

    assert queries.colour_of(below) == queries.colour_of(tree.grid) == "red"
    assert queries.area_label(below) == "红色网格 · 一片区 · 一组"
    assert queries.colour_of(tree.community) is None
    with pytest.raises(Invalid, match="只有网格"):
        service.add_area(**doing, parent=tree.grid, kind="micro_grid", name="三片区", colour="blue")


def test_a_county_is_made_by_the_software_itself_only(tree: CommunityTree, doing: dict[str, Any]) -> None:
    with pytest.raises(NotAllowed):
        service.add_area(**doing, parent=None, kind="county", name="新县")
    assert service.add_area(actor=SYSTEM, now=NOW, parent=None, kind="county", name="新县").path.count("/") == 2


@both_databases
def test_moving_a_grid_takes_its_whole_subtree_and_its_holders_along(
    tree: CommunityTree, neighbour: CommunityTree
) -> None:
    household = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid))
    other = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grids[2]))
    deep = factories.make_area(kind="micro_grid", name="一组", parent=tree.micro_grid)

    tree.grid.name = "迁来的网格"
    db.session.flush()
    service.move_area(
        actor=keeper_of(tree.community, neighbour.community), now=NOW, area=tree.grid, parent=neighbour.community
    )

    assert tree.grid.path == f"{neighbour.community.path}{tree.grid.id}/"
    assert deep.path == f"{tree.grid.path}{tree.micro_grid.id}/{deep.id}/"
    assert household.community_id == neighbour.community.id
    assert household.courtyard is not None
    assert household.courtyard.community_id == neighbour.community.id
    assert other.community_id == tree.community.id


@both_databases
def test_moving_an_area_to_where_its_numbers_are_taken_is_refused(
    tree: CommunityTree, neighbour: CommunityTree
) -> None:
    factories.make_courtyard(area=tree.micro_grid, number="Y1")
    factories.make_courtyard(area=neighbour.micro_grid, number="Y1")
    tree.grid.name = "迁来的网格"
    db.session.flush()

    with pytest.raises(Conflict, match="院落 Y1"):
        service.move_area(
            actor=keeper_of(tree.community, neighbour.community), now=NOW, area=tree.grid, parent=neighbour.community
        )


@both_databases
def test_an_area_in_which_somebody_has_a_book_does_not_leave_its_community(
    tree: CommunityTree, neighbour: CommunityTree
) -> None:
    household = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid, number="Y7"))
    factories.give_points(household, factories.make_scheme(area=tree.community), 5)
    tree.grid.name = "迁来的网格"
    db.session.flush()

    with pytest.raises(Conflict, match="Y7 已经记过积分") as refused:
        service.move_area(
            actor=keeper_of(tree.community, neighbour.community), now=NOW, area=tree.grid, parent=neighbour.community
        )

    assert refused.value.field == "parent_id"
    db.session.rollback()


def test_an_area_with_books_moves_within_its_community(tree: CommunityTree, doing: dict[str, Any]) -> None:
    household = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid))
    factories.give_points(household, factories.make_scheme(area=tree.community), 5)

    service.move_area(**doing, area=tree.micro_grid, parent=tree.community)

    assert verify(db.session.connection()).accounts == 2, "the household's and its courtyard's, both right"


def test_an_area_cannot_be_moved_below_itself(tree: CommunityTree, doing: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="它自己下面"):
        service.move_area(**doing, area=tree.grid, parent=tree.micro_grid)


def test_an_area_of_others_cannot_be_moved_or_moved_into(
    tree: CommunityTree, neighbour: CommunityTree, doing: dict[str, Any]
) -> None:
    with pytest.raises(NotAllowed):
        service.move_area(**doing, area=tree.grid, parent=neighbour.community)
    with pytest.raises(NotAllowed):
        service.change_area(**doing, area=neighbour.grid, name="别人的")


@pytest.mark.parametrize("what", ["courtyard", "shop", "person", "station", "area"])
def test_an_area_in_which_something_stands_is_not_closed(tree: CommunityTree, doing: dict[str, Any], what: str) -> None:
    empty = service.add_area(**doing, parent=tree.community, kind="grid", name="空网格")
    make = {
        "courtyard": lambda: factories.make_courtyard(area=empty),
        "shop": lambda: factories.make_shop(area=empty),
        "person": lambda: factories.make_person(area=empty),
        "station": lambda: factories.make_station(area=empty),
        "area": lambda: factories.make_area(kind="micro_grid", parent=empty),
    }
    make[what]()

    with pytest.raises(Conflict, match="先迁走"):
        service.close_area(**doing, area=empty)


def test_an_empty_area_is_closed_and_reopened(
    tree: CommunityTree, doing: dict[str, Any], audited: Callable[[], list[str]]
) -> None:
    service.close_area(**doing, area=tree.micro_grid)
    assert tree.micro_grid not in queries.areas_in((tree.grid.path,))
    with pytest.raises(Invalid, match="已停用"):
        service.add_courtyard(**doing, area=tree.micro_grid, number="Y1", name="一号院")
    service.reopen_area(**doing, area=tree.micro_grid)

    assert tree.micro_grid in queries.areas_in((tree.grid.path,))
    assert audited() == ["area:closed", "area:reopened"]


def test_an_area_below_a_closed_one_is_not_reopened(tree: CommunityTree, doing: dict[str, Any]) -> None:
    for area in (*tree.micro_grids[:2], tree.grid):
        service.close_area(**doing, area=area)

    with pytest.raises(Conflict, match="还没有启用"):
        service.reopen_area(**doing, area=tree.micro_grid)


@both_databases
def test_what_lies_outside_the_scope_does_not_exist(tree: CommunityTree, neighbour: CommunityTree) -> None:
    scope = (tree.community.path,)

    assert queries.area(tree.micro_grid.id, scope) is tree.micro_grid
    for elsewhere in (neighbour.community, neighbour.grid, tree.street):
        with pytest.raises(NotFound):
            queries.area(elsewhere.id, scope)
    assert {area.id for area in queries.areas_in(scope)} == {
        area.id for area in (tree.community, *tree.grids, *tree.micro_grids)
    }
    assert queries.areas_in(()) == []


def test_a_special_grid_outside_communities_keeps_a_book_of_its_own(tree: CommunityTree) -> None:
    special = factories.make_area(kind="grid", name="商圈专属网格", parent=tree.street)
    part = factories.make_area(kind="micro_grid", name="东片", parent=special)

    assert queries.community_of(part) is special
    assert special in queries.communities_in((tree.county.path,))
    shop = service.add_shop(actor=keeper_of(special), now=NOW, area=part, number="S1", name="小店")
    assert shop.community_id == special.id


@both_databases
def test_a_tree_of_three_hundred_areas_comes_in_reading_order(tree: CommunityTree) -> None:
    for grid in tree.grids:
        for number in range(150):
            factories.make_area(kind="micro_grid", name=f"{number:03}组", parent=grid, position=number + 9)

    nodes = queries.area_tree((tree.community.path,))

    assert [node.depth for node in nodes[:3]] == [0, 1, 2]
    assert len(nodes) == 1 + 2 + 4 + 300
    parents = {node.area.id: place for place, node in enumerate(nodes)}
    assert all(parents[node.area.parent_id] < place for place, node in enumerate(nodes) if node.depth)


def test_long_choices_are_cut_to_communities_and_the_chosen_subtree(
    tree: CommunityTree, neighbour: CommunityTree
) -> None:
    for number in range(400):
        factories.make_area(kind="micro_grid", name=f"{number:03}组", parent=neighbour.grid)

    names = {node.area.name for node in queries.area_options((tree.county.path,), chosen=tree.grid)}

    assert {"昌宁社区", "安和社区", "红色网格", "一片区"} <= names
    assert "005组" not in names


def test_changing_an_area_leaves_one_line_only_if_something_changed(
    tree: CommunityTree, doing: dict[str, Any], audited: Callable[[], list[str]]
) -> None:
    service.change_area(**doing, area=tree.grid, name=tree.grid.name, number=tree.grid.number, colour="red", position=0)
    assert audited() == []
    service.change_area(**doing, area=tree.grid, name="朱红网格", number="1", colour="red", phone="0571-1", position=3)

    assert (tree.grid.name, tree.grid.phone, tree.grid.position) == ("朱红网格", "0571-1", 3)
    assert audited() == ["area:changed"]


def test_holders_point_at_the_community_they_stand_in(tree: CommunityTree) -> None:
    holder = factories.make_person(area=tree.micro_grid)

    assert db.session.get_one(Holder, holder.id).community_id == tree.community.id
    assert db.session.get_one(Area, holder.community_id).kind == "community"
