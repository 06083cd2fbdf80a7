"""Households and residents from Excel: who moved, who is recognised, which rows are refused, how many statements."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import event, select

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.places.conftest import NOW, keeper_of
from tests.places.rosters import HOUSEHOLD_ROWS, ID_LI, ID_WANG, count, messages, reading_of
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Invalid
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Courtyard, Household, ImportRun, Person
from webapp.places.service import imports
from webapp.places.service.imports import Preview


@pytest.fixture
def courtyard(tree: CommunityTree) -> Courtyard:
    return factories.make_courtyard(area=tree.micro_grid, number="Y1")


@both_databases
def test_households_come_in_with_their_residents_and_stays(
    tree: CommunityTree, courtyard: Courtyard, take_over: Callable[..., ImportRun]
) -> None:
    run = take_over("households", HOUSEHOLD_ROWS)

    assert (run.rows, run.added) == (3, 3)
    household = queries.household_by_number(tree.community.id, "1-101")
    assert household is not None
    assert (household.name, household.tenure, household.courtyard_id) == ("刘红梅", "owner", courtyard.id)
    assert household.area_id == courtyard.area_id
    ((stay, _),) = queries.household_stays(household.id)
    assert stay.starts_on == date(2020, 5, 1)
    head, son = queries.people_of(household.id)
    assert (head.name, head.party_member, head.volunteer, head.identity_digest) == ("刘红梅", True, False, None)
    assert (son.identity_tail, son.volunteer, son.number) == ("002X", True, f"P{son.id:06}")
    assert [(one.relation, one.starts_on) for one, _ in queries.stays_of(son.id)] == [("儿子", date(2026, 11, 20))]
    assert "wxm" in son.initials


@both_databases
def test_the_same_rows_again_change_nothing(
    courtyard: Courtyard, take_over: Callable[..., ImportRun], preview: Callable[..., Preview]
) -> None:
    take_over("households", HOUSEHOLD_ROWS)
    again = preview("households", HOUSEHOLD_ROWS)

    assert (again.added, again.changed, again.unchanged) == (0, 0, 3)
    with pytest.raises(AlreadyUsed):
        take_over("households", HOUSEHOLD_ROWS)
    assert (count(Household), count(Person)) == (2, 2)


def test_a_roster_that_was_edited_changes_only_what_differs(
    tree: CommunityTree, courtyard: Courtyard, take_over: Callable[..., ImportRun], preview: Callable[..., Preview]
) -> None:
    take_over("households", HOUSEHOLD_ROWS)
    rows = [dict(row) for row in HOUSEHOLD_ROWS]
    rows[0]["住户电话"] = "13900001234"
    rows[1] |= {"居民姓名": "王晓明", "与户主关系": "长子"}

    found = preview("households", rows)
    assert [(change.row_number, change.fields) for change in found.changes] == [
        (2, ("住户电话",)),
        (3, ("居民姓名", "与户主关系")),
    ]
    take_over("households", rows)

    household = queries.household_by_number(tree.community.id, "1-101")
    assert household is not None
    assert household.phone == "13900001234"
    assert [person.name for person in queries.people_of(household.id)] == ["刘红梅", "王晓明"]
    assert count(Person) == 2


@both_databases
def test_who_stands_in_another_household_of_the_file_has_moved(
    tree: CommunityTree, courtyard: Courtyard, take_over: Callable[..., ImportRun]
) -> None:
    take_over("households", HOUSEHOLD_ROWS)
    other = factories.make_courtyard(area=tree.micro_grids[2], number="Y2")
    take_over(
        "households",
        [
            {
                "户号": "1-102",
                "户主": "李强",
                "院落编号": "Y2",
                "居民姓名": "王小明",
                "证件号码": ID_WANG,
                "入住日期": "2026-11-20",
            },
            {"户号": "1-103", "户主": "李丽", "院落编号": "Y2", "居民姓名": "李丽", "证件号码": ID_LI, "入住日期": ""},
        ],
    )
    moved = queries.household_by_number(tree.community.id, "1-102")
    assert moved is not None
    assert (moved.courtyard_id, moved.area_id) == (other.id, tree.micro_grids[2].id)
    (person,) = queries.people_of(moved.id)
    assert (person.name, person.area_id) == ("王小明", tree.micro_grids[2].id)
    assert [stay.ends_on is None for stay, _ in queries.stays_of(person.id)] == [True, False]
    assert [stay.ends_on for stay, _ in queries.household_stays(moved.id)] == [None, date(2026, 11, 20)]


def test_who_had_left_is_recognised_by_the_identity_number(
    tree: CommunityTree, courtyard: Courtyard, take_over: Callable[..., ImportRun], clerk: Actor
) -> None:
    from webapp.places import service

    take_over("households", HOUSEHOLD_ROWS)
    person = db.session.scalars(select(Person).where(Person.name == "王小明")).one()
    service.move_out(actor=clerk, now=NOW, person=person)
    take_over("households", [{"户号": "1-102", "居民姓名": "王小明", "证件号码": ID_WANG}])

    assert person.active
    assert person.household is not None
    assert person.household.number == "1-102"


def test_bad_households_are_named(tree: CommunityTree, courtyard: Courtyard, preview: Callable[..., Preview]) -> None:
    factories.make_household(area=tree.grid, number="9-1", active=False)
    base = {
        "户号": "",
        "户主": "",
        "院落编号": "",
        "居民姓名": "",
        "证件号码": "",
        "与户主关系": "",
        "入住日期": "",
        "住户电话": "",
    }
    found = preview(
        "households",
        [
            {**base, "户号": "1", "户主": "甲", "院落编号": "Y7"},
            {**base, "户号": "2", "院落编号": "Y1"},
            {**base, "户号": "3", "户主": "丙"},
            {**base, "户号": "4", "户主": "丁", "院落编号": "Y1", "居民姓名": "丁一"},
            {**base, "户号": "4", "户主": "丁丁", "居民姓名": "丁一"},
            {**base, "户号": "4", "居民姓名": "丁二", "证件号码": ID_WANG},
            {**base, "户号": "4", "居民姓名": "丁三", "证件号码": ID_WANG},
            {**base, "户号": "4", "与户主关系": "儿子"},
            {**base, "户号": "4", "居民姓名": "丁四", "入住日期": "2026-11-21"},
            {**base, "户号": "9-1", "户主": "戊", "院落编号": "Y1"},
            {**base, "户号": "5", "户主": "己", "院落编号": "Y1", "住户电话": "1"},
            {**base, "户号": "5", "居民姓名": "己一"},
        ],
    )
    assert [(error.row_number, error.column_title) for error in found.errors] == [
        (2, "院落编号"),
        (3, "户主"),
        (4, "院落编号"),
        (6, "户主"),
        (6, "居民姓名"),
        (8, "证件号码"),
        (9, "居民姓名"),
        (10, "入住日期"),
        (11, "户号"),
        (12, "住户电话"),
    ], messages(found)
    assert "与第 7 行是同一个人" in messages(found)[5]


def test_an_identity_number_that_excel_took_for_a_number_is_refused(
    courtyard: Courtyard, preview: Callable[..., Preview]
) -> None:
    found = preview("households", [{**HOUSEHOLD_ROWS[0], "证件号码": "1.10105E+17"}])
    assert "被 Excel 当成数字" in messages(found)[0]


def test_two_residents_of_one_name_need_identity_numbers(
    courtyard: Courtyard, preview: Callable[..., Preview], take_over: Callable[..., ImportRun]
) -> None:
    rows = [
        {"户号": "1", "户主": "张伟", "院落编号": "Y1", "居民姓名": "张伟", "证件号码": ID_WANG},
        {"户号": "1", "户主": "", "院落编号": "", "居民姓名": "张伟", "证件号码": ID_LI},
    ]
    take_over("households", rows)
    assert count(Person) == 2
    assert "有几位同名" in messages(preview("households", [{"户号": "1", "居民姓名": "张伟"}]))[0]


def test_households_are_imported_one_community_at_a_time(tree: CommunityTree) -> None:
    with pytest.raises(Invalid, match="一个社区一个社区") as refusal:
        imports.preview_of(
            reading_of("households", HOUSEHOLD_ROWS), actor=keeper_of(tree.county), base=tree.county, now=NOW
        )
    assert refusal.value.field == "area_id"


def test_formulas_and_tags_in_cells_are_only_text(courtyard: Courtyard, take_over: Callable[..., ImportRun]) -> None:
    take_over("households", [{"户号": "1", "户主": "=1+1", "院落编号": "Y1", "居民姓名": "<b>王</b>"}])
    assert db.session.scalars(select(Household.name)).one() == "=1+1"
    assert db.session.scalars(select(Person.name)).one() == "<b>王</b>"


# Size -----------------------------------------------------------------------------------------------------------------


@both_databases
def test_three_thousand_residents_come_in_with_few_statements(tree: CommunityTree, clerk: Actor) -> None:
    """``python -m bench.import_residents`` measures 50,000; here the number of statements must not grow with the rows."""
    for number in range(20):
        factories.make_courtyard(area=tree.micro_grid, number=f"Y{number}")
    rows = [
        {
            "户号": f"H{number // 3:05}",
            "户主": f"户主{number // 3}",
            "院落编号": f"Y{number // 3 % 20}",
            "居民姓名": f"居民{number}",
            "居民电话": f"139{number:08}",
        }
        for number in range(3000)
    ]
    ready = reading_of("households", rows)
    statements: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    run = imports.confirm(ready, actor=clerk, base=tree.community, now=NOW)

    assert (run.added, count(Household), count(Person)) == (3000, 1000, 3000)
    assert len(statements) < 60
