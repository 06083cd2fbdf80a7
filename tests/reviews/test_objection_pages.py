"""Objections at the desk and on a household's phone, and the register in the publication, through the client."""

from __future__ import annotations

import io
import re

import pytest
from python_calamine import CalamineWorkbook

from tests import personas
from tests.conftest import Browser, both_databases
from tests.factories import make_community, make_household, make_user
from tests.records.conftest import version_of
from tests.reviews.conftest import ANSWER, BAD, GOOD, PUBLISHED, SHOP, TOO_LATE, Month
from webapp.core import clock
from webapp.extensions import db
from webapp.reviews import service
from webapp.reviews.models import CommunityMonth, Objection
from webapp.users.models import User


@pytest.fixture(autouse=True)
def on_the_twenty_sixth(app):
    with clock.travel(PUBLISHED.replace(day=26)):
        yield


@pytest.fixture
def phone(app, month):
    app.test_client_class = Browser
    return personas.sign_in_resident(app.test_client(), month.household)


@pytest.fixture
def lead(app, month):
    app.test_client_class = Browser
    return personas.sign_in(app.test_client(), db.session.get_one(User, month.lead.user_id))


@pytest.fixture
def clerk(app, month):
    app.test_client_class = Browser
    return personas.sign_in(app.test_client(), make_user(post="clerk", area=month.street.tree.community, name="陈立新"))


@pytest.fixture
def secretary(app, month):
    app.test_client_class = Browser
    return personas.sign_in(app.test_client(), month.secretary)


def here(month: Month, number: int = GOOD) -> str:
    return f"/home/objections/new/{month.row.id}/{number}"


def published(month: Month) -> str:
    return f"/desk/publications/{month.row.community_id}/202611"


def only() -> Objection:
    db.session.rollback()
    return db.session.scalars(db.select(Objection)).one()


# The phone ------------------------------------------------------------------------------------------------------------


def test_a_line_of_the_own_book_leads_to_the_objection_against_it(phone, month):
    assert phone.get(f"/home/objections/record/{month.record(GOOD).id}").location == here(month)


def test_a_line_that_was_not_published_yet_says_so(phone, month):
    answer = phone.get("/home/objections/record/999999")
    assert answer.status_code == 409
    assert "要等它公示" in answer.text


@both_databases
def test_a_household_objects_on_its_phone_and_finds_the_answer_there(phone, lead, month):
    assert "我的异议" in phone.get("/home/").text
    page = phone.get("/home/publication").text
    assert f'href="{here(month)}"' in page
    assert "惠民超市" not in page
    answer = phone.post(here(month, BAD), data={"kind": "not_me", "reason": "那堆纸箱是隔壁的"}, follow_redirects=True)
    assert "编号是 11 月第 1 号" in answer.text
    made = only()
    page = lead.get("/desk/objections")
    assert "那堆纸箱是隔壁的" in page.text
    data = {"outcome": "uphold", "answer": ANSWER, "rule": made.record.rule_version_id, "points": ""}
    told = lead.post(f"/desk/objections/{made.id}/decide", data=data, follow_redirects=True)
    assert "已答复" in told.text
    page = phone.get(f"/home/objections/{made.id}").text
    assert "异议成立" in page
    assert ANSWER in page


def test_on_the_phone_a_missing_reason_is_asked_for_and_nothing_typed_is_lost(phone, month):
    answer = phone.post(here(month), data={"kind": "", "reason": "写了一半"})
    assert answer.status_code == 422
    assert "先选一个原因" in answer.text
    assert "写了一半" in answer.text
    answer = phone.post(here(month), data={"kind": "other", "reason": ""})
    assert answer.status_code == 422
    assert "请写一句话" in answer.text


def test_on_the_phone_the_second_objection_to_a_line_leads_to_the_first(phone, month):
    phone.post(here(month), data={"kind": "points"})
    answer = phone.post(here(month), data={"kind": "points"})
    assert answer.status_code == 409
    assert "已经对这一条提过异议" in answer.text
    assert f"/home/objections/{only().id}" in answer.text


