"""What was recorded, how it is taken back, and the inspector's day."""

from __future__ import annotations

import re
from datetime import timedelta

from tests.factories import (
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_scheme,
    make_shop,
    make_user,
)
from tests.inspections.tools import fields, text_of
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.points import Points
from webapp.extensions import db

# Afterwards -----------------------------------------------------------------------------------------------------------


def test_a_record_is_taken_back_by_a_button_and_the_book_shows_it(phone, street, recorded):
    done = phone.post(f"/phone/records/{recorded.id}/undo", follow_redirects=True)
    assert "已撤回" in text_of(done)
    assert "惠民超市现有 0 分" in text_of(done)
    db.session.rollback()
    assert street.balance(street.shop, "shop") == Points(0)


def test_after_ten_minutes_there_is_no_button_and_the_form_is_refused(phone, recorded):
    with clock.travel(clock.now() + timedelta(minutes=11)):
        assert "/undo" not in text_of(phone.get(f"/phone/records/{recorded.id}"))
        answer = phone.post(f"/phone/records/{recorded.id}/undo")
    assert answer.status_code == 410
    assert "超过 10 分钟" in text_of(answer)


def test_a_colleague_sees_the_record_but_cannot_take_it_back(client, street, recorded):
    sign_in(client, make_user(post="secretary", area=street.tree.community))
    assert "/undo" not in text_of(client.get(f"/phone/records/{recorded.id}"))
    assert client.post(f"/phone/records/{recorded.id}/undo").status_code == 403


def test_a_record_of_another_community_is_not_found(client, street, recorded):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    sign_in(client, make_user(post="grid_worker", area=neighbour.community))
    assert client.get(f"/phone/records/{recorded.id}").status_code == 404
    assert client.post(f"/phone/records/{recorded.id}/undo").status_code == 404


def test_a_veto_says_what_it_did(phone, street):
    done = phone.post(
        f"/phone/score/{street.shop.id}", data=fields(street, "3.5", note="拒绝开门"), follow_redirects=True
    )
    assert "已记停评" in text_of(done)
    assert "已停评" in text_of(phone.get(f"/phone/score/{street.shop.id}"))


def test_what_waits_says_that_it_waits(phone, street):
    member = make_person(household=make_household(area=street.tree.micro_grid), party_member=True)
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    db.session.commit()
    done = phone.post(f"/phone/score/{member.id}", data=fields(street, "1.1", "party-member"), follow_redirects=True)
    assert "已提交 +5 分" in text_of(done)
    assert "等审核后入账" in text_of(done)


# My day ---------------------------------------------------------------------------------------------------------------


def test_an_empty_day_says_how_to_begin(phone):
    page = text_of(phone.get("/phone/"))
    assert "今天还没有记录" in page
    assert "0 / 1 处" in page


def test_my_day_shows_what_i_recorded_and_takes_it_back(phone, recorded):
    page = text_of(phone.get("/phone/"))
    assert "1 条" in page
    assert "100%" in page
    answer = phone.post(f"/phone/records/{recorded.id}/undo", data={"from": "day"})
    assert answer.location == "/phone/"
    page = text_of(phone.get("/phone/"))
    assert "0 条" in page
    assert "已撤回" in page


def test_a_long_day_shows_the_latest_ten_and_the_rest_on_demand(phone, street):
    for _ in range(12):
        street.make(make_shop(area=street.tree.micro_grid, name="流水小店"), "shop", "1.1")
    db.session.commit()
    page = text_of(phone.get("/phone/"))
    assert "12 条" in page
    assert "看今天全部 12 条" in page
    assert page.count("流水小店<small") == 10
    everything = text_of(phone.get("/phone/?all=1"))
    assert everything.count("流水小店<small") == 12
    assert "看今天全部" not in everything


def test_what_colleagues_recorded_is_not_in_my_day(client, street, recorded):
    sign_in(client, make_user(post="grid_worker", area=street.tree.community))
    page = text_of(client.get("/phone/"))
    assert "今天还没有记录" in page
    assert "100%" in page


def test_only_my_own_grid_is_covered_and_listed(client, street):
    mine = make_shop(area=street.tree.grids[1], name="我的网格小店")
    sign_in(client, make_user(post="grid_worker", area=street.tree.grids[1]))
    page = text_of(client.get("/phone/"))
    assert mine.name in page
    assert "惠民超市" not in page
    assert "0 / 1 处" in page


def test_unvisited_places_come_in_walking_order_twenty_a_page(phone, street):
    for position in range(24, 0, -1):
        make_courtyard(area=street.tree.micro_grids[1], name=f"{position:02}号院", lane="三巷", position=position)
    db.session.commit()
    first = text_of(phone.get("/phone/?kind=courtyard"))
    names = re.findall(r"<span>(\d\d)号院", first)
    assert names == [f"{n:02}" for n in range(1, 20)]
    second = text_of(phone.get("/phone/?kind=courtyard&page=2"))
    assert re.findall(r"<span>(\d\d)号院", second) == ["20", "21", "22", "23", "24"]
    assert text_of(phone.get("/phone/?kind=courtyard&page=99")) == text_of(phone.get("/phone/?kind=courtyard&page=2"))


def test_a_visit_of_last_month_does_not_count_and_its_day_is_shown(phone, street):
    last_month = clock.now().replace(day=1) - timedelta(days=3)
    street.make(street.shop, "shop", "1.1", now=last_month)
    db.session.commit()
    page = text_of(phone.get("/phone/"))
    assert f"上次 {clock.local_date(last_month).month}月" in page
    assert page.count("0 / 1 处") == 2


def test_a_month_with_everything_visited_says_so(phone, street):
    street.make(street.shop, "shop", "1.1")
    street.make(street.courtyard, "courtyard", "1.2")
    db.session.commit()
    assert "本月都走到了" in text_of(phone.get("/phone/"))
