"""The log at the desk: who sees which lines, filters, words, export; and that nobody changes it."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy.exc import DatabaseError

from tests.conftest import both_databases
from tests.factories import make_household
from tests.personas import make_cast, sign_in
from webapp.audit import queries
from webapp.audit.models import AuditLine
from webapp.audit.queries import Filter
from webapp.audit.service import log
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.extensions import db

CLERK = Actor("staff", "陈*新 办事员", user_id=None, where="10.0.0.8")


@pytest.fixture
def cast(app):
    return make_cast()


@pytest.fixture
def secretary(cast, client):
    return sign_in(client, cast.secretary)


def write(area, action="household:unmasked", *, now=None, actor=CLERK, object_id=7, **detail):
    log(
        actor,
        action,
        now=now or clock.now(),
        object_kind="household",
        object_id=object_id,
        area_path=area.path if area else "",
        **detail,
    )


def test_a_line_is_shown_in_words(cast, secretary):
    write(cast.tree.grid, reason="住户来电核对")
    page = secretary.get("/desk/audit")

    assert page.status_code == 200
    assert "查看住户完整信息" in page.text
    assert "原因：住户来电核对" in page.text
    assert "household:unmasked" not in page.text.replace('value="household:unmasked"', "")


@both_databases
def test_an_object_is_called_by_its_name_and_number(app, client):
    cast = make_cast()
    home = make_household(area=cast.tree.grid, number="03-12-02", name="李秀梅")
    write(cast.tree.grid, object_id=home.id, reason="住户来电核对")
    log(CLERK, "record:made", now=clock.now(), area_path=cast.tree.grid.path, holder=home.id)

    page = sign_in(client, cast.secretary).get("/desk/audit").text

    assert "03-12-02 李*梅<span" in page
    assert "给谁：03-12-02 李*梅" in page
    assert "李秀梅" not in page


def test_lines_of_the_community_next_door_are_not_shown(cast, secretary):
    write(cast.neighbour.community, reason="邻居的事")
    assert "邻居的事" not in secretary.get("/desk/audit").text


def test_lines_without_an_area_are_for_those_who_see_the_whole_county(cast, client):
    write(None, "user:sign-in-failed", object_id=None)
    assert "登录失败</td>" not in sign_in(client, cast.secretary).get("/desk/audit").text
    other = client.application.test_client()
    assert "登录失败</td>" in sign_in(other, cast.administrator).get("/desk/audit").text


@pytest.mark.parametrize("persona", ["clerk", "grid_worker", "inspector"])
def test_other_posts_do_not_open_the_log(cast, client, persona):
    sign_in(client, getattr(cast, persona))
    assert client.get("/desk/audit").status_code == 403
    assert client.post("/desk/audit/export", data={"reason": "看看"}).status_code == 403


def test_the_log_is_narrowed_by_day_person_act_and_object(cast, secretary):
    today = clock.today()
    write(cast.tree.grid, "household:moved", actor=SYSTEM, reason="甲")
    write(cast.tree.grid, "household:unmasked", reason="乙")
    write(cast.tree.grid, "voucher:issued", reason="丙", object_id=8)
    write(cast.tree.grid, reason="丁", now=clock.now() - timedelta(days=40))

    def shown(**asked):
        text = secretary.get("/desk/audit", query_string=asked).text
        return {name for name in "甲乙丙丁" if f"原因：{name}" in text}

    assert shown() == {"甲", "乙", "丙"}
    assert shown(first="") == {"甲", "乙", "丙", "丁"}
    assert shown(first=(today - timedelta(days=50)).isoformat(), last=(today - timedelta(days=30)).isoformat()) == {
        "丁"
    }
    assert shown(q="办事员") == {"乙", "丙"}
    assert shown(action="household") == {"甲", "乙"}
    assert shown(action="household:moved") == {"甲"}
    assert shown(kind="household", object="7") == {"甲", "乙", "丁"}
    assert shown(action="nonsense", first="yesterday", object="x") == {"甲", "乙", "丙", "丁"}
    assert shown(q="查无此人") == set()


def test_an_empty_log_says_what_to_do(cast, secretary):
    assert "没有符合条件的日志" in secretary.get("/desk/audit?q=查无此人").text


def test_odd_names_in_the_address_break_nothing(cast, secretary):
    for number in range(60):
        write(cast.tree.grid, object_id=number)
    for asked in ("_scheme=x", "_external=1", "endpoint=y", "page=abc", "_anchor=z&_method=POST", "values=3"):
        assert secretary.get(f"/desk/audit?{asked}").status_code == 200
        assert secretary.get(f"/desk/audit/export?{asked}").status_code == 200


def test_the_export_holds_what_was_filtered_and_is_itself_written_down(cast, secretary):
    write(cast.tree.grid, reason="=1+1")
    write(cast.neighbour.community, reason="邻居的事")
    answer = secretary.post("/desk/audit/export?action=household", data={"reason": "上级检查"})

    assert answer.status_code == 200
    assert "filename*=UTF-8''" in answer.headers["Content-Disposition"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    rows = book.get_sheet_by_index(0).to_python()
    assert [row[3] for row in rows[1:]] == ["查看住户完整信息"]
    assert rows[1][4:] == ["住户 7", "7", "原因：=1+1"]
    line = db.session.query(AuditLine).filter_by(action="audit:exported").one()
    assert line.area_path == cast.tree.community.path
    assert "上级检查" in line.detail


def test_an_export_needs_a_reason(cast, secretary):
    answer = secretary.post("/desk/audit/export", data={"reason": " "})
    assert answer.status_code == 422
    assert "请写明导出的原因" in answer.text


def test_a_look_at_the_export_page_writes_nothing(cast, secretary):
    before = db.session.query(AuditLine).count()
    assert secretary.get("/desk/audit/export").status_code == 200
    assert db.session.query(AuditLine).count() == before


@both_databases
@pytest.mark.parametrize("statement", ["UPDATE audit_line SET detail = '{}'", "DELETE FROM audit_line"])
def test_nobody_changes_or_removes_a_line(app, statement):
    write(None)
    db.session.commit()
    with pytest.raises(DatabaseError, match="append-only"):
        db.session.execute(db.text(statement))
    db.session.rollback()


@both_databases
def test_what_was_typed_cannot_forge_a_line(app):
    household = make_household()
    log(SYSTEM, "household:changed", now=clock.now(), area_path=household.area.path, reason="a\r\n2026 root\x00")
    line = db.session.scalars(queries.lines((household.area.path,), Filter())).one()
    assert "\n" not in line.detail
    assert "\x00" not in line.detail
