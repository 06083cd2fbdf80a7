"""Schemes at the desk: the list, ready-made ones, settings, categories; and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.personas import sign_in
from webapp.audit.models import AuditLine
from webapp.extensions import db
from webapp.schemes import queries
from webapp.schemes.models import Category, Scheme
from webapp.web.application import Application


def settings(**more: Any) -> dict[str, Any]:
    """A good form of settings."""
    return {
        "name": "七号楼积分",
        "purpose": "楼道干净，邻里和睦。",
        "inspections_post": "at_once",
        "claims_post": "confirmed",
        "base": "0",
        "month_end_day": "25",
        "objection_days": "7",
        "reviews": "2",
        **more,
    }


def new_scheme(tree: CommunityTree, **more: Any) -> dict[str, Any]:
    return settings(**{"area_id": tree.community.id, "holder_kind": "household", "audience": "all", **more})


def actions() -> list[str]:
    return list(db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)))


@both_databases
def test_the_list_says_what_each_scheme_is(desk: FlaskClient, scheme: Scheme) -> None:
    page = desk.get("/desk/schemes").text
    assert "善治积分·居民" in page
    assert "记录后立即入账" in page
    assert "月末公示后入账" in page
    assert "加载现成的办法" in page


def test_without_schemes_the_list_says_what_to_do(desk: FlaskClient) -> None:
    assert "还没有积分办法" in desk.get("/desk/schemes").text


def test_a_grid_worker_reads_the_scheme_above_and_changes_nothing(reader: FlaskClient, scheme: Scheme) -> None:
    assert scheme.name in reader.get("/desk/schemes").text
    page = reader.get(f"/desk/schemes/{scheme.id}")
    assert page.status_code == 200
    assert "导出细则" in page.text
    assert "修改设置" not in page.text
    assert reader.get(f"/desk/schemes/{scheme.id}/edit").status_code == 403
    assert reader.post("/desk/schemes/presets", data={"code": "shop"}).status_code == 403


def test_a_secretary_only_reads_the_scheme_of_the_county(
    desk: FlaskClient, tree: CommunityTree, scheme: Scheme
) -> None:
    county = factories.make_scheme(area=tree.county, code="volunteer")
    page = desk.get(f"/desk/schemes/{county.id}").text
    assert "您只能查看" in page
    assert "修改设置" not in page
    assert desk.get(f"/desk/schemes/{county.id}/edit").status_code == 403
    assert desk.post(f"/desk/schemes/{county.id}/edit", data=settings()).status_code == 403
    db.session.rollback()
    assert db.session.get_one(Scheme, county.id).name != "七号楼积分"


def test_another_communitys_scheme_is_not_found(desk: FlaskClient, neighbour: CommunityTree) -> None:
    theirs = factories.make_scheme(area=neighbour.community)
    category = queries.categories(theirs.id)[0].id
    rule = factories.make_rule(scheme=theirs).rule_id
    base = f"/desk/schemes/{theirs.id}"
    db.session.commit()
    assert theirs.name not in desk.get("/desk/schemes").text
    gets = ("", "/edit", "/categories/new", f"/categories/{category}/edit", "/rules/new", f"/rules/{rule}")
    gets += (f"/rules/{rule}/edit", f"/rules/{rule}/end", "/import", "/import/template", f"/import/{'0' * 64}")
    assert {path: desk.get(base + path).status_code for path in gets} == dict.fromkeys(gets, 404)
    posts = (
        "/export",
        "/edit",
        "/categories/new",
        "/rules/new",
        f"/rules/{rule}/edit",
        f"/rules/{rule}/end",
        "/import",
    )
    assert {path: desk.post(base + path).status_code for path in posts} == dict.fromkeys(posts, 404)


def test_a_rule_or_category_is_only_found_under_its_own_scheme(
    desk: FlaskClient, tree: CommunityTree, scheme: Scheme
) -> None:
    other = factories.make_scheme(area=tree.community, code="shop")
    rule = factories.make_rule(scheme=other)
    category = queries.categories(other.id)[0].id
    assert desk.get(f"/desk/schemes/{scheme.id}/rules/{rule.rule_id}").status_code == 404
    assert desk.get(f"/desk/schemes/{scheme.id}/categories/{category}/edit").status_code == 404
    assert desk.get(f"/desk/schemes/{scheme.id}?category={category}").status_code == 404


# Ready-made schemes ---------------------------------------------------------------------------------------------------


def test_a_ready_made_scheme_is_loaded_with_what_it_rolls_up_to(desk: FlaskClient, tree: CommunityTree) -> None:
    assert "会一起加载" in desk.get("/desk/schemes/presets").text
    answer = desk.post("/desk/schemes/presets", data={"code": "household", "area_id": tree.community.id})
    assert answer.status_code == 303
    page = desk.get(answer.headers["Location"]).text
    assert "已加载「善治积分·居民」" in page
    assert "门前屋后干净" in page
    assert set(queries.codes_in(tree.community)) == {"household", "courtyard"}
    shown = desk.get("/desk/schemes/presets").text
    assert shown.count("看看") == 2
    assert "会一起加载" not in shown


def test_a_scheme_that_is_there_is_not_loaded_again(desk: FlaskClient, tree: CommunityTree, scheme: Scheme) -> None:
    answer = desk.post("/desk/schemes/presets", data={"code": "household", "area_id": tree.community.id})
    assert answer.status_code == 409
    assert "已经有这个积分办法" in answer.text


def test_nothing_is_loaded_into_another_community_or_by_another_code(
    desk: FlaskClient, tree: CommunityTree, neighbour: CommunityTree
) -> None:
    wanted = {"code": "shop", "area_id": neighbour.community.id}
    assert desk.post("/desk/schemes/presets", data=wanted).status_code == 404
    wanted = {"code": "../shop", "area_id": tree.community.id}
    assert desk.post("/desk/schemes/presets", data=wanted).status_code == 404
    assert db.session.scalars(select(Scheme)).all() == []


# Settings -------------------------------------------------------------------------------------------------------------


@both_databases
def test_a_scheme_is_added_with_all_its_settings(desk: FlaskClient, tree: CommunityTree, scheme: Scheme) -> None:
    courtyards = queries.codes_in(tree.community)["courtyard"]
    more = {"code": "building-7", "spendable": "y", "floor": "-5.5", "base": "100", "rolls_up_to": courtyards}
    answer = desk.post(
        "/desk/schemes/new", data=new_scheme(tree, **more, lapse_month="12", lapse_day="31", reviews="1")
    )
    assert answer.status_code == 303, answer.text
    made = db.session.get_one(Scheme, queries.codes_in(tree.community)["building-7"])
    assert (made.floor, made.base, made.rolls_up_to_id, made.reviews) == (-55, 1000, courtyards, 1)
    page = desk.get(answer.headers["Location"]).text
    assert "每年 12 月 31 日" in page
    assert "−5.5 分" in page
    assert "还没有一级指标和细则" in page
    assert "scheme:added" in actions()


def test_an_empty_floor_is_no_floor_and_an_empty_code_gets_one(desk: FlaskClient, tree: CommunityTree) -> None:
    for code in ("own-1", "own-2"):
        answer = desk.post("/desk/schemes/new", data=new_scheme(tree))
        assert answer.status_code == 303
        made = db.session.get_one(Scheme, queries.codes_in(tree.community)[code])
        assert made.floor is None
    assert "没有下限" in desk.get(answer.headers["Location"]).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "请填写积分办法的名称"),
        ({"code": "七号楼"}, "代号只用小写字母"),
        ({"base": "十分"}, "分值请填数字"),
        ({"base": "-1"}, "基础分不能是负数"),
        ({"floor": "1"}, "最低余额不能高于基础分"),
        ({"floor": "0.55"}, "最多一位小数"),
        ({"lapse_month": "2", "lapse_day": "30"}, "没有这个日期"),
        ({"lapse_month": "2"}, "要一起填"),
        ({"month_end_day": "31"}, "请填 1 到 28 的整数"),
        ({"objection_days": "61"}, "请填 0 到 60 的整数"),
        ({"reviews": "3"}, "请填 0 到 2 的整数"),
        ({"audience": "volunteer"}, "只有记给个人的积分办法"),
    ],
)
def test_settings_that_cannot_be_come_back_as_typed(
    desk: FlaskClient, tree: CommunityTree, typed: dict[str, str], words: str
) -> None:
    answer = desk.post("/desk/schemes/new", data=new_scheme(tree, **{"name": "很特别的名字", **typed}))
    assert answer.status_code == 422
    assert words in answer.text
    assert typed.get("name", "很特别的名字") in answer.text
    assert "楼道干净，邻里和睦。" in answer.text
    assert db.session.scalars(select(Scheme)).all() == []


def test_only_households_roll_up_and_only_within_their_areas(
    desk: FlaskClient, tree: CommunityTree, neighbour: CommunityTree, scheme: Scheme
) -> None:
    courtyards = queries.codes_in(tree.community)["courtyard"]
    answer = desk.post("/desk/schemes/new", data=new_scheme(tree, holder_kind="shop", rolls_up_to=courtyards))
    assert answer.status_code == 422
    assert "只有住户的积分能汇总" in answer.text
    theirs = factories.make_scheme(area=neighbour.community, code="courtyard")
    assert desk.post("/desk/schemes/new", data=new_scheme(tree, rolls_up_to=theirs.id)).status_code == 404


def test_a_used_code_is_refused_under_its_field(desk: FlaskClient, tree: CommunityTree, scheme: Scheme) -> None:
    answer = desk.post("/desk/schemes/new", data=new_scheme(tree, code="household"))
    assert answer.status_code == 422
    assert "已经有这个积分办法" in answer.text


def test_no_scheme_is_added_in_another_community(desk: FlaskClient, neighbour: CommunityTree) -> None:
    db.session.commit()
    assert desk.post("/desk/schemes/new", data=new_scheme(neighbour)).status_code == 404


def test_settings_are_changed_and_the_scheme_stopped(desk: FlaskClient, scheme: Scheme) -> None:
    page = desk.get(f"/desk/schemes/{scheme.id}/edit").text
    assert 'value="善治积分·居民"' in page
    answer = desk.post(f"/desk/schemes/{scheme.id}/edit", data=settings(rolls_up_to="0"))
    assert answer.status_code == 303
    db.session.refresh(scheme)
    assert (scheme.name, scheme.active, scheme.rolls_up_to_id, scheme.floor) == ("七号楼积分", False, None, None)
    assert (scheme.code, scheme.holder_kind) == ("household", "household")
    page = desk.get(f"/desk/schemes/{scheme.id}").text
    assert "已停用，不再记分" in page
    assert "scheme:changed" in actions()


def test_who_reviews_first_is_chosen_and_shown(desk: FlaskClient, scheme: Scheme) -> None:
    address = f"/desk/schemes/{scheme.id}"
    typed = settings(active="y", rolls_up_to=str(scheme.rolls_up_to_id))
    assert desk.post(f"{address}/edit", data={**typed, "first_reviewers": ["grid_lead"]}).status_code == 303
    db.session.refresh(scheme)
    assert scheme.first_reviewers == "grid_lead"
    assert "网格长" in desk.get(address).text.split("谁来初审")[1][:80]
    assert desk.post(f"{address}/edit", data={**typed, "first_reviewers": ["police_officer"]}).status_code == 422
    assert desk.post(f"{address}/edit", data=typed).status_code == 303
    db.session.refresh(scheme)
    assert scheme.first_reviewers == "courtyard_head,grid_worker,grid_lead"


def test_a_shop_scheme_asks_neither_audience_nor_roll_up(desk: FlaskClient, tree: CommunityTree) -> None:
    shop = factories.make_scheme(area=tree.community, code="shop")
    page = desk.get(f"/desk/schemes/{shop.id}/edit").text
    assert "哪些人参加" not in page
    assert "同时汇总到" not in page
    assert desk.post(f"/desk/schemes/{shop.id}/edit", data=settings(active="y")).status_code == 303


def test_changed_settings_that_cannot_be_leave_the_scheme(desk: FlaskClient, scheme: Scheme) -> None:
    answer = desk.post(f"/desk/schemes/{scheme.id}/edit", data=settings(name="别的名字", floor="5"))
    assert answer.status_code == 422
    assert 'value="别的名字"' in answer.text
    db.session.refresh(scheme)
    assert scheme.name == "善治积分·居民"


# Categories -----------------------------------------------------------------------------------------------------------


def test_a_category_is_added_renamed_and_put_first(desk: FlaskClient, scheme: Scheme) -> None:
    answer = desk.post(f"/desk/schemes/{scheme.id}/categories/new", data={"code": "9", "name": "文明养犬"})
    assert answer.status_code == 303
    assert "还没有细则" in desk.get(answer.headers["Location"]).text
    added = queries.categories(scheme.id)[-1]
    assert added.name == "文明养犬"
    answer = desk.post(
        f"/desk/schemes/{scheme.id}/categories/{added.id}/edit", data={"name": "文明养宠", "position": "0"}
    )
    assert answer.status_code == 303
    db.session.expire_all()
    changed = db.session.get_one(Category, added.id)
    assert (changed.name, changed.position, changed.code) == ("文明养宠", 0, "9")
    assert actions()[-2:] == ["category:added", "category:changed"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"code": "", "name": "养犬"}, "请填写编号"),
        ({"code": "9", "name": ""}, "请填写一级指标的名称"),
        ({"code": "1", "name": "养犬"}, "已经有一级指标在用"),
        ({"code": "9", "name": "养犬", "position": "-1"}, "整数"),
    ],
)
def test_a_category_that_cannot_be_comes_back(
    desk: FlaskClient, scheme: Scheme, typed: dict[str, str], words: str
) -> None:
    answer = desk.post(f"/desk/schemes/{scheme.id}/categories/new", data=typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert f'value="{typed["name"]}"' in answer.text


def test_without_schemes_right_the_pages_are_closed(app: Application, client: FlaskClient, tree: CommunityTree) -> None:
    inspector = sign_in(client, factories.make_user(post="inspector", area=tree.community))
    assert inspector.get("/desk/schemes").status_code == 403
