"""A household looks its points up on its own phone."""

from __future__ import annotations

import pytest

from tests.factories import give_points, make_household
from tests.personas import sign_in_resident
from webapp.core import clock
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.records import service


@pytest.fixture
def phone(street, client):
    return sign_in_resident(client, street.household)


def account_of(street, household=None):
    return find_account((household or street.household).id, street.schemes["household"].id)


def test_the_first_page_says_the_balance_large(phone, street):
    give_points(street.household, street.schemes["household"], 128)
    page = phone.get("/home/").text
    assert '<b class="home-figure">128 分</b>' in page
    assert 'href="/home/points"' in page


def test_a_household_without_points_is_told_how_they_come(phone):
    assert "home-figure" not in phone.get("/home/").text
    page = phone.get("/home/points").text
    assert "还没有积分" in page
    assert "审核以后就记在这里" in page


def test_the_page_shows_balance_lines_and_what_waits(phone, street):
    give_points(street.household, street.schemes["household"], 30)
    waiting = street.make(street.household, "household", "2.1", source="claim")
    page = phone.get("/home/points").text
    assert '<p class="balance">30<small> 分</small></p>' in page
    assert "参加志愿活动" in page
    assert "记完余 30 分" in page
    assert "等审核的" in page
    assert f"/home/points/waiting/{waiting.id}" in page


def test_lines_come_in_pages_newest_first(phone, street):
    for number in range(1, 46):
        give_points(street.household, street.schemes["household"], number)
    account = account_of(street)
    first = phone.get("/home/points").text
    assert f"/home/points/{account.id}/45" in first
    assert f"/home/points/{account.id}/25" not in first
    last = phone.get("/home/points?page=3").text
    assert f'/home/points/{account.id}/1"' in last
    assert f"/home/points/{account.id}/6" not in last
    assert phone.get("/home/points?page=99").text == phone.get("/home/points?page=3").text


def test_what_waits_says_who_recorded_it_and_that_nobody_has_reviewed_it(phone, street):
    record = street.make(street.household, "household", "2.1", source="claim")
    page = phone.get(f"/home/points/waiting/{record.id}").text
    assert "还没有审核" in page
    assert "李*梅 网格员" in page


def test_a_line_says_its_number_its_check_code_and_the_balance_after_it(phone, street):
    give_points(street.household, street.schemes["household"], 12)
    account = account_of(street)
    page = phone.get(f"/home/points/{account.id}/1").text
    assert "为什么是 +12 分" in page
    assert f"第 1 笔，核对码\u00a0{account.head[:8].upper()}" in page
    assert "12 分" in page


def test_a_waiting_record_that_is_in_the_book_meanwhile_leads_to_its_line(phone, street):
    record = street.make(street.household, "household", "2.1")
    answer = phone.get(f"/home/points/waiting/{record.id}")
    assert answer.location == f"/home/points/{account_of(street).id}/1"
    page = phone.get(answer.location).text
    assert "参加居民会议" in page
    assert f'href="/home/objections/record/{record.id}"' in page


def test_a_line_that_was_taken_back_leads_to_the_one_that_took_it_back(phone, street):
    record = street.make(street.household, "household", "2.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    account = account_of(street)
    first, second = (phone.get(f"/home/points/{account.id}/{seq}").text for seq in (1, 2))
    assert "积分已经还原" in first
    assert "有异议" not in first
    assert "以前有一笔记得不对" in second
    assert f'href="/home/points/{account.id}/1"' in second


def test_another_households_line_is_not_found(phone, street):
    other = make_household(courtyard=street.courtyard)
    give_points(other, street.schemes["household"], 5)
    account = account_of(street, other)
    db.session.commit()
    assert phone.get(f"/home/points/{account.id}/1").status_code == 404
    assert phone.get("/home/points/999999/1").status_code == 404
    waiting = street.make(other, "household", "2.1", source="claim")
    assert phone.get(f"/home/points/waiting/{waiting.id}").status_code == 404


def test_nobody_sees_points_without_signing_in(client, street):
    answer = client.get("/home/points")
    assert answer.status_code in (302, 303)
    assert "/home/sign-in" in answer.location
