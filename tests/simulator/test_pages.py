"""Drafts at the desk: begun, written, tried out, printed, taken along, adopted."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.factories import make_community, make_user
from tests.personas import sign_in
from tests.simulator.conftest import newest
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes.models import Rule
from webapp.simulator.models import RuleDraft

pytestmark = pytest.mark.usefixtures("in_november")


def typed(**more: Any) -> dict[str, Any]:
    return {"title": "打扫楼道", "lowest": "3", **more}


@pytest.fixture
def base(village) -> str:
    return f"/desk/drafts/{village.draft.id}"


@pytest.fixture
def tried(village) -> Any:
    """刘 gains a point, 王 loses two."""
    sweep, litter = village.rule(), village.rule("乱扔垃圾", "-2")
    village.record(sweep, village.liu, date(2026, 9, 1), 2)
    village.record(litter, village.wang, date(2026, 9, 2), -2)
    village.say(sweep, lowest=Points.whole(3), highest=Points.whole(3))
    village.say(litter, lowest=Points.whole(-4), highest=Points.whole(-4))
    return sweep, litter


def test_from_the_scheme_to_a_new_draft_and_a_changed_rule(desk, village):
    sweep, scheme = village.rule(), f"/desk/schemes/{village.scheme.id}"
    assert f"{scheme}/drafts" in desk.get(scheme).text
    assert "2027 年修订" in desk.get(f"{scheme}/drafts").text
    answer = desk.post(f"{scheme}/drafts/new", data={"name": "试一试", "note": "代表提的"})
    page = desk.get(answer.location).text
    assert "还没有改" in page
    key = int(answer.location.rsplit("/", 1)[-1])
    line = f"/desk/drafts/{key}/rules/{sweep.rule_id}"
    assert 'value="2"' in desk.get(line).text
    assert desk.post(line, data=typed()).status_code == 303
    page = desk.get(f"/desk/drafts/{key}").text
    assert "加 2 分" in page
    assert "<b>加 3 分</b>" in page
    assert desk.post(f"{line}/leave").status_code == 303
    assert "还没有改" in desk.get(f"/desk/drafts/{key}").text


def test_bad_input_comes_back_with_what_was_typed(desk, village, base):
    sweep = village.rule()
    line = f"{base}/rules/{sweep.rule_id}"
    answer = desk.post(line, data=typed(title="扫到底", lowest="-3", cap_day="0"))
    assert answer.status_code == 422
    assert "不写负号" in answer.text
    assert "扫到底" in answer.text
    assert "1 到 1000" in desk.post(line, data=typed(cap_day="0")).text
    assert "请给草稿起个名字" in desk.post(f"/desk/schemes/{village.scheme.id}/drafts/new", data={"note": "嗯"}).text


def test_a_veto_without_points_is_not_asked_for_points(desk, village, base):
    veto = village.rule("被处罚", "0", veto=True)
    page = desk.get(f"{base}/rules/{veto.rule_id}").text
    assert 'name="lowest"' not in page
    assert desk.post(f"{base}/rules/{veto.rule_id}", data={"title": "受到处罚"}).status_code == 303


@pytest.mark.usefixtures("tried")
def test_the_result_says_it_in_a_sentence_and_names_are_masked(desk, base):
    page = " ".join(desk.get(f"{base}/replay").text.split())
    assert (
        "如果 2026 年 8 月至 2026 年 10 月按新办法记，昌宁社区一共多发 1 分、多扣 2 分；有 1 户增加，1 户减少，0 户不变。"
        in page
    )
    assert "刘*梅家" in page
    assert "刘红梅" not in page
    assert "王*二家" not in page
    losers = desk.get(f"{base}/replay?show=lose").text
    assert "王*二家" in losers
    assert "−4" in losers


@pytest.mark.usefixtures("tried")
def test_fewer_months_and_nonsense_in_the_address(desk, base):
    assert "一共不变" in desk.get(f"{base}/replay?months=1").text
    assert desk.get(f"{base}/replay?months=99&show=zzz&page=99").status_code == 200
    assert desk.get(f"{base}/replay?community=987654").status_code == 404


def test_an_empty_draft_and_an_empty_book_say_so(desk, base):
    page = desk.get(f"{base}/replay").text
    assert "还没有改任何一条" in page
    assert "没有增加的" in page
    page = desk.get(f"{base}/adopt").text
    assert "没有可采用的" in page
    assert "采用这 0 条" not in page


@pytest.mark.usefixtures("tried")
def test_paper_for_the_meeting_and_excel(desk, base):
    paper = desk.get(f"{base}/replay/sheet").text
    assert "减少最多的" in paper
    assert "王*二家" in paper
    answer = desk.get(f"{base}/replay/excel")
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.data))
    rows = book.get_sheet_by_name("谁增谁减").to_python()
    assert [row[1] for row in rows[1:]] == ["刘*梅家", "王*二家"]
    assert [row[5] for row in rows[1:]] == [1, -2]
    assert len(book.get_sheet_by_name("细则").to_python()) == 3


def test_adopting_from_the_desk_shows_what_became_of_the_draft(desk, village, tried, base):
    page = desk.get(f"{base}/adopt").text
    assert 'value="2026-11-26"' in page
    assert f'name="revision" value="{village.draft.revision}"' in page
    given = {"revision": village.draft.revision, "valid_from": "2026-12-01", "decision": "居民代表会议通过"}
    blamed = desk.post(f"{base}/adopt", data={**given, "decision": ""})
    assert (blamed.status_code, "请写明是谁" in blamed.text) == (422, True)
    assert desk.post(f"{base}/adopt", data={**given, "revision": 0}).status_code == 422
    assert desk.post(f"{base}/adopt", data=given).status_code == 303
    page = desk.get(base).text
    assert "居民代表会议通过" in page
    assert "已采用" in page
    assert f"{base}/adopt" not in page
    again = desk.post(f"{base}/adopt", data=given)
    assert (again.status_code, "已采用，不能再改" in again.text) == (409, True)
    assert newest(db.session.get_one(Rule, tried[0].rule_id)).version == 2


def test_a_stale_rule_is_named_where_it_is_adopted(desk, village, tried, base):
    sweep = tried[0]
    edit = {"title": "扫楼", "sign": "plus", "lowest": "2", "recorders": ["secretary"], "proof": "none"}
    edit |= {"valid_from": "2026-11-25", "rectify_percent": "100"}
    assert desk.post(f"/desk/schemes/{village.scheme.id}/rules/{sweep.rule_id}/edit", data=edit).status_code == 303
    given = {"revision": village.draft.revision, "valid_from": "2026-12-01", "decision": "通过"}
    answer = desk.post(f"{base}/adopt", data=given)
    assert answer.status_code == 422
    assert f"{sweep.rule.code}「打扫楼道」" in answer.text
    assert "起草以后有人改过" in desk.get(base).text
    assert "请核对下面的草稿" in desk.get(f"{base}/rules/{sweep.rule_id}").text


def test_dropping_a_draft_keeps_it_to_be_read(desk, village, base):
    assert desk.post(f"{base}/drop").status_code == 303
    assert "已放弃" in desk.get(f"/desk/schemes/{village.scheme.id}/drafts").text
    assert "积分办法没有因为它变过" in desk.get(base).text


@pytest.mark.usefixtures("tried")
def test_who_only_reads_sees_drafts_and_results_but_no_button(reader, village, base):
    assert "新建草稿" not in reader.get(f"/desk/schemes/{village.scheme.id}/drafts").text
    page = reader.get(base).text
    assert "/adopt" not in page
    assert "放弃草稿" not in page
    assert reader.get(f"{base}/replay").status_code == 200
    assert reader.get(f"{base}/adopt").status_code == 403
    assert reader.post(f"{base}/drop").status_code == 403


def test_another_communitys_draft_is_not_there(app, village, base):
    stranger = make_user(post="secretary", area=make_community().community)
    visitor = sign_in(app.test_client(), stranger)
    for address in (base, f"{base}/replay", f"{base}/replay/sheet", f"{base}/replay/excel", f"{base}/adopt"):
        assert visitor.get(address).status_code == 404
    assert visitor.get(f"/desk/schemes/{village.scheme.id}/drafts").status_code == 404
    assert db.session.get_one(RuleDraft, village.draft.id).state == "open"
