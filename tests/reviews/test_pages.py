"""The working group's page, the publication at the desk and the link for chat groups, through the client."""

from __future__ import annotations

import io
import zipfile

import pytest
from python_calamine import CalamineWorkbook

from tests import personas
from tests.conftest import both_databases
from tests.factories import make_household, make_scheme, make_user
from tests.records.conftest import Street, actor_of, make_street
from webapp.core import clock
from webapp.extensions import db
from webapp.records.models import Record
from webapp.records.service import pass_first
from webapp.reviews.models import CommunityMonth

MONTH = 202611

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def street(app) -> Street:
    return make_street(name="欧阳娜娜")


def passed(street: Street, note: str = "11 月居民大会") -> Record:
    record = street.make(street.household, "household", "2.1", source="claim", note=note, now=clock.now())
    worker = make_user(post="grid_worker", area=street.tree.community, name="曹大锋")
    passer = actor_of(worker, "grid_worker", street.tree.community.path)
    assert pass_first(actor=passer, record_ids=[record.id], now=clock.now()).done == 1
    return record


@pytest.fixture
def desk(client, street):
    user = make_user(post="secretary", area=street.tree.community, name="王大山")
    return personas.sign_in(client, user)


def address(street: Street, what: str) -> str:
    return f"/desk/reviews/{street.tree.community.id}/{MONTH}/{what}"


@pytest.mark.parametrize("do", ["confirm", "return"])
def test_what_is_not_of_the_month_in_the_address_is_neither_confirmed_nor_given_back(desk, street, do):
    record = passed(street)
    elsewhere = passed(make_street())
    db.session.commit()
    october = address(street, "decide").replace(str(MONTH), "202610")
    data = {"do": do, "reason": "看不清"}
    for where, chosen in ((october, record), (address(street, "decide"), elsewhere)):
        answer = desk.post(where, data={**data, "record": chosen.id})
        assert answer.status_code == 422
        assert "不在这个月名单上" in answer.text
        assert db.session.get_one(Record, chosen.id, populate_existing=True).state == "passed"


def note_meeting(desk, street: Street) -> None:
    assert desk.post(address(street, "meeting"), data={"attendees": "王书记、李网格员"}).status_code == 303


def publish(desk, street: Street) -> str:
    """The address of the publication."""
    note_meeting(desk, street)
    place = desk.post(address(street, "publish"), data={}).location
    for _ in range(20):
        answer = desk.post(place, data={})
        if "/publications/" in answer.location:
            return str(answer.location)
    raise AssertionError("the publishing does not end")


@both_databases
def test_the_month_is_confirmed_published_and_read_by_everybody(desk, client, street):
    record = passed(street)
    db.session.commit()
    page = desk.get("/desk/reviews")
    assert "2026 年 11 月 · 审核认定" in page.text
    assert "欧阳*娜家" in page.text
    assert "李*梅 网格员 通过" in page.text
    answer = desk.post(address(street, "decide"), data={"do": "confirm", "record": record.id}, follow_redirects=True)
    assert "已认定 1 条" in answer.text
    place = publish(desk, street)
    page = desk.get(place)
    assert "参加居民会议" in page.text
    assert "相符" in page.text
    link = db.session.scalars(db.select(CommunityMonth.token)).one()
    public = client.get(f"/p/{link}")
    assert public.status_code == 200
    assert "欧阳*娜家" in public.text
    assert "娜娜" not in public.text


def test_the_second_of_two_reviewers_reads_who_was_quicker_and_when(app, desk, street):
    record = passed(street)
    db.session.commit()
    other = personas.sign_in(app.test_client(), make_user(post="secretary", area=street.tree.community, name="张爱国"))
    note_meeting(desk, street)
    chosen = {"do": "confirm", "record": record.id}
    assert "已认定 1 条" in desk.post(address(street, "decide"), data=chosen, follow_redirects=True).text
    late = other.post(address(street, "decide"), data=chosen, follow_redirects=True).text
    assert "1 条没有认定：王*山 书记 11-25 12:00 已经处理过了（审核认定），请刷新看看。" in late
    assert "已认定 0 条" not in late
    place = publish(desk, street)
    refusal = other.post(address(street, "publish"), data={})
    assert refusal.status_code == 409
    assert "这个月由 王*山 书记 2026-11-25 12:00 已经公示，不能再改" in refusal.text
    assert "现在公示" not in refusal.text
    assert f'href="{place}"' in refusal.text
    assert "不用再公示" in other.get(address(street, "publish")).text


def test_what_is_ticked_and_typed_stays_when_it_is_refused(desk, street):
    record = passed(street)
    db.session.commit()
    answer = desk.post(address(street, "decide"), data={"do": "return", "record": record.id, "reason": ""})
    assert answer.status_code == 422
    assert "写明退回的原因" in answer.text
    nothing = desk.post(address(street, "decide"), data={"do": "confirm", "reason": "看不清"})
    assert nothing.status_code == 422
    assert "先勾选" in nothing.text
    assert 'value="看不清"' in nothing.text


def test_a_returned_record_goes_back_with_its_reason(desk, street):
    record = passed(street)
    db.session.commit()
    data = {"do": "return", "record": record.id, "reason": "请附照片"}
    assert "已退回 1 条" in desk.post(address(street, "decide"), data=data, follow_redirects=True).text
    db.session.expire_all()
    assert (db.session.get(Record, record.id).state, db.session.get(Record, record.id).end_note) == (
        "returned",
        "请附照片",
    )


