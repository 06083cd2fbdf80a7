"""Rosters from Excel: every bad row is named, all or nothing, the same file twice changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, func, select

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.places.conftest import NOW, keeper_of
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed
from webapp.core.sheets import write_table
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, Courtyard, Household, ImportRun, Person, Shop
from webapp.places.service import imports
from webapp.places.service.imports import Preview, Reading

SECRET = "the installation's key"
ID_WANG, ID_LI = "11010519491231002X", "440524188001010014"
Rows = list[dict[str, Any]]


def file_of(rows: Rows, encoding: str = "utf-8-sig") -> bytes:
    """A CSV as an office saves it, with the columns that the rows name."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, titles)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def reading_of(register: str, rows: Rows | bytes) -> Reading:
    data = rows if isinstance(rows, bytes) else file_of(rows)
    return imports.read(imports.register_of(register), data, f"{register}.csv", secret=SECRET)


@pytest.fixture
def preview(tree: CommunityTree, clerk: Actor) -> Callable[..., Preview]:
    return lambda register, rows, base=None: imports.preview_of(
        reading_of(register, rows), actor=clerk, base=base or tree.community, now=NOW
    )


@pytest.fixture
def take_over(tree: CommunityTree, clerk: Actor) -> Callable[..., ImportRun]:
    return lambda register, rows, base=None: imports.confirm(
        reading_of(register, rows), actor=clerk, base=base or tree.community, now=NOW
    )


def messages(preview: Preview) -> list[str]:
    return [str(error) for error in preview.errors]


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


# Areas ----------------------------------------------------------------------------------------------------------------


AREA_ROWS: Rows = [
    {"上级区域": "紫色网格/一片区", "类型": "微网格", "名称": "一组", "编号": "", "颜色": "", "排序": ""},
    {"上级区域": "紫色网格", "类型": "片区", "名称": "一片区", "编号": "0301", "颜色": "", "排序": "1"},
    {"上级区域": "", "类型": "网格", "名称": "紫色网格", "编号": "03", "颜色": "紫色", "排序": "9"},
]


@both_databases
def test_areas_come_in_with_parents_anywhere_in_the_file(
    tree: CommunityTree, take_over: Callable[..., ImportRun]
) -> None:
    run = take_over("areas", AREA_ROWS)

    assert (run.rows, run.added, run.changed) == (3, 3, 0)
    group = db.session.scalars(select(Area).where(Area.name == "一组")).one()
    assert queries.area_label(group) == "紫色网格 · 一片区 · 一组"
    assert queries.colour_of(group) == "purple"
    assert group.path.startswith(tree.community.path)


def test_an_area_that_is_there_is_changed_in_what_the_file_fills(
    tree: CommunityTree, take_over: Callable[..., ImportRun]
) -> None:
    tree.grid.phone = "0571-1"
    run = take_over(
        "areas", [{"上级区域": "昌宁社区", "类型": "网格", "名称": "红色网格", "编号": "", "颜色": "蓝色", "排序": "7"}]
    )

    assert (run.added, run.changed) == (0, 1)
    assert (tree.grid.colour, tree.grid.position, tree.grid.number, tree.grid.phone) == ("blue", 7, "01", "0571-1")


def test_bad_areas_are_named_by_row_and_column(preview: Callable[..., Preview]) -> None:
    found = preview(
        "areas",
        [
            {"上级区域": "没有的网格", "类型": "片区", "名称": "甲", "颜色": ""},
            {"上级区域": "一片区", "类型": "片区", "名称": "乙", "颜色": ""},
            {"上级区域": "红色网格", "类型": "片区", "名称": "丙", "颜色": "红色"},
            {"上级区域": "红色网格", "类型": "社区", "名称": "丁", "颜色": ""},
            {"上级区域": "红色网格", "类型": "网格", "名称": "一片区", "颜色": ""},
            {"上级区域": "", "类型": "网格", "名称": "新", "颜色": ""},
            {"上级区域": "", "类型": "网格", "名称": "新", "颜色": ""},
            {"上级区域": "", "类型": "楼栋", "名称": "", "颜色": "黑色"},
        ],
    )

    assert [(error.row_number, error.column_title) for error in found.errors] == [
        (2, "上级区域"),
        (3, "上级区域"),
        (4, "颜色"),
        (5, "类型"),
        (6, "类型"),
        (8, "名称"),
        (9, "类型"),
        (9, "名称"),
        (9, "颜色"),
    ]
    assert "红色网格/一片区" in messages(found)[1]
    assert not found.can_be_confirmed


