"""Finding people and places: by name, number, initials, phone; only in one's own areas; on both databases alike."""

from __future__ import annotations

import pytest

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from webapp.extensions import db
from webapp.places import queries
from webapp.places.queries import Filter


@pytest.fixture
def scope(tree: CommunityTree, neighbour: CommunityTree) -> tuple[str, ...]:
    """Three households here, one next door."""
    courtyard = factories.make_courtyard(area=tree.micro_grid, number="Y12", name="文林路12号院", lane="文林路")
    factories.make_household(courtyard=courtyard, number="12-101", name="刘红梅", phone="13800001234")
    factories.make_household(courtyard=courtyard, number="12-102", name="单小雪", phone="13900005678", tenure="renter")
    factories.make_household(
        area=tree.micro_grids[2], number="30-1", name="100%王", phone="0571-88001234", active=False
    )
    factories.make_household(area=neighbour.grid, number="12-101", name="刘红梅", phone="13800001234")
    return (tree.community.path,)


def found(scope: tuple[str, ...], **wanted: str) -> list[str]:
    return [household.number for household in db.session.scalars(queries.households(scope, Filter(**wanted)))]


@both_databases
def test_households_are_found_in_every_way_a_clerk_types(scope: tuple[str, ...]) -> None:
    assert found(scope) == ["12-101", "12-102"]
    assert found(scope, text="红梅") == ["12-101"]
    assert found(scope, text=" １２-1 ") == ["12-101", "12-102"]
    assert found(scope, text="LHM") == ["12-101"]
    assert found(scope, text="lh") == ["12-101"]
    assert found(scope, text="sxx") == found(scope, text="dxx") == ["12-102"], "a surname by each of its readings"
    assert found(scope, text="5678") == ["12-102"]
    assert found(scope, text="567") == []
    assert found(scope, text="梅红") == found(scope, text="hm") == []


@both_databases
def test_signs_of_sql_are_only_signs(scope: tuple[str, ...]) -> None:
    for text in ("%", "_", "'", '"', "\\", "' OR 1=1 --", "|", "\0", "🙂", "\ud800"):
        assert len(found(scope, text=text)) in (0, 2), text
    assert found(scope, text="%", state="all") == ["30-1"]
    assert found(scope, text="0%") == []


@both_databases
def test_lists_are_narrowed_by_area_state_and_tenure(scope: tuple[str, ...], tree: CommunityTree) -> None:
    assert found(scope, state="all") == ["12-101", "12-102", "30-1"]
    assert found(scope, state="closed") == ["30-1"]
    assert found(scope, tenure="renter") == ["12-102"]
    assert found(scope, area=tree.grids[1].path, state="all") == ["30-1"]
    assert found((), state="all") == []
    assert len(found((tree.street.path,))) == 3


def test_courtyards_are_found_by_their_lane_and_stand_in_its_order(scope: tuple[str, ...], tree: CommunityTree) -> None:
    factories.make_courtyard(area=tree.grid, number="Y2", name="二号院", lane="文林路", position=-1)

    numbers = [one.number for one in db.session.scalars(queries.courtyards(scope, Filter(text="文林")))]
    assert numbers == ["Y2", "Y12"]
    assert [one.number for one in db.session.scalars(queries.courtyards(scope, Filter(text="wll")))] == ["Y12"]


def test_people_are_narrowed_by_what_they_are(scope: tuple[str, ...], tree: CommunityTree) -> None:
    factories.make_person(area=tree.grid, name="党员甲", party_member=True)
    factories.make_person(area=tree.grid, name="志愿乙", volunteer=True)

    def names(**wanted: str) -> list[str]:
        return [person.name for person in db.session.scalars(queries.people(scope, Filter(**wanted)))]

    assert names() == ["党员甲", "志愿乙"]
    assert names(role="party_member") == ["党员甲"]
    assert names(role="staff") == names(role="nonsense") == []
    assert names(text="5678", role="volunteer") == ["志愿乙"]


def test_shops_are_found_by_keeper_trade_and_address(scope: tuple[str, ...], tree: CommunityTree) -> None:
    shop = factories.make_shop(
        area=tree.grid, name="老王五金店", trade="五金杂货", keeper="王建国", address="文林路 8 号"
    )

    for text in ("老王", "lww", "杂货", "建国", "文林路 8", "4321", shop.number.lower()):
        assert [one.name for one in db.session.scalars(queries.shops(scope, Filter(text=text)))] == ["老王五金店"], text
    assert db.session.scalars(queries.shops(scope, Filter(text="理发"))).all() == []


def test_a_household_is_found_by_its_number_in_its_own_community_only(
    scope: tuple[str, ...], tree: CommunityTree, neighbour: CommunityTree
) -> None:
    here = queries.household_by_number(tree.community.id, "１２-１０１")
    there = queries.household_by_number(neighbour.community.id, "12-101")

    assert here is not None
    assert there is not None
    assert here.id != there.id
    assert queries.household_by_number(tree.community.id, "30-1") is None, "closed"
    assert queries.household_by_number(tree.community.id, "") is None