def test_on_the_phone_the_window_is_over(phone, month):
    with clock.travel(TOO_LATE):
        phone = personas.sign_in_resident(phone, month.household)
        assert "异议期已过" in phone.get("/home/publication").text
        assert "有异议" not in phone.get("/home/publication").text
        answer = phone.post(here(month), data={"kind": "points"})
        assert answer.status_code == 409
        assert "异议期到 2026-12-02 为止" in answer.text


def test_a_line_of_another_community_or_a_number_that_is_none_is_not_found(phone, month):
    assert phone.get(here(month, 99)).status_code == 404
    next_door = make_community(street=month.street.tree.street, name="永安社区")
    stranger = personas.sign_in_resident(phone, make_household(area=next_door.micro_grid))
    assert stranger.get(here(month)).status_code == 404
    assert "还没有公示" in stranger.get("/home/publication").text
    assert "没有提过异议" in stranger.get("/home/objections").text


def test_nobody_reads_anothers_objection(phone, month):
    made = month.lodge(SHOP)
    assert phone.get(f"/home/objections/{made.id}").status_code == 404


# The desk -------------------------------------------------------------------------------------------------------------


def test_an_objection_is_written_down_on_behalf_of_who_stands_at_the_counter(clerk, month):
    place = f"/desk/objections/new/{month.row.id}/{SHOP}"
    assert place in clerk.get(published(month)).text
    answer = clerk.post(place, data={"kind": "points", "reason": "少记了", "brought_by": ""})
    assert answer.status_code == 422
    assert "谁来提的" in answer.text
    assert "少记了" in answer.text
    answer = clerk.post(place, data={"kind": "points", "brought_by": "店主", "household": "没有这户"})
    assert "没有这个户号" in answer.text
    data = {"kind": "points", "brought_by": "店主", "household": month.neighbour.number}
    page = clerk.post(place, data=data, follow_redirects=True).text
    assert "已记下：11 月第 1 号" in page
    assert "这条异议不由您答复" in page
    assert only().household_id == month.neighbour.id


def test_the_inbox_shows_age_deadline_and_recusal(lead, month):
    month.lodge()
    recorder = db.session.get_one(User, month.street.inspector.user_id)
    page = lead.get("/desk/objections").text
    assert "11 月第 1 号" in page
    assert "11月28日" in page
    with clock.travel(PUBLISHED.replace(day=29)):
        late = personas.sign_in(lead, db.session.get_one(User, month.lead.user_id))
        assert "已过" in late.get("/desk/objections").text
    assert "这条异议不由您答复" in personas.sign_in(lead, recorder).get("/desk/objections").text


def test_it_is_acknowledged_and_dismissed_with_an_answer(lead, month):
    made = month.lodge()
    place = f"/desk/objections/{made.id}"
    assert "已受理" in lead.post(f"{place}/acknowledge", follow_redirects=True).text
    answer = lead.post(f"{place}/decide", data={"outcome": "dismiss", "answer": "  "})
    assert answer.status_code == 422
    assert "写明调查的结果" in answer.text
    answer = lead.post(f"{place}/decide", data={"outcome": "dismiss", "answer": "不行"})
    assert answer.status_code == 422
    assert "4 到 200 个字" in answer.text
    rule = made.record.rule_version_id
    data = {"outcome": "dismiss", "answer": ANSWER, "rule": rule}
    assert "异议不成立" in lead.post(f"{place}/decide", data=data, follow_redirects=True).text
    again = lead.post(f"{place}/decide", data={"outcome": "uphold", "answer": ANSWER, "rule": rule})
    assert again.status_code == 409
    assert "已经答复过了" in again.text
    assert "还没有答复过" not in lead.get("/desk/objections?state=settled").text


def test_points_that_the_rule_does_not_give_are_refused_and_nothing_is_reversed(lead, month):
    made = month.lodge()
    data = {"outcome": "anew", "answer": ANSWER, "rule": made.record.rule_version_id, "points": "99"}
    answer = lead.post(f"/desk/objections/{made.id}/decide", data=data)
    assert answer.status_code == 422
    assert ANSWER in answer.text
    assert only().state == "open"
    assert only().record.state == "posted"
    data["points"] = "2"
    assert "看改记的一条" in lead.post(f"/desk/objections/{made.id}/decide", data=data, follow_redirects=True).text