# Courtyards and shops -------------------------------------------------------------------------------------------------


COURTYARD_ROWS: Rows = [
    {
        "院落编号": "y001",
        "院落名称": "文林路1号院",
        "所属区域": "红色网格/一片区",
        "地址": "文林路 1 号",
        "街巷": "文林路",
        "排序": 1,
    },
    {"院落编号": "Y002", "院落名称": "文林路2号院", "所属区域": "02", "地址": "", "街巷": "", "排序": ""},
]


@both_databases
def test_courtyards_come_in_and_the_same_file_changes_nothing(
    tree: CommunityTree, preview: Callable[..., Preview], take_over: Callable[..., ImportRun]
) -> None:
    assert preview("courtyards", COURTYARD_ROWS).can_be_confirmed
    assert count(Courtyard) == 0, "a preview writes nothing"
    take_over("courtyards", COURTYARD_ROWS)
    first = queries.courtyard_by_number(tree.community.id, "Y001")
    assert first is not None
    assert (first.area_id, first.lane, first.position) == (tree.micro_grid.id, "文林路", 1)
    assert "|wll1hy" in first.initials

    again = preview("courtyards", COURTYARD_ROWS)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 2)
    with pytest.raises(AlreadyUsed, match="已经导入过"):
        take_over("courtyards", COURTYARD_ROWS)
    same_rows_in_another_file = file_of(COURTYARD_ROWS, "gb18030")
    with pytest.raises(Conflict, match="一样"):
        take_over("courtyards", same_rows_in_another_file)
    assert (count(Courtyard), count(ImportRun)) == (2, 1)


@both_databases
def test_an_import_can_follow_the_first_one_by_hand(
    tree: CommunityTree, take_over: Callable[..., ImportRun], clerk: Actor
) -> None:
    """Keys handed out in bulk do not collide with the database's own."""
    from webapp.places import service

    take_over("courtyards", COURTYARD_ROWS)
    by_hand = service.add_courtyard(actor=clerk, now=NOW, area=tree.grid, number="Y9", name="九号院")
    take_over("courtyards", [{"院落编号": "Y003", "院落名称": "三号院"}])

    assert len(set(db.session.scalars(select(Courtyard.id)))) == 4
    assert by_hand.id in set(db.session.scalars(select(Courtyard.id)))


@both_databases
def test_a_courtyard_that_the_file_puts_elsewhere_moves_with_its_people(
    tree: CommunityTree, preview: Callable[..., Preview], take_over: Callable[..., ImportRun]
) -> None:
    courtyard = factories.make_courtyard(area=tree.micro_grid, number="Y001", name="旧名", address="旧址")
    person = factories.make_person(household=factories.make_household(courtyard=courtyard))
    rows = [{"院落编号": "Y001", "院落名称": "新名", "所属区域": "黄色网格", "地址": ""}]

    assert preview("courtyards", rows).changes[0].fields == ("院落名称", "所属区域")
    take_over("courtyards", rows)

    assert (courtyard.name, courtyard.address, courtyard.area_id) == ("新名", "旧址", tree.grids[1].id)
    assert person.area_id == tree.grids[1].id
    assert "|xm|" in courtyard.initials


def test_a_blank_area_leaves_a_courtyard_where_it_stands(
    tree: CommunityTree, take_over: Callable[..., ImportRun]
) -> None:
    courtyard = factories.make_courtyard(area=tree.micro_grid, number="Y001")
    take_over("courtyards", [{"院落编号": "Y001", "院落名称": "新名", "所属区域": ""}])
    assert courtyard.area_id == tree.micro_grid.id


