"""People with their stays and identity numbers; shops with their owners; stations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests import factories
from tests.factories import CommunityTree
from webapp.core.errors import Conflict, Invalid, NotAllowed, NotFound
from webapp.core.signing import keyed_digest
from webapp.places import queries, service

Doing = dict[str, Any]
IDENTITY = "11010519491231002X"
SECRET = "the installation's key"


def test_a_person_is_numbered_by_the_software(tree: CommunityTree, doing: Doing) -> None:
    person = service.add_person(**doing, name="王小明", area=tree.grid)

    assert person.number == f"P{person.id:06}"
    assert person.community_id == tree.community.id


def test_of_an_identity_number_only_its_end_and_a_keyed_digest_are_kept(tree: CommunityTree, doing: Doing) -> None:
    person = service.add_person(**doing, name="王小明", area=tree.grid, identity="１１010519491231002x", secret=SECRET)

    assert person.identity_tail == "002X"
    assert person.identity_digest == keyed_digest(SECRET, "identity", IDENTITY).hex()
    assert IDENTITY not in repr(vars(person))


def test_the_same_identity_number_is_registered_once_in_a_community(
    tree: CommunityTree, neighbour: CommunityTree, doing: Doing
) -> None:
    from tests.places.conftest import NOW, keeper_of

    person = service.add_person(**doing, name="王小明", area=tree.grid, identity=IDENTITY, secret=SECRET)
    with pytest.raises(Conflict, match=person.number) as refusal:
        service.add_person(**doing, name="王晓明", area=tree.grid, identity=IDENTITY, secret=SECRET)
    assert refusal.value.field == "identity"

    there = {"actor": keeper_of(neighbour.community), "now": NOW}
    assert (
        service.add_person(**there, name="王小明", area=neighbour.grid, identity=IDENTITY, secret=SECRET).id
        != person.id
    )


def test_an_identity_number_with_a_wrong_check_digit_is_refused(tree: CommunityTree, doing: Doing) -> None:
    with pytest.raises(Invalid, match="校验位"):
        service.add_person(**doing, name="王小明", area=tree.grid, identity="110105194912310021", secret=SECRET)


def test_changing_a_person_leaves_the_identity_number_alone(
    tree: CommunityTree, doing: Doing, audited: Callable[[], list[str]]
) -> None:
    person = service.add_person(**doing, name="王小明", area=tree.grid, identity=IDENTITY, secret=SECRET)
    service.change_person(**doing, person=person, name="王明", phone="0571-88001234", party_member=True)

    assert (person.name, "|wm|" in person.initials, person.party_member, person.identity_tail) == (
        "王明",
        True,
        True,
        "002X",
    )
    assert audited() == ["person:added", "person:changed"]


def test_a_person_moves_from_one_household_to_another(tree: CommunityTree, doing: Doing) -> None:
    first = factories.make_household(area=tree.micro_grid)
    second = factories.make_household(area=tree.micro_grids[1])
    person = service.add_person(**doing, name="王小明", household=first, relation="儿子", on=date(2026, 9, 1))

    service.move_in(**doing, person=person, household=second, relation="租客", on=date(2026, 10, 1))

    assert (person.household_id, person.area_id) == (second.id, tree.micro_grids[1].id)
    assert [(household.id, stay.relation, stay.ends_on) for stay, household in queries.stays_of(person.id)] == [
        (second.id, "租客", None),
        (first.id, "儿子", date(2026, 10, 1)),
    ]
    assert [left.id for _, left in queries.former_residents(first.id)] == [person.id]
    with pytest.raises(Conflict, match="已经在这一户"):
        service.move_in(**doing, person=person, household=second)


def test_who_moves_out_is_kept_and_can_come_back(tree: CommunityTree, doing: Doing) -> None:
    household = factories.make_household(area=tree.micro_grid)
    person = service.add_person(**doing, name="王小明", household=household, on=date(2026, 9, 1))

    with pytest.raises(Invalid, match="早于入住日期"):
        service.move_out(**doing, person=person, on=date(2026, 8, 1))
    service.move_out(**doing, person=person)
    assert (person.household_id, person.active) == (None, False)
    with pytest.raises(Conflict, match="不用迁出"):
        service.move_out(**doing, person=person)

    service.move_in(**doing, person=person, household=household)
    assert (person.household_id, person.active) == (household.id, True)


def test_nobody_moves_into_a_closed_household_or_another_community(
    tree: CommunityTree, neighbour: CommunityTree
) -> None:
    from tests.places.conftest import NOW, keeper_of

    doing = {"actor": keeper_of(tree.community, neighbour.community), "now": NOW}
    person = service.add_person(**doing, name="王小明", area=tree.grid)
    with pytest.raises(Invalid, match="已经注销"):
        service.move_in(**doing, person=person, household=factories.make_household(area=tree.grid, active=False))
    with pytest.raises(Invalid, match="本社区"):
        service.move_in(**doing, person=person, household=factories.make_household(area=neighbour.grid))


def test_a_county_officer_serves_above_communities_and_may_live_in_one(tree: CommunityTree) -> None:
    from tests.places.conftest import NOW, keeper_of

    doing = {"actor": keeper_of(tree.county), "now": NOW}
    officer = service.add_person(**doing, name="赵县", area=tree.county, staff=True)
    assert officer.community_id == tree.county.id

    service.move_in(**doing, person=officer, household=factories.make_household(area=tree.grid))
    assert officer.community_id == tree.community.id


def test_a_person_named_in_a_form_is_found_by_number_or_full_name(tree: CommunityTree) -> None:
    person = factories.make_person(area=tree.grid, name="王建国", number="P000077")

    assert queries.person_typed(tree.community.id, " ｐ000077 ") is person
    assert queries.person_typed(tree.community.id, "王建国") is person
    assert queries.person_typed(tree.community.id, "  ") is None
    for unknown in ("王建", "王建国国", "P000078", "%"):
        with pytest.raises(Invalid, match="没有找到"):
            queries.person_typed(tree.community.id, unknown)
    factories.make_person(area=tree.grid, name="王建国")
    with pytest.raises(Invalid, match="同名"):
        queries.person_typed(tree.community.id, "王建国")


def test_a_shop_has_its_owner_as_a_person_for_recusal(
    tree: CommunityTree, doing: Doing, audited: Callable[[], list[str]]
) -> None:
    owner = factories.make_person(area=tree.grid)
    shop = service.add_shop(**doing, area=tree.grid, number="s 8", name="老王五金店", owner=owner, keeper="王建国")

    assert (shop.number, shop.owner_id, queries.owner_of(shop)) == ("S8", owner.id, owner)
    service.change_shop(**doing, shop=shop, number="S9", name="老王五金", trade="五金", phone="88001234")
    assert (shop.number, shop.owner_id, shop.phone, "|lwwj|" in shop.initials) == ("S9", None, "88001234", True)
    assert audited() == ["shop:added", "shop:changed"]


def test_a_shop_moves_and_closes_and_reopens(tree: CommunityTree, neighbour: CommunityTree, doing: Doing) -> None:
    shop = factories.make_shop(area=tree.grid)
    service.move_shop(**doing, shop=shop, area=tree.micro_grids[2])
    assert shop.area_id == tree.micro_grids[2].id
    with pytest.raises(NotAllowed):
        service.move_shop(**doing, shop=shop, area=neighbour.grid)

    service.close_shop(**doing, shop=shop)
    assert not shop.active
    service.reopen_shop(**doing, shop=shop)
    assert shop.active


def test_a_station_has_a_name_of_its_own_in_its_area(tree: CommunityTree, doing: Doing) -> None:
    station = service.add_station(**doing, area=tree.community, name="昌宁服务站", hours="8:30–17:30")

    with pytest.raises(Conflict, match="已经有服务站"):
        service.add_station(**doing, area=tree.community, name="昌宁服务站")
    service.change_station(**doing, station=station, area=tree.grid, name="红色驿站", phone="0571-5550101")
    assert (station.area_id, station.name) == (tree.grid.id, "红色驿站")
    service.close_station(**doing, station=station)
    assert queries.stations_in((tree.community.path,)) == []
    service.reopen_station(**doing, station=station)
    assert queries.stations_in((tree.community.path,)) == [station]


def test_a_look_at_full_names_needs_a_reason_and_leaves_a_line(
    tree: CommunityTree, doing: Doing, audited: Callable[[], list[str]]
) -> None:
    person = factories.make_person(area=tree.grid)
    for empty in ("", "  ", "看看"):
        with pytest.raises(Invalid, match="原因"):
            service.note_look(**doing, holder=person, reason=empty)
    service.note_look(**doing, holder=person, reason="电话核实入住情况")
    assert audited() == ["person:unmasked"]


def test_holders_of_other_communities_do_not_exist(tree: CommunityTree, neighbour: CommunityTree) -> None:
    scope = (tree.community.path,)
    theirs = {
        "courtyard": factories.make_courtyard(area=neighbour.grid),
        "household": factories.make_household(area=neighbour.grid),
        "person": factories.make_person(area=neighbour.grid),
        "shop": factories.make_shop(area=neighbour.grid),
    }
    for kind, holder in theirs.items():
        assert queries.holder_in_scope(holder.id, kind, (neighbour.community.path,)) is holder
        assert queries.holder_in_scope(holder.id, None, (tree.street.path,)) is holder
        for asked in (kind, None):
            with pytest.raises(NotFound):
                queries.holder_in_scope(holder.id, asked, scope)
    with pytest.raises(NotFound):
        queries.holder_in_scope(theirs["shop"].id, "household", (neighbour.community.path,))
    with pytest.raises(NotFound):
        queries.station(factories.make_station(area=neighbour.grid).id, scope)
