"""Rules from Excel: all or nothing, the same file twice changes nothing, every bad row is named."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from tests import factories
from tests.conftest import both_databases
from tests.factories import CommunityTree
from tests.personas import sign_in
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.core.sheets import write_table
from webapp.extensions import db
from webapp.schemes import presets, queries, service
from webapp.schemes.models import RuleVersion, Scheme
from webapp.schemes.queries import desk as rule_queries
from webapp.schemes.service import imports, sheet
from webapp.web.application import Application

NEW = {"category_code": "1", "code": "1.20", "title": "清扫楼道", "lowest": "2", "recorders": "书记、网格员"}
CHANGED = {"category_code": "1", "code": "1.2", "title": "垃圾分类，定点投放", "lowest": "1.5", "cap_day": "2"}
NEW_CATEGORY = {"category_code": "9", "category": "文明养犬", "code": "9.1", "title": "遛狗不牵绳", "lowest": "-3"}


def file_of(rows: list[dict[str, Any]]) -> bytes:
    texts = [[str(row.get(column.key, "")) for column in sheet.COLUMNS] for row in rows]
    lines = [[column.title for column in sheet.COLUMNS], *texts]
    return "\n".join(",".join(line) for line in lines).encode()


def upload(desk: FlaskClient, scheme: Scheme, data: bytes, name: str = "细则.csv", days: int = 0) -> str:
    """Answers the address of the preview."""
    day = clock.today() + timedelta(days=days)
    form = {"file": (io.BytesIO(data), name), "valid_from": day.isoformat()}
    answer = desk.post(f"/desk/schemes/{scheme.id}/import", data=form)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def count() -> int:
    db.session.commit()
    return db.session.scalar(select(func.count()).select_from(RuleVersion)) or 0


@both_databases
def test_new_and_changed_rules_are_previewed_then_taken_over(desk: FlaskClient, scheme: Scheme) -> None:
    before = count()
    address = upload(desk, scheme, file_of([NEW, CHANGED, NEW_CATEGORY]), days=3)
    page = desk.get(address).text
    assert "确认导入 3 条" in page
    assert "会新增一级指标：9 文明养犬" in page
    assert "内容、最低分、最高分" in page
    assert count() == before

    answer = desk.post(address)
    assert answer.status_code == 303
    assert "新增 2 条，修改 1 条" in desk.get(answer.headers["Location"]).text
    newest = rule_queries.newest_rules(scheme.id)
    assert newest["1.20"].recorders == ("secretary", "grid_worker")
    assert newest["9.1"].lowest == Points(-30)
    assert (newest["1.2"].version, newest["1.2"].lowest, newest["1.2"].cap_day) == (2, Points(15), 2)
    assert newest["1.2"].valid_from == clock.today() + timedelta(days=3)
    assert newest["1.2"].recorders == service.DEFAULT_RECORDERS, "an empty cell leaves who records it"
    assert "rule:imported" in db.session.scalars(select(AuditLine.action)).all()
    assert desk.post(address).status_code == 410


def test_the_same_file_twice_changes_nothing(desk: FlaskClient, scheme: Scheme) -> None:
    rows = file_of([NEW, CHANGED, NEW_CATEGORY])
    desk.post(upload(desk, scheme, rows))
    after = count()
    address = upload(desk, scheme, rows)
    page = desk.get(address).text
    assert "没有要导入的" in page
    assert "确认导入" not in page.replace("点右上角「确认导入」", "")
    assert desk.post(address).status_code == 409
    assert count() == after


@pytest.mark.parametrize("code", presets.CODES)
def test_an_exported_scheme_comes_back_unchanged(app: Application, tree: CommunityTree, code: str) -> None:
    scheme = factories.make_scheme(area=tree.community, code=code)
    codes = {category.id: category.code for category in queries.categories(scheme.id)}
    lines = rule_queries.rule_lines(scheme.id, clock.today())
    rows = [sheet.cells_of(line, codes[line.shown.category_id]) for line in lines]
    book = write_table("细则", (*sheet.COLUMNS, *sheet.MORE_COLUMNS), rows)
    plan = imports.plan(imports.read(book, "细则.xlsx"), scheme=scheme, valid_from=clock.today(), now=clock.now())
    assert [str(error) for error in plan.table.errors] == []
    assert (plan.new, plan.changed, plan.unchanged) == ([], [], len(lines))
    assert plan.table.unknown_columns == []


BAD_ROWS: list[tuple[dict[str, str], str, str]] = [
    ({"category_code": "8"}, "一级指标", "要新增就请填它的名称"),
    ({"category": "别的名字"}, "一级指标", "叫「人居环境」"),
    ({"code": "2.1"}, "一级指标编号", "不能换"),
    ({"title": ""}, "内容", "没有填"),
    ({"lowest": "2分多"}, "最低分", "分值请填数字"),
    ({"lowest": "0"}, "最低分", "分值不能是 0"),
    ({"lowest": "5", "highest": "2"}, "最低分", "最低分不能高于最高分"),
    ({"lowest": "-1", "highest": "2"}, "最低分", "要么加分要么扣分"),
    ({"recorders": "保安"}, "谁能记", "没有「保安」这个岗位"),
    ({"proof": "录像"}, "证明", "只能填"),
    ({"cap_day": "0"}, "每天最多", "请填 1 到 1000"),
    ({"veto": "也许"}, "一票否决", "只能填"),
]


@pytest.mark.parametrize(("wrong", "column", "reason"), BAD_ROWS)
def test_a_bad_row_is_named_and_nothing_is_taken_over(
    app: Application, scheme: Scheme, wrong: dict[str, str], column: str, reason: str
) -> None:
    table = imports.read(file_of([CHANGED, {**NEW, **wrong}]), "x.csv")
    plan = imports.plan(table, scheme=scheme, valid_from=clock.today(), now=clock.now())
    assert [(error.row_number, error.column_title) for error in table.errors] == [(3, column)]
    assert reason in table.errors[0].message
    assert not plan.can_be_confirmed


def test_bad_rows_can_be_downloaded_and_not_confirmed(desk: FlaskClient, scheme: Scheme) -> None:
    before = count()
    address = upload(desk, scheme, file_of([NEW, {**NEW, "title": "又一条"}, {**CHANGED, "recorders": "<b>"}]))
    page = desk.get(address).text
    assert "有 2 处要改" in page
    assert "与第 2 行的编号重复" in page
    assert "&lt;b&gt;" in page
    rows = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"{address}/errors").data))
    assert [row[:2] for row in rows.get_sheet_by_index(0).to_python()[1:]] == [[3.0, "编号"], [4.0, "谁能记"]]
    assert desk.post(address).status_code == 409
    assert count() == before


def test_an_ended_rule_and_one_that_waits_for_its_day_are_not_changed(app: Application, scheme: Scheme) -> None:
    newest, now = rule_queries.newest_rules(scheme.id), clock.now()
    rule = service.rule_of(newest["1.2"].rule_id)
    service.end_rule(rule=rule, last_day=clock.today(), actor=SYSTEM, now=now)
    waiting = service.rule_of(newest["1.4"].rule_id)
    text = service.RuleText("扫雪", Points(30), Points(30))
    later = clock.today() + timedelta(days=5)
    service.change_rule(rule=waiting, text=text, valid_from=later, actor=SYSTEM, now=now)
    table = imports.read(file_of([CHANGED, {**CHANGED, "code": "1.4"}]), "x.csv")
    imports.plan(table, scheme=scheme, valid_from=clock.today(), now=now)
    assert "已经停用" in table.errors[0].message
    assert "请选更晚的生效日期" in table.errors[1].message


def test_columns_that_the_file_leaves_out_stay_as_they_are(app: Application, scheme: Scheme) -> None:
    data = "一级指标编号,编号,内容,最低分,最高分\n1,1.1,门前屋后要干净,2,5\n".encode()
    table = imports.read(data, "x.csv")
    plan = imports.plan(table, scheme=scheme, valid_from=clock.today(), now=clock.now())
    assert plan.changed[0].fields == ("内容",)
    assert (plan.changed[0].text.proof, plan.changed[0].text.cap_month) == ("photo", 4)


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "x.xlsx", "空文件"),
        (b"hello", "x.exe", "只能上传"),
        (b"PK\x03\x04 broken", "x.xlsx", "打不开"),
        ("编号,内容\n1.1,扫地\n".encode(), "x.csv", "缺少这些列"),
    ],
)
def test_a_file_that_is_no_table_of_rules_is_refused_under_its_field(
    desk: FlaskClient, scheme: Scheme, data: bytes, name: str, words: str
) -> None:
    form = {"file": (io.BytesIO(data), name), "valid_from": clock.today().isoformat()}
    answer = desk.post(f"/desk/schemes/{scheme.id}/import", data=form)
    assert answer.status_code == 422
    assert words in answer.text


def test_no_file_or_a_day_in_the_past_is_refused(desk: FlaskClient, scheme: Scheme) -> None:
    address = f"/desk/schemes/{scheme.id}/import"
    answer = desk.post(address, data={"valid_from": clock.today().isoformat()})
    assert answer.status_code == 422
    assert "请选择要上传的表格文件" in answer.text
    answer = desk.post(address, data={"file": (io.BytesIO(file_of([NEW])), "x.csv"), "valid_from": "2020-01-01"})
    assert answer.status_code == 422
    assert "生效日期不能早于今天" in answer.text
    assert 'value="2020-01-01"' in answer.text


def test_only_the_uploader_sees_and_confirms(
    app: Application, desk: FlaskClient, tree: CommunityTree, scheme: Scheme
) -> None:
    address = upload(desk, scheme, file_of([NEW]))
    colleague = sign_in(app.test_client(), factories.make_user(post="secretary", area=tree.community))
    assert colleague.get(address).status_code == 410
    assert colleague.post(address).status_code == 410
    assert desk.get(f"/desk/schemes/{scheme.id}/import/{'x' * 64}").status_code == 410


def test_the_template_explains_the_columns(desk: FlaskClient, scheme: Scheme) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"/desk/schemes/{scheme.id}/import/template").data))
    assert book.get_sheet_by_index(0).to_python()[0][:3] == ["一级指标编号*", "一级指标", "编号*"]


def test_a_reader_imports_nothing(reader: FlaskClient, scheme: Scheme) -> None:
    form = {"file": (io.BytesIO(file_of([NEW])), "x.csv"), "valid_from": clock.today().isoformat()}
    assert reader.post(f"/desk/schemes/{scheme.id}/import", data=form).status_code == 403
