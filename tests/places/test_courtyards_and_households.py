"""Courtyards and households: numbers, moves with their history, closing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from webapp.core.errors import Conflict, Invalid, NotAllowed
from webapp.extensions import db
from webapp.places import queries, service
from webapp.places.models import Courtyard, Household, Person

Doing = dict[str, Any]
AUDITED = Callable[[], list[str]]


def add_courtyard(doing: Doing, tree: CommunityTree, number: str = "Y1", **more: Any) -> Courtyard:
    return service.add_courtyard(
        **doing, **{"area": tree.micro_grid, "number": number, "name": f"{number}号院", **more}
    )


def add_household(doing: Doing, **more: Any) -> Household:
    return service.add_household(**doing, **{"number": "12-101", "name": "刘红梅", **more})


def test_what_is_typed_is_kept_in_its_one_form(tree: CommunityTree, doing: Doing) -> None:
    courtyard = add_courtyard(doing, tree, " ｙ 01２ ", name="文林路\u200b12号院 ", lane="文林路", address="Ａ座")

    assert (courtyard.number, courtyard.name, courtyard.address) == ("Y012", "文林路12号院", "A座")
    assert "|wll12hy" in courtyard.initials
    assert courtyard.community_id == tree.community.id


def test_a_number_is_unique_among_its_kind_in_its_community(
    tree: CommunityTree, neighbour: CommunityTree, doing: Doing
) -> None:
    courtyard = add_courtyard(doing, tree)
    factories.make_courtyard(area=neighbour.micro_grid, number="Y1")
    add_household(doing, number="Y1", courtyard=courtyard)

    with pytest.raises(Conflict, match="编号 Y1 在昌宁社区已经有了") as refusal:
        add_courtyard(doing, tree, "y1")
    assert refusal.value.field == "number"


def test_a_number_of_a_closed_courtyard_stays_taken(tree: CommunityTree, doing: Doing) -> None:
    service.close_courtyard(**doing, courtyard=add_courtyard(doing, tree))

    with pytest.raises(Conflict, match="已停用"):
        add_courtyard(doing, tree)


def test_a_courtyard_stands_in_a_community_or_below(tree: CommunityTree, doing: Doing) -> None:
    from tests.places.conftest import NOW, keeper_of

    with pytest.raises(Invalid, match="请选择社区"):
        service.add_courtyard(actor=keeper_of(tree.county), now=NOW, area=tree.street, number="Y1", name="院")


@pytest.mark.parametrize(
    ("field", "value"), [("number", "  "), ("name", "\u200b"), ("name", "院" * 61), ("number", "1" * 31)]
)
def test_a_courtyard_without_number_or_name_is_refused(
    tree: CommunityTree, doing: Doing, field: str, value: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        service.add_courtyard(**doing, **{"area": tree.grid, "number": "Y1", "name": "院", field: value})
    assert refusal.value.field == field


def test_nobody_adds_to_a_community_that_is_not_theirs(neighbour: CommunityTree, doing: Doing) -> None:
    with pytest.raises(NotAllowed):
        add_courtyard(doing, neighbour)


@both_databases
def test_a_courtyard_takes_its_households_and_residents_along(
    tree: CommunityTree, doing: Doing, audited: AUDITED
) -> None:
    courtyard = add_courtyard(doing, tree)
    household = add_household(doing, courtyard=courtyard)
    person = service.add_person(**doing, name="王小明", household=household)
    elsewhere = factories.make_household(courtyard=factories.make_courtyard(area=tree.micro_grid))

    service.move_courtyard(**doing, courtyard=courtyard, area=tree.micro_grids[2])

    assert {courtyard.area_id, household.area_id, person.area_id} == {tree.micro_grids[2].id}
    assert elsewhere.area_id == tree.micro_grid.id
    assert audited()[-1] == "courtyard:moved"


def test_a_courtyard_moves_inside_its_community_only(tree: CommunityTree, neighbour: CommunityTree) -> None:
    from tests.places.conftest import NOW, keeper_of

    actor = keeper_of(tree.community, neighbour.community)
    with pytest.raises(Invalid, match="本社区"):
        service.move_courtyard(
            actor=actor, now=NOW, courtyard=factories.make_courtyard(area=tree.grid), area=neighbour.grid
        )


def test_a_courtyard_in_which_somebody_lives_is_not_closed(tree: CommunityTree, doing: Doing) -> None:
    courtyard = add_courtyard(doing, tree)
    household = add_household(doing, courtyard=courtyard)

    with pytest.raises(Conflict, match="还有 1 户在住"):
        service.close_courtyard(**doing, courtyard=courtyard)
    service.close_household(**doing, household=household)
    service.close_courtyard(**doing, courtyard=courtyard)
    assert not courtyard.active
    with pytest.raises(Invalid, match="已停用"):
        add_household(doing, number="2", courtyard=courtyard)
    service.reopen_courtyard(**doing, courtyard=courtyard)
    assert courtyard.active


def test_a_household_lives_where_its_courtyard_stands(tree: CommunityTree, doing: Doing) -> None:
    courtyard = add_courtyard(doing, tree)
    household = add_household(doing, courtyard=courtyard, tenure="renter", phone="138 0000 1234", on=date(2026, 9, 1))

    assert household.area_id == courtyard.area_id
    assert household.phone == "13800001234"
    ((stay, where),) = queries.household_stays(household.id)
    assert (where, stay.tenure, stay.starts_on, stay.ends_on) == (courtyard, "renter", date(2026, 9, 1), None)


def test_a_household_without_courtyard_needs_an_area(tree: CommunityTree, doing: Doing) -> None:
    with pytest.raises(Invalid, match="院落编号"):
        add_household(doing)
    assert add_household(doing, area=tree.grid).courtyard_id is None


@pytest.mark.parametrize("phone", ["12345678901", "电话", "138000012345"])
def test_a_phone_that_is_none_is_refused(tree: CommunityTree, doing: Doing, phone: str) -> None:
    with pytest.raises(Invalid, match="电话") as refusal:
        add_household(doing, area=tree.grid, phone=phone)
    assert refusal.value.field == "phone"


@both_databases
def test_a_move_keeps_the_history_and_takes_the_residents(tree: CommunityTree, doing: Doing) -> None:
    first, second = add_courtyard(doing, tree, "Y1"), add_courtyard(doing, tree, "Y2", area=tree.micro_grids[1])
    household = add_household(doing, courtyard=first, on=date(2026, 3, 1))
    person = service.add_person(**doing, name="王小明", household=household)

    service.move_household(**doing, household=household, courtyard=second, tenure="renter", on=date(2026, 10, 1))

    assert (household.courtyard_id, household.tenure) == (second.id, "renter")
    assert household.area_id == person.area_id == tree.micro_grids[1].id
    stays = [
        (where.number, stay.tenure, stay.starts_on, stay.ends_on)
        for stay, where in queries.household_stays(household.id)
    ]
    assert stays == [
        ("Y2", "renter", date(2026, 10, 1), None),
        ("Y1", "owner", date(2026, 3, 1), date(2026, 10, 1)),
    ]
    assert [found.id for _, found in queries.former_households(first.id)] == [household.id]


def test_a_move_before_moving_in_or_in_the_future_is_refused(tree: CommunityTree, doing: Doing) -> None:
    household = add_household(doing, area=tree.grid, on=date(2026, 9, 1))
    courtyard = add_courtyard(doing, tree)

    for day in (date(2026, 8, 31), date(2026, 11, 21)):
        with pytest.raises(Invalid) as refusal:
            service.move_household(**doing, household=household, courtyard=courtyard, on=day)
        assert refusal.value.field == "on"


def test_a_move_to_where_one_lives_is_refused(tree: CommunityTree, doing: Doing) -> None:
    courtyard = add_courtyard(doing, tree)
    with pytest.raises(Conflict, match="就住在这里"):
        service.move_household(**doing, household=add_household(doing, courtyard=courtyard), courtyard=courtyard)


def test_a_household_does_not_move_into_another_community(tree: CommunityTree, neighbour: CommunityTree) -> None:
    from tests.places.conftest import NOW, keeper_of

    doing = {"actor": keeper_of(tree.community, neighbour.community), "now": NOW}
    with pytest.raises(Invalid, match="在这里注销"):
        service.move_household(
            **doing,
            household=add_household(doing, area=tree.grid),
            courtyard=factories.make_courtyard(area=neighbour.grid),
        )


def test_closing_a_household_ends_its_stay_and_its_residents_stays(
    tree: CommunityTree, doing: Doing, audited: AUDITED
) -> None:
    household = add_household(doing, area=tree.grid, on=date(2026, 9, 1))
    resident = service.add_person(**doing, name="王小明", household=household)
    worker = service.add_person(**doing, name="曹建锋", household=household, staff=True)

    service.close_household(**doing, household=household, on=date(2026, 11, 20))

    assert not household.active
    assert queries.people_of(household.id) == []
    assert (resident.household_id, resident.active) == (None, False)
    assert (worker.household_id, worker.active) == (None, True), "who serves the community is still there"
    assert queries.household_by_number(tree.community.id, "12-101") is None
    assert audited()[-1] == "household:closed"


def test_a_closed_household_comes_back_with_a_new_stay(tree: CommunityTree, doing: Doing) -> None:
    household = add_household(doing, area=tree.grid, on=date(2026, 9, 1))
    service.close_household(**doing, household=household, on=date(2026, 10, 1))
    with pytest.raises(Conflict, match="已经注销"):
        service.move_household(**doing, household=household, area=tree.micro_grid)

    service.reopen_household(**doing, household=household, courtyard=add_courtyard(doing, tree))

    assert household.active
    assert len(queries.household_stays(household.id)) == 2
    assert queries.household_by_number(tree.community.id, " 12-101") is household


def test_changing_a_household_corrects_its_open_stay(tree: CommunityTree, doing: Doing, audited: AUDITED) -> None:
    household = add_household(doing, area=tree.grid)
    service.change_household(**doing, household=household, number="12-102", name="刘梅", tenure="renter", phone="")

    assert (household.number, household.name, household.initials) == ("12-102", "刘梅", "|lm|")
    assert queries.household_stays(household.id)[0][0].tenure == "renter"
    assert audited()[-1] == "household:changed"


def test_the_audit_log_names_fields_and_numbers_but_no_person(tree: CommunityTree, doing: Doing) -> None:
    from sqlalchemy import select

    from webapp.audit.models import AuditLine

    household = add_household(doing, area=tree.grid, phone="13800001234")
    service.change_household(**doing, household=household, number="9", name="王五", tenure="owner", phone="13900001234")
    service.add_person(**doing, name="王小明", household=household, phone="13700001234")

    details = " ".join(db.session.scalars(select(AuditLine.detail)))
    assert "phone" in details
    for secret in ("刘红梅", "王五", "王小明", "13800001234", "13900001234", "13700001234"):
        assert secret not in details


def test_people_are_counted_for_lists(tree: CommunityTree, doing: Doing) -> None:
    courtyard = add_courtyard(doing, tree)
    household = add_household(doing, courtyard=courtyard)
    for name in ("甲", "乙"):
        factories.make_person(household=household, name=name)
    factories.make_person(household=household, active=False)

    assert queries.resident_counts([household.id]) == {household.id: 2}
    assert queries.household_counts([courtyard.id]) == {courtyard.id: 1}
    assert [type(person) for person in queries.people_of(household.id)] == [Person, Person]
