"""异议 at the kiosk: a tap on a line, why, the number; the answer there and on the next slip."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_community, make_user
from tests.kiosk.conftest import Kiosk
from tests.kiosk.test_publication import publish, record
from tests.records.conftest import actor_of
from webapp.core import clock
from webapp.extensions import db
from webapp.reviews import queries, service
from webapp.reviews.models import CommunityMonth, Objection

ANSWER = "看了照片，箱子不是您家的"


@pytest.fixture
def published(kiosk: Kiosk, client) -> Kiosk:
    record(kiosk, kiosk.household, "3.2")
    record(kiosk, kiosk.household, "1.6")
    publish(kiosk)
    kiosk.pair(client)
    return kiosk


def row() -> CommunityMonth:
    return db.session.scalars(db.select(CommunityMonth)).one()


def line(title: str) -> int:
    return next(one.number for one in queries.all_lines(row()) if title in one.title)


def place(number: int) -> str:
    return f"/kiosk/objections/new/{row().id}/{number}"


def answer(kiosk: Kiosk) -> None:
    made = db.session.scalars(db.select(Objection)).one()
    lead = make_user(post="grid_lead", area=kiosk.tree.community)
    actor = actor_of(lead, "grid_lead", kiosk.tree.community.path)
    service.uphold(actor=actor, objection_id=made.id, answer=ANSWER, now=clock.now() + timedelta(seconds=2))
    db.session.commit()


@both_databases
def test_a_line_is_objected_to_with_three_taps_and_the_answer_is_on_the_screen_and_the_next_slip(published, client):
    published.show_card(client)
    where = place(line("堆放杂物"))
    assert f'href="{where}"' in client.get("/kiosk/publication?mine=1").text
    assert "不是我家的" in client.get(where).text
    assert "提交异议" in client.get(f"{where}?kind=not_me").text
    page = client.post(where, data={"kind": "not_me", "reason": ""}, follow_redirects=True).text
    number = db.session.scalars(db.select(Objection.number)).one()
    assert f"月第 {number} 号" in page
    slip = client.post("/kiosk/slips", data={}, follow_redirects=True).text
    assert "等受理" in slip
    answer(published)
    assert ANSWER in client.get("/kiosk/objections").text
    with clock.travel(clock.now() + timedelta(seconds=20)):
        slip = client.post("/kiosk/slips", data={}, follow_redirects=True).text
        assert f"成立：{ANSWER}" in slip
        assert ANSWER not in client.post("/kiosk/slips", data={}, follow_redirects=True).text


def test_who_has_not_said_who_they_are_is_asked_and_comes_back_to_the_line(published, client):
    number = line("堆放杂物")
    page = client.get(place(number))
    assert page.status_code == 303
    asked = client.get(page.location).text
    assert "先说说您是哪一户" in asked
    assert f'name="line" value="{row().id}-{number}"' in asked
    data = {"code": published.card_of(published.household), "line": f"{row().id}-{number}"}
    assert client.post("/kiosk/card", data=data).location == place(number)


def test_the_own_book_leads_to_the_line_of_the_publication(published, client):
    published.show_card(client)
    balance = client.get("/kiosk/balance").text
    why = balance.split("堆放杂物")[1].split('href="')[1].split('"')[0]
    assert place(line("堆放杂物")) in client.get(why).text


def test_a_second_objection_leads_to_the_first(published, client):
    published.show_card(client)
    where = place(line("捐款捐物"))
    client.post(where, data={"kind": "points"})
    again = client.post(where, data={"kind": "points"})
    assert again.status_code == 409
    assert "您家已经提过了" in again.text


def test_other_reasons_want_a_sentence(published, client):
    published.show_card(client)
    answer_ = client.post(place(line("捐款捐物")), data={"kind": "other", "reason": ""})
    assert answer_.status_code == 422
    assert "请写一句话" in answer_.text
    nothing = client.post(place(line("捐款捐物")), data={})
    assert nothing.status_code == 422
    assert "先选一个原因" in nothing.text


def test_after_the_window_no_line_has_the_button_and_a_late_form_is_refused(published, client):
    where, over = place(line("捐款捐物")), queries.ends_at(row())
    with clock.travel(over):
        published.show_card(client)
        assert "有异议" not in client.get("/kiosk/publication").text
        late = client.post(where, data={"kind": "points"})
        assert late.status_code == 410
        assert "不能再提了" in late.text


def test_lines_that_are_not_published_here_are_not_found(published, client):
    published.show_card(client)
    assert client.get(place(99)).status_code == 404
    assert client.get("/kiosk/objections/new/999/1").status_code == 404
    assert client.get("/kiosk/objections/999").status_code == 404
    make_community(street=published.tree.street, name="永安社区")


def test_the_register_names_nobody(published, client):
    published.show_card(client)
    assert "还没有人提异议" in client.get("/kiosk/publication/register").text
    client.post(place(line("捐款捐物")), data={"kind": "points"})
    client.post("/kiosk/leave")
    page = client.get("/kiosk/publication/register").text
    assert "捐款捐物" in page
    assert "梅" not in page
