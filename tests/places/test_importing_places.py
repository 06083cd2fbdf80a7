"""Areas, courtyards and shops from Excel: every bad row is named, the same file twice changes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.places.conftest import NOW, keeper_of
from tests.places.rosters import COURTYARD_ROWS, Rows, count, file_of, messages, reading_of
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict
from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Area, Courtyard, ImportRun, Shop
from webapp.places.service import imports
from webapp.places.service.imports import Preview

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


# Courtyards and shops -------------------------------------------------------------------------------------------------


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