def test_bad_courtyards_are_named(tree: CommunityTree, preview: Callable[..., Preview]) -> None:
    factories.make_courtyard(area=tree.grid, number="Y9", active=False)
    found = preview(
        "courtyards",
        [
            {"院落编号": "Y1", "院落名称": "甲", "所属区域": "不存在", "排序": ""},
            {"院落编号": "Y2", "院落名称": "乙", "所属区域": "", "排序": "前面"},
            {"院落编号": "Y3", "院落名称": "丙", "所属区域": "", "排序": ""},
            {"院落编号": "y 3", "院落名称": "丁", "所属区域": "", "排序": ""},
            {"院落编号": "Y9", "院落名称": "戊", "所属区域": "", "排序": ""},
            {"院落编号": "", "院落名称": "己" * 61, "所属区域": "", "排序": ""},
        ],
    )
    assert messages(found) == [
        "第 2 行「所属区域」导入范围里没有这个区域，请核对名称或编号。",
        "第 3 行「排序」请填整数，例如 3。",
        "第 5 行「院落编号」与第 4 行的编号重复。",
        "第 6 行「院落编号」这个编号在系统里已停用，请先启用它，或换一个编号。",
        "第 7 行「院落编号」没有填，这一列必须填。",
        "第 7 行「院落名称」太长，最多 60 个字。",
    ]


def test_shops_of_several_communities_come_in_one_file(tree: CommunityTree, neighbour: CommunityTree) -> None:
    owner = factories.make_person(area=tree.grid, number="P000077")
    rows: Rows = [
        {
            "商铺编号": "S1",
            "店名": "甲店",
            "所属区域": "昌宁社区/红色网格",
            "电话": "138 0000 1234",
            "店主居民编号": "p000077",
        },
        {"商铺编号": "S1", "店名": "乙店", "所属区域": "安和社区", "电话": "0571-88001234", "店主居民编号": ""},
    ]
    county = {"actor": keeper_of(tree.county), "now": NOW, "base": tree.county}

    run = imports.confirm(reading_of("shops", rows), **county)

    assert run.added == 2
    shops = {shop.name: shop for shop in db.session.scalars(select(Shop))}
    assert (shops["甲店"].owner_id, shops["甲店"].phone) == (owner.id, "13800001234")
    assert (shops["甲店"].community_id, shops["乙店"].community_id) == (tree.community.id, neighbour.community.id)
    refused = imports.preview_of(reading_of("shops", [{**rows[1], "所属区域": "", "店主居民编号": ""}]), **county)
    assert "请填写社区" in messages(refused)[0]
    stranger = imports.preview_of(reading_of("shops", [{**rows[1], "店主居民编号": "P000077"}]), **county)
    assert "本社区没有这个居民编号" in messages(stranger)[0]


# Households and residents ---------------------------------------------------------------------------------------------


HOUSEHOLD_ROWS: Rows = [
    {"户号": "1-101", "户主": "刘红梅", "院落编号": "Y1", "居住情况": "房主", "住户电话": "13800001234", "居民姓名": "刘红梅", "与户主关系": "户主", "证件号码": "", "党员": "是", "志愿者": "", "入住日期": "2020-5-1"},
    {"户号": "1-101", "户主": "", "院落编号": "", "居住情况": "", "住户电话": "", "居民姓名": "王小明", "与户主关系": "儿子", "证件号码": ID_WANG, "党员": "", "志愿者": "是", "入住日期": ""},
    {"户号": "1-102", "户主": "李强", "院落编号": "Y1", "居住情况": "租户", "住户电话": "", "居民姓名": "", "与户主关系": "", "证件号码": "", "党员": "", "志愿者": "", "入住日期": ""},
]  # fmt: skip


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


# All or nothing -------------------------------------------------------------------------------------------------------


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
