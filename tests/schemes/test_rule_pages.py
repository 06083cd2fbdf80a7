"""Rules at the desk: listed, searched, added, changed by a new version, ended; what they said before is kept."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from tests import factories
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes import queries
from webapp.schemes.models import Rule, RuleVersion, Scheme
from webapp.schemes.queries import desk as rule_queries


def typed(**more: Any) -> dict[str, Any]:
    """A good form of a rule."""
    return {
        "title": "扫楼道，不留死角",
        "detail": "每层都扫到。",
        "sign": "plus",
        "lowest": "0.5",
        "highest": "2",
        "recorders": ["secretary", "grid_worker"],
        "proof": "photo",
        "cap_day": "1",
        "valid_from": clock.today().isoformat(),
        **more,
    }


@pytest.fixture
def base(scheme: Scheme) -> str:
    return f"/desk/schemes/{scheme.id}"


def rule_by(scheme: Scheme, code: str) -> Rule:
    return db.session.scalars(select(Rule).where(Rule.scheme_id == scheme.id, Rule.code == code)).one()


def versions(rule: Rule) -> list[queries.RuleView]:
    db.session.rollback()
    return queries.versions_of(rule.id)


def test_the_page_shows_settings_and_rules_in_words(desk: FlaskClient, base: str) -> None:
    page = desk.get(base).text
    assert "初审加审核认定" in page
    assert "每月 25 日，公示 7 天" in page
    assert "加 2 到 5 分" in page
    assert "扣 2 到 5 分" in page
    assert "书记、党小组长、网格长、网格员、巡查员" in page


def test_rules_are_narrowed_by_category_and_by_typing(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    first = queries.categories(scheme.id)[0]
    page = desk.get(base, query_string={"category": first.id}).text
    assert "门前屋后干净" in page
    assert "参加居民会议" not in page
    found = desk.get(base, query_string={"q": "居民会议"}, headers={"HX-Request": "true"})
    assert "<html" not in found.text
    assert "参加居民会议" in found.text
    assert "门前屋后干净" not in found.text
    assert "没有找到符合条件的细则" in desk.get(base, query_string={"q": "没有这样的"}).text


def test_a_rule_is_added_with_halves_and_who_may_record_it(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    category = queries.categories(scheme.id)[0]
    answer = desk.post(f"{base}/rules/new", data=typed(category_id=category.id, code="1.99"))
    assert answer.status_code == 303, answer.text
    page = desk.get(answer.headers["Location"]).text
    assert "加 0.5 到 2 分" in page
    assert "今天起生效" in page
    made = versions(rule_by(scheme, "1.99"))[0]
    assert (made.lowest, made.highest, made.recorders) == (Points(5), Points(20), ("secretary", "grid_worker"))
    assert (made.title, made.proof, made.cap_day, made.cap_month) == ("扫楼道，不留死角", "photo", 1, None)


def test_a_deduction_is_typed_without_a_sign(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    category = queries.categories(scheme.id)[0]
    desk.post(
        f"{base}/rules/new", data=typed(category_id=category.id, code="1.99", sign="minus", lowest="2", highest="5")
    )
    made = versions(rule_by(scheme, "1.99"))[0]
    assert (made.lowest, made.highest) == (Points(-50), Points(-20))
    page = desk.get(f"{base}/rules/{made.rule_id}/edit").text
    assert 'value="2"' in page
    assert 'value="-5"' not in page


def test_a_veto_needs_no_points(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    category = queries.categories(scheme.id)[0]
    form = typed(category_id=category.id, code="1.99", veto="y", lowest="", highest="")
    assert desk.post(f"{base}/rules/new", data=form).status_code == 303
    assert versions(rule_by(scheme, "1.99"))[0].veto
    assert "一票否决" in desk.get(base).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"code": ""}, "请填写编号"),
        ({"code": "1.1"}, "已经有细则在用"),
        ({"title": ""}, "请写细则的内容"),
        ({"title": "长" * 61}, "最多 60 个字"),
        ({"lowest": ""}, "请填分值"),
        ({"lowest": "0", "highest": ""}, "分值不能是 0"),
        ({"lowest": "-2"}, "这里不写负号"),
        ({"lowest": "0.25"}, "最多一位小数"),
        ({"lowest": "3", "highest": "2"}, "最多不能比最少还少"),
        ({"highest": "1001"}, "一次最多 1000 分"),
        ({"recorders": []}, "请选至少一个可以记录的岗位"),
        ({"cap_day": "0"}, "请填 1 到 1000 的整数"),
        ({"valid_from": "2020-01-01"}, "生效日期不能早于今天"),
        ({"valid_from": ""}, "请填写日期"),
    ],
)
def test_a_rule_that_cannot_be_comes_back_as_typed(
    desk: FlaskClient, scheme: Scheme, base: str, wrong: dict[str, Any], words: str
) -> None:
    category = queries.categories(scheme.id)[1]
    answer = desk.post(f"{base}/rules/new", data=typed(**{"category_id": category.id, "code": "1.99", **wrong}))
    assert answer.status_code == 422
    assert words in answer.text
    assert "每层都扫到。" in answer.text
    assert f'<option selected value="{category.id}"' in answer.text
    assert all(f'value="{wrong[key]}"' in answer.text for key in ("lowest", "highest", "code") if wrong.get(key))
    db.session.rollback()
    assert db.session.scalars(select(Rule).where(Rule.code == "1.99")).all() == []


def test_without_categories_the_page_says_what_comes_first(desk: FlaskClient, base: str, scheme: Scheme) -> None:
    empty = factories.save(
        Scheme(
            area_id=scheme.area_id,
            code="empty",
            name="空的办法",
            holder_kind="shop",
            inspections_post="at_once",
            claims_post="at_once",
            spendable=False,
        )
    )
    assert "请先新增一个" in desk.get(f"/desk/schemes/{empty.id}/rules/new").text


def test_a_change_for_later_is_shown_as_the_next_version(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    page = desk.get(f"{base}/rules/{rule.id}/edit").text
    assert "以前的记实按当时的版本算" in page
    day = clock.today() + timedelta(days=9)
    answer = desk.post(f"{base}/rules/{rule.id}/edit", data=typed(valid_from=day.isoformat()))
    assert answer.status_code == 303
    page = desk.get(base).text
    assert f"下一版 {day} 起" in page
    assert "垃圾分类投放" in page, "today's version still judges"
    assert [view.title for view in versions(rule)] == ["扫楼道，不留死角", "垃圾分类投放"]
    answer = desk.post(f"{base}/rules/{rule.id}/edit", data=typed())
    assert answer.status_code == 422
    assert "请先等它生效" in answer.text


def test_a_change_cannot_begin_in_the_past(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    answer = desk.post(f"{base}/rules/{rule.id}/edit", data=typed(title="改过的", valid_from="2020-01-01"))
    assert answer.status_code == 422
    assert 'value="改过的"' in answer.text
    assert len(versions(rule)) == 1


def test_the_history_says_who_changed_what_and_when(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    desk.post(f"{base}/rules/{rule.id}/edit", data=typed())
    page = desk.get(f"{base}/rules/{rule.id}").text
    assert "内容：垃圾分类投放 → 扫楼道，不留死角" in page
    assert "分值：+1 → +0.5…+2" in page
    assert "证明：不需要 → 要照片" in page
    assert "书记" in page
    assert "系统" in page, "the preset's first version"


def test_a_rule_is_ended_shown_grey_and_used_again(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    yesterday = clock.today() - timedelta(days=1)
    answer = desk.post(f"{base}/rules/{rule.id}/end", data={"last_day": yesterday.isoformat()})
    assert answer.status_code == 422
    assert "停用日期不能早于今天" in answer.text
    assert f'value="{yesterday}"' in answer.text
    assert desk.post(f"{base}/rules/{rule.id}/end", data={"last_day": clock.today().isoformat()}).status_code == 303
    assert f"到 {clock.today()} 停用" in desk.get(base).text
    with clock.travel(clock.now() + timedelta(days=1)):
        line = rule_queries.rule_line(rule.id, clock.today())
        assert line.state == "ended"
    page = desk.get(f"{base}/rules/{rule.id}/edit").text
    assert "重新使用" in page
    assert desk.post(f"{base}/rules/{rule.id}/edit", data=typed()).status_code == 303
    assert rule_queries.rule_line(rule.id, clock.today() + timedelta(days=1)).state == "active"


def test_a_reader_sees_a_rules_history_without_buttons(reader: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    page = reader.get(f"{base}/rules/{rule.id}")
    assert page.status_code == 200
    assert "停用" not in page.text
    for path in ("edit", "end"):
        assert reader.post(f"{base}/rules/{rule.id}/{path}", data=typed()).status_code == 403
    assert len(versions(rule)) == 1


def test_an_export_holds_the_rules_as_shown_and_leaves_a_line(reader: FlaskClient, scheme: Scheme, base: str) -> None:
    category = queries.categories(scheme.id)[0]
    answer = reader.post(f"{base}/export", data={"category": category.id, "q": "垃圾"})
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[2] for row in rows] == ["编号", "1.1", "1.2", "1.5"]
    assert rows[3][5:7] == [-5.0, -2.0]
    assert "搜索「垃圾」" in str(book.get_sheet_by_name("说明").to_python())
    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "rule:exported")).one()
    assert line.object_id == scheme.id
    assert reader.get(f"{base}/export").status_code == 405


def test_versions_are_never_overwritten(desk: FlaskClient, scheme: Scheme, base: str) -> None:
    rule = rule_by(scheme, "1.2")
    before = db.session.scalars(select(RuleVersion).where(RuleVersion.rule_id == rule.id)).one().lowest
    for _ in range(2):
        desk.post(f"{base}/rules/{rule.id}/edit", data=typed())
    assert [view.version for view in versions(rule)] == [3, 2, 1]
    assert versions(rule)[-1].lowest.tenths == before
