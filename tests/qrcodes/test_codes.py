"""Codes: one in use, old ones explain themselves, everybody gets their page."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import both_databases
from tests.factories import (
    make_appointment,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_shop,
    make_user,
)
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Gone, Invalid, NotFound
from webapp.extensions import db
from webapp.places.models import Holder
from webapp.qrcodes import digits, queries, service
from webapp.qrcodes.drawing import qr_path
from webapp.qrcodes.plaques import words_beside
from webapp.qrcodes.queries import Wanted


def code_for(holder):
    service.make_missing(holder_ids=[holder.id], actor=SYSTEM, now=clock.now())
    return queries.active_code(holder.id)


def replace(code):
    return service.replace(code=code, reason="破损", actor=SYSTEM, now=clock.now())


@both_databases
def test_numbers_that_are_drawn_twice_are_drawn_again(app, monkeypatch):
    """Of 3,600 plates made at once two draw the same number more often than not."""
    tree = make_community()
    taken = code_for(make_shop(area=tree.micro_grid)).digits
    free = ["11111111", "22222222", "33333333"]
    draws = iter([taken, free[0], free[0], free[1], taken, free[2]])
    monkeypatch.setattr(service, "random_digits", lambda: next(draws))
    shops = [make_shop(area=tree.micro_grid) for _ in range(3)]

    made = service.make_missing(holder_ids=[shop.id for shop in shops], actor=SYSTEM, now=clock.now())

    assert made == 3
    assert sorted(queries.active_code(shop.id).digits for shop in shops) == free


def test_when_no_number_is_left_it_is_said(app, monkeypatch):
    tree = make_community()
    monkeypatch.setattr(service, "random_digits", lambda: "11111111")
    code_for(make_shop(area=tree.micro_grid))

    with pytest.raises(Invalid, match="编号快用完了"):
        code_for(make_shop(area=tree.micro_grid))


@given(st.integers(10**6, 10**7 - 1), st.integers(0, 7), st.integers(1, 9))
def test_a_single_wrong_digit_is_always_noticed(number, place, change):
    right = f"{number}{digits.check_digit(str(number))}"
    wrong = right[:place] + str((int(right[place]) + change) % 10) + right[place + 1 :]
    assert digits.is_valid(right)
    assert not digits.is_valid(wrong)


@given(st.integers(10**6, 10**7 - 1), st.integers(0, 6))
def test_swapped_neighbours_are_always_noticed(number, place):
    right = f"{number}{digits.check_digit(str(number))}"
    swapped = right[:place] + right[place + 1] + right[place] + right[place + 2 :]
    assert swapped == right or not digits.is_valid(swapped)


def test_a_code_is_drawn_in_at_most_eighteen_hundred_bytes():
    path = qr_path(queries.address("http://192.168.100.200:8000", "7K3M92XQ4T8W"))
    assert len(path.d) <= 1800
    assert path.size == 29


@both_databases
def test_codes_are_made_once(app):
    yard, shop = make_courtyard(), make_shop()
    first = service.make_missing(holder_ids=[yard.id, shop.id], actor=SYSTEM, now=clock.now())
    again = service.make_missing(holder_ids=[yard.id, shop.id], actor=SYSTEM, now=clock.now())
    assert (first, again) == (2, 0)


@both_databases
def test_replacing_makes_the_next_version_and_happens_once(app):
    code = code_for(make_courtyard())
    new = replace(code)
    assert (new.version, queries.active_code(code.holder_id).id) == (2, new.id)
    with pytest.raises(AlreadyUsed):
        replace(code)


def test_a_new_code_after_a_revocation_goes_on_counting(app):
    code = code_for(make_courtyard())
    service.revoke(code=code, reason="被涂改", actor=SYSTEM, now=clock.now())
    assert queries.active_code(code.holder_id) is None
    assert code_for(code.holder).version == 2


@both_databases
def test_codes_cannot_be_changed_or_removed(app):
    from sqlalchemy.exc import DatabaseError

    code_for(make_courtyard())
    db.session.commit()
    for statement in ("UPDATE code SET token = 'X'", "DELETE FROM code"):
        with pytest.raises(DatabaseError, match="append-only"):
            db.session.execute(db.text(statement))
        db.session.rollback()


def test_a_courtyards_plate_shows_who_serves_and_nothing_private(app, client):
    tree = make_community()
    yard = make_courtyard(area=tree.micro_grid, name="3 排 12 号院")
    make_household(courtyard=yard, name="赵金锁", phone="13800001234")
    head = make_person(area=tree.community, name="李玉梅", phone="13900007777")
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard, phone="0571-5550111")
    code = code_for(yard)

    for address in (f"/q/{code.token}", f"/Q/{code.token}", f"/q/{code.token.lower()}"):
        page = client.get(address)
        assert page.status_code == 200
    assert "3 排 12 号院" in page.text
    assert "李*梅" in page.text
    assert "公示后就有名次" in page.text
    assert "赵" not in page.text
    assert "1380000" not in page.text
    assert "0571-5550111" in page.text
    assert "1390000" not in page.text


def test_an_old_plate_explains_itself(app, client):
    code = code_for(make_courtyard())
    replace(code)
    page = client.get(f"/q/{code.token}")
    assert page.status_code == 410
    assert "现在用的是第 2 版" in page.text


def test_a_revoked_plate_explains_itself(app, client):
    code = code_for(make_courtyard())
    service.revoke(code=code, reason="被涂改", actor=SYSTEM, now=clock.now())
    page = client.get(f"/q/{code.token}")
    assert page.status_code == 410
    assert "已作废" in page.text


@pytest.mark.parametrize("token", ["000000000000", "x", "ＡＢＣ", "%00", "' OR 1=1", "7" * 300])
def test_a_foreign_code_is_told_to_be_careful_about(app, client, token):
    page = client.get(f"/q/{token}")
    assert page.status_code == 404
    assert "请当心" in page.text


def test_the_digits_under_a_plate_lead_to_it(app, client):
    code = code_for(make_courtyard())
    typed = f"{code.digits[:4]} {code.digits[4:]}"
    answer = client.post("/q/", data={"code": typed})
    assert answer.location == f"/q/{code.token}"


def test_a_slip_of_the_finger_is_told_and_kept(app, client):
    page = client.post("/q/", data={"code": "1234 5678"})
    assert page.status_code == 422
    assert "编号不对" in page.text
    assert 'value="1234 5678"' in page.text


def test_looking_up_numbers_is_limited(app, client):
    answers = {client.post("/q/", data={"code": "12345678"}).status_code for _ in range(32)}
    assert answers == {422, 429}


def test_a_card_scanned_by_a_phone_shows_nothing_of_the_household(app, client):
    household = make_household(name="赵金锁")
    page = client.get(f"/q/{code_for(household).token}")
    assert "到自助终端" in page.text
    assert "赵" not in page.text
    assert household.number not in page.text


def test_a_card_leads_to_its_households_door_and_tells_the_number_but_no_name(app, client):
    household = make_household(name="赵金锁")
    card = f"/q/{code_for(household).token}"
    assert f'action="{card}/sign-in"' in client.get(card).text

    answer = client.post(f"{card}/sign-in")

    assert (answer.status_code, answer.location) == (303, "/home/sign-in")
    page = client.get(answer.location).text
    assert f'value="{household.number}"' in page
    assert "赵" not in page


def test_neither_an_old_card_nor_a_plate_nor_a_made_up_code_leads_to_a_door(app, client):
    code = code_for(make_household())
    replace(code)
    assert client.post(f"/q/{code.token}/sign-in").status_code == 410
    assert client.post(f"/q/{code_for(make_courtyard()).token}/sign-in").status_code == 404
    assert client.post("/q/0000000000000000/sign-in").status_code == 404
    assert 'value=""' in client.get("/home/sign-in").text


@both_databases
def test_a_card_opens_its_household_at_the_kiosk_of_its_community_only(app):
    household = make_household()
    code = code_for(household)
    address = queries.address("http://127.0.0.1:8000", code.token)

    assert queries.household_of_card(code.token, household.community_id) == household.id
    assert queries.household_of_card(address, household.community_id) == household.id
    with pytest.raises(NotFound, match="没有认出"):
        queries.household_of_card(code.token, household.community_id + 1)
    replace(code)
    with pytest.raises(Gone, match="换过新卡"):
        queries.household_of_card(code.token, household.community_id)


def test_a_plate_is_no_card(app):
    yard = make_courtyard()
    with pytest.raises(NotFound):
        queries.household_of_card(code_for(yard).token, yard.community_id)


@pytest.fixture
def tree(app):
    return make_community()


@pytest.fixture
def clerk(tree, client):
    return sign_in(client, make_user(post="clerk", area=tree.community))


def test_printing_a_list_makes_what_is_missing_and_shows_all_of_it(tree, clerk):
    for number in range(1, 15):
        make_courtyard(area=tree.micro_grid, number=f"3-{number:02}", name=f"3 排 {number} 号院", lane="前街")
    page = clerk.get("/desk/codes?kind=courtyard")
    assert "14" in page.text
    assert "还没有码" in page.text

    answer = clerk.post("/desk/codes/prepare", data={"kind": "courtyard", "lane": "前街", "format": "12"})
    sheet = clerk.get(answer.location)
    assert sheet.text.count("<article") == 14
    assert sheet.text.count("<section") == 2
    assert 'class="red"' in sheet.text


def test_cards_show_the_masked_name(tree, clerk):
    make_household(area=tree.micro_grid, name="赵金锁", number="03-12-02")
    answer = clerk.post("/desk/codes/prepare", data={"kind": "household"})
    sheet = clerk.get(answer.location).text
    assert "赵*锁家" in sheet
    assert "03-12-02" in sheet
    assert "赵金锁" not in sheet


def test_an_empty_list_says_what_to_do(tree, clerk):
    assert "没有符合条件的商铺" in clerk.get("/desk/codes?kind=shop").text
    assert "没有可以打印的码" in clerk.get("/desk/codes/sheet?kind=shop").text


def test_a_plate_is_replaced_with_a_reason(tree, clerk):
    yard = make_courtyard(area=tree.micro_grid)
    code = code_for(yard)
    url = f"/desk/codes/{yard.id}/replace"
    assert code.digits[:4] in clerk.get(url).text
    assert clerk.post(url, data={"reason": ""}).status_code == 422
    assert clerk.post(url, data={"reason": "门牌破损"}).status_code == 303
    page = clerk.get(f"/desk/codes/{yard.id}").text
    assert re.search(r"第 2 版.*使用中", page, re.S)
    assert "门牌破损" in page


def test_plates_of_another_community_are_not_found(tree, clerk):
    stranger = make_courtyard(area=make_community(street=tree.street, name="永安社区").micro_grid)
    code_for(stranger)
    assert clerk.get(f"/desk/codes/{stranger.id}").status_code == 404
    assert clerk.post(f"/desk/codes/{stranger.id}/revoke", data={"reason": "x"}).status_code == 404
    assert clerk.get("/desk/codes").text.count(f'/desk/codes/{stranger.id}"') == 0


@both_databases
def test_a_sheet_needs_few_queries_however_long_it_is(app):
    tree = make_community()
    for number in range(30):
        make_courtyard(area=tree.micro_grid, number=f"5-{number}")
    ids = [holder.id for holder in db.session.query(Holder).all()]
    service.make_missing(holder_ids=ids, actor=SYSTEM, now=clock.now())
    statements: list[str] = []
    db.event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    plates = list(queries.plates((tree.county.path,), Wanted(), base_url="http://localhost", beside=words_beside))
    assert len(plates) == 30
    assert len(statements) <= 6