def test_who_recorded_the_line_sees_why_they_may_not_answer(client, month):
    made = month.lodge()
    user = db.session.get_one(User, month.street.inspector.user_id)
    page = personas.sign_in(client, user).get(f"/desk/objections/{made.id}").text
    assert "您不能答复这一条" in page
    answer = client.post(f"/desk/objections/{made.id}/decide", data={"outcome": "dismiss", "answer": ANSWER})
    assert answer.status_code == 403


def test_the_form_hangs_blank_or_filled_in(clerk, month):
    blank = clerk.get(f"/desk/objections/form/{month.row.id}")
    assert "第 ＿＿＿＿ 条" in blank.text
    assert "公示的二维码" in blank.text
    filled = clerk.get(f"/desk/objections/form/{month.row.id}?line={BAD}")
    assert f"第 {BAD} 条" in filled.text
    assert "堆放杂物" in filled.text
    assert clerk.get(f"/desk/objections/form/{month.row.id}?line=99").status_code == 404
    assert clerk.get("/desk/objections/form/999").status_code == 404


# The register ---------------------------------------------------------------------------------------------------------


def test_the_register_is_part_of_the_publication_and_names_nobody(secretary, client, month):
    month.lodge(reason="欧阳家的都这么说")
    token = db.session.scalars(db.select(CommunityMonth.token)).one()
    for page in (
        secretary.get(published(month)).text,
        secretary.get(f"{published(month)}/sheet").text,
        client.get(f"/p/{token}").text,
    ):
        register = page.split("异议登记簿")[1]
        assert "第 1 号" in register
        assert "没有这回事" in register
        assert "李" not in re.split("</table>|</ul>", register)[0]
        assert "欧阳家" not in page
    book = CalamineWorkbook.from_filelike(io.BytesIO(secretary.get(f"{published(month)}/excel").data))
    assert book.get_sheet_by_name("异议登记").to_python()[1][:4] == [1, 1, month_title(month), "没有这回事"]


def month_title(month: Month) -> str:
    return month.record(GOOD).rule_version.title


def test_the_secretary_closes_the_month_when_everything_is_answered(secretary, month):
    assert "关账" not in secretary.get(published(month)).text.split("</header>")[-1].split("公示条数")[0]
    answer = secretary.post(f"{published(month)}/close", follow_redirects=True)
    assert "异议期到 2026-12-02 为止" in answer.text
    with clock.travel(TOO_LATE):
        desk = personas.sign_in(secretary, month.secretary)
        assert "关账" in desk.get(published(month)).text
        answer = desk.post(f"{published(month)}/close", follow_redirects=True)
        assert "已关账：" in answer.text
        again = desk.post(f"{published(month)}/close", follow_redirects=True).text
        assert f"王*山 书记 {clock.local(clock.now()):%Y-%m-%d %H:%M} 已经关账，不用再关。" in again
        assert "已关账：" not in again


def test_an_empty_inbox_says_so(lead, month):
    assert "没有等答复的异议" in lead.get("/desk/objections").text
    assert "还没有答复过的异议" in lead.get("/desk/objections?state=settled").text


def test_nothing_is_claimed_of_a_closed_month_and_the_form_says_so_under_the_day(phone, month):
    with clock.travel(TOO_LATE):
        service.close_due(clock.now())
        at_home = personas.sign_in_resident(phone, month.household)
        rule = version_of(month.street.schemes["household"], "2.1").id
        data = {"rule": rule, "happened_on": "2026-11-24", "note": "居民大会", "_once": "closed month"}
        answer = at_home.post("/home/claims/new", data=data)
        assert answer.status_code == 422
        assert "2026 年 11 月 25 日及以前的账已经关了" in answer.text
        assert "居民大会" in answer.text
        assert 'min="2026-11-26"' in answer.text