def test_a_record_of_the_secretarys_own_household_can_not_be_ticked(client, street):
    home = make_household(courtyard=street.courtyard)
    user = make_user(post="secretary", area=street.tree.community, name="王大山")
    user.person.household_id = home.id
    worker = actor_of(make_user(post="grid_worker", area=street.tree.community), "grid_worker", "/")
    record = street.make(home, "household", "2.1", source="claim", note="x", now=clock.now())
    assert pass_first(actor=worker, record_ids=[record.id], now=clock.now()).done == 1
    db.session.commit()
    desk = personas.sign_in(client, user)
    assert "按规定要回避" in desk.get("/desk/reviews").text
    answer = desk.post(address(street, "decide"), data={"do": "confirm", "record": record.id}, follow_redirects=True)
    assert "1 条没有认定" in answer.text


def test_an_empty_month_says_so(desk, street):
    assert "没有等认定的记实" in desk.get("/desk/reviews").text
    assert "还没有公示过" in desk.get("/desk/publications").text
    assert "这个月还没有认定的记实" in desk.get(address(street, "minutes")).text


def test_publishing_without_a_meeting_is_refused_in_words(desk, street):
    answer = desk.post(address(street, "publish"), data={})
    assert answer.status_code == 409
    assert "谁参加了审核认定会议" in answer.text


def test_a_month_that_has_not_begun_is_no_page(desk, street):
    assert desk.get("/desk/reviews?month=202701").status_code == 404
    assert desk.get("/desk/reviews?month=202613").status_code == 404


def test_a_deduction_stands_on_the_wall_without_a_name(desk, client, street):
    street.make(street.household, "household", "1.1", 50, now=clock.now())
    street.make(street.household, "household", "1.6", now=clock.now())
    db.session.commit()
    place = publish(desk, street)
    token = db.session.scalars(db.select(CommunityMonth.token)).one()
    for page in (
        client.get(f"/p/{token}").text,
        desk.get(f"{place}/sheet").text,
        desk.get(f"{place}/sheet?size=a3").text,
    ):
        assert page.count("欧阳*娜家") == 1
        assert "堆放杂物" in page


def test_the_excel_file_carries_the_seal_and_every_line(desk, street):
    street.make(street.shop, "shop", "1.1", now=clock.now())
    db.session.commit()
    place = publish(desk, street)
    book = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"{place}/excel").data))
    rows = book.get_sheet_by_name("公示").to_python()
    assert rows[0][:4] == ["序号", "发生日期", "院落或地点", "公示名称"]
    assert len(rows) == 2
    notes = {row[0]: row[1] for row in book.get_sheet_by_name("说明").to_python() if len(row) > 1}
    assert '"lines":1' in notes["封账内容"]


def test_a_link_that_is_no_publication_is_not_found(client):
    assert client.get("/p/nothing").status_code == 404


def test_who_only_looks_does_not_review(client, street):
    clerk = personas.sign_in(client, make_user(post="clerk", area=street.tree.community))
    assert clerk.get("/desk/reviews").status_code == 403
    assert clerk.get("/desk/publications").status_code == 200


def test_another_communitys_month_is_not_found(desk, street):
    neighbour = make_scheme(area=street.tree.street, code="volunteer")
    assert neighbour.area_id != street.tree.community.id
    assert desk.get(f"/desk/reviews?community={street.tree.street.id}").status_code == 404
    assert desk.get(f"/desk/publications/{street.tree.street.id}/{MONTH}").status_code == 404


def test_the_rankings_of_the_month_stand_behind_the_same_link(desk, client, street):
    street.make(street.household, "household", "1.1", 30, now=clock.now())
    db.session.commit()
    publish(desk, street)
    row = db.session.scalars(db.select(CommunityMonth)).one()
    page = client.get(f"/p/{row.token}/rankings").text
    assert "11 月院落排行" in page
    assert "住户汇总 3" in page
    assert '"ranking":"' in row.content


def test_where_the_community_decided_so_a_deduction_stands_there_with_its_name(desk, client, street):
    street.make(street.household, "household", "1.1", 50, now=clock.now())
    street.make(street.household, "household", "1.6", now=clock.now())
    db.session.commit()
    wanted = {"minus_names": "yes", "small_to": "3", "large_from": "9", "shops_by": "trade"}
    assert desk.post(f"/desk/rankings/{street.tree.community.id}/settings", data=wanted).status_code == 303
    place = publish(desk, street)
    token = db.session.scalars(db.select(CommunityMonth.token)).one()
    for page in (client.get(f"/p/{token}").text, desk.get(f"{place}/sheet").text):
        assert page.count("欧阳*娜家") == 2
        assert "不写名字" not in page


def test_an_empty_month_hangs_as_a_sheet_that_says_so(desk, street):
    page = desk.get(f"{publish(desk, street)}/sheet").text
    assert "这个月没有记实" in page
    assert "<thead>" not in page


def test_no_name_becomes_a_formula_in_excel(desk, street):
    street.shop.name = "=HYPERLINK(1)"
    street.make(street.shop, "shop", "1.1", now=clock.now())
    street.make(street.household, "household", "1.1", 30, now=clock.now())
    db.session.commit()
    files = (f"{publish(desk, street)}/excel", f"/desk/rankings/excel?month={MONTH}&scheme={street.schemes['shop'].id}")
    for address in files:
        with zipfile.ZipFile(io.BytesIO(desk.get(address).data)) as book:
            sheets = [book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/")]
        assert any("=HYPERLINK(1)" in sheet for sheet in sheets)
        assert not any("<f>" in sheet or "<hyperlink" in sheet for sheet in sheets)
        assert "欧阳娜娜" not in "".join(sheets)
