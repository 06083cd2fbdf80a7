"""A household on its own phone: the door."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_community, make_household
from tests.personas import make_cast, sign_in, sign_in_resident
from tests.users.conftest import DOOR, another, give, phone_cookie
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.users.models import FailedTry, ResidentSignIn
from webapp.users.residents_gate import who_lives_here
from webapp.users.service import pins

TWENTY_NINE_DAYS = timedelta(days=29, hours=23)


# The door ---------------------------------------------------------------------------------------------------------------


@both_databases
@pytest.mark.parametrize("number", ["03-12-02", "031202", "０３－１２－０２", " 03-1202 "])
def test_number_and_pin_open_the_first_page_with_or_without_dashes(household, pin, client, number):
    answer = give(client, number, pin)

    assert (answer.status_code, answer.location) == (303, "/home/")
    page = client.get("/home/").text
    assert "李*梅家" in page
    assert "李玉梅" not in page
    assert "03-12-02" in page
    assert "3 排 12 号院" in page


def test_the_cookie_is_for_the_phone_only_and_lasts_as_long_as_the_sign_in(household, pin, client):
    cookie = phone_cookie(give(client, household.number, pin))
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"} <= set(cookie.split("; "))
    token = client.get_cookie("resident").value
    assert token not in db.session.query(ResidentSignIn).one().token_print


def test_behind_https_the_cookie_never_leaves_it(make_app, database_url):
    app = make_app(database_url, BASE_URL="https://jifen.example")
    with app.app_context():
        household = make_household()
        pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
        db.session.commit()
        cookie = phone_cookie(give(app.test_client(), household.number, pin, base_url="https://jifen.example"))
        db.session.remove()
    assert cookie.startswith("__Host-resident=")
    assert "Secure" in cookie


def test_whoever_is_not_signed_in_is_asked_and_led_back(household, pin, client):
    asked = client.get("/home/?month=202611")
    assert asked.status_code == 303
    assert asked.location == "/home/sign-in?next=/home/?month%3D202611"

    answer = client.post(asked.location, data={"number": household.number, "pin": pin})
    assert answer.location == "/home/?month=202611"


def test_a_form_or_a_fragment_of_an_ended_sign_in_is_told_so_and_shown_the_right_door(app, client):
    answer = client.post("/home/sign-out")
    assert answer.status_code == 401
    assert "请重新登录" in answer.text
    assert 'href="/home/sign-in"' in answer.text
    fragment = client.get("/home/", headers={"HX-Request": "true"})
    assert fragment.status_code == 401
    assert "<html" not in fragment.text


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_led_to_another_site(household, pin, client, target):
    answer = give(client, household.number, pin, query_string={"next": target})
    assert answer.location == "/home/"


def tokens_out(page):
    return re.sub(r'(csrf-token" content|csrf_token" value)="[^"]*"', "", page)


def test_a_wrong_pin_no_pin_and_a_number_that_does_not_exist_get_the_same_page(household, pin, client):
    without = make_household(courtyard=household.courtyard, number="03-12-03")
    closed = make_household(courtyard=household.courtyard, number="03-12-04", active=False)
    pages = set()
    for number in (household.number, without.number, closed.number, "99-99-99"):
        answer = give(client, number, another(pin))
        assert answer.status_code == 422
        assert "resident=" not in str(answer.headers)
        pages.add(tokens_out(answer.text).replace(f'value="{number}"', ""))
    assert len(pages) == 1
    assert "户号或密码不对，还可以再试 4 次" in pages.pop()


def test_what_was_typed_is_kept_but_the_pin(household, pin, client):
    page = give(client, "03-12-02", another(pin)).text
    assert 'value="03-12-02"' in page
    assert another(pin) not in page


@pytest.mark.parametrize(("typed", "told"), [({"pin": "123456"}, "请输入户号"), ({"number": "1"}, "请输入六位密码")])
def test_what_is_missing_is_said_and_counts_as_no_guess(household, client, typed, told):
    answer = client.post(DOOR, data=typed)
    assert answer.status_code == 422
    assert told in answer.text
    assert db.session.query(FailedTry).count() == 0


@both_databases
def test_the_sixth_guess_about_a_household_is_not_looked_at_from_whatever_phone(household, pin, app):
    for number in range(5):
        from_elsewhere = {"environ_base": {"REMOTE_ADDR": f"10.0.0.{number}"}}
        assert give(app.test_client(), household.number, another(pin), **from_elsewhere).status_code == 422
    answer = give(app.test_client(), household.number, pin)
    assert answer.status_code == 429
    assert "分钟后再试" in answer.text
    with clock.travel(clock.now() + timedelta(minutes=16)):
        assert give(app.test_client(), household.number, pin).status_code == 303


def test_ten_wrong_guesses_on_one_phone_lock_it_and_not_the_one_beside_it(household, pin, app, client):
    for number in range(10):
        assert give(client, f"9-{number}", "123456").status_code == 422
    assert give(client, household.number, pin).status_code == 429
    assert give(app.test_client(), household.number, pin).status_code == 303


def test_the_guesses_of_a_phone_are_not_counted_on_another_by_a_made_up_cookie(household, client):
    client.set_cookie("shanzhi", "eyJwaG9uZSI6ImEifQ.aR8x.forged")
    give(client, household.number, "123456")
    devices = [one.subject for one in db.session.query(FailedTry) if one.subject.startswith("device:")]
    assert devices[0].startswith("device:phone:")
    assert devices != ["device:phone:a"]


def test_a_second_household_on_the_phone_takes_the_place_of_the_first(household, pin, client):
    other = make_household(courtyard=household.courtyard, number="03-12-09", name="赵金锁")
    sign_in_resident(client, other)
    old = client.get_cookie("resident").value
    give(client, household.number, pin)
    assert "李*梅家" in client.get("/home/").text
    assert who_lives_here(old, clock.now()) is None


def test_whoever_is_signed_in_is_not_asked_again_unless_another_card_was_scanned(household, client):
    sign_in_resident(client, household)
    assert client.get(DOOR).location == "/home/"
    with client.session_transaction() as session:
        session["expected_household"] = make_household(courtyard=household.courtyard, number="03-12-09").id
    page = client.get(DOOR)
    assert page.status_code == 200
    assert 'value="03-12-09"' in page.text


def test_staff_and_household_may_both_be_signed_in_on_one_phone(client):
    cast = make_cast()
    sign_in(client, cast.inspector)
    sign_in_resident(client, make_household(area=cast.tree.micro_grid))
    assert client.get("/phone/").status_code == 200
    assert client.get("/home/").status_code == 200
    client.post("/home/sign-out")
    assert client.get("/phone/").status_code == 200


def test_a_household_opens_nothing_of_the_staff_and_staff_nothing_of_a_household(app, client):
    cast = make_cast()
    phone = sign_in_resident(app.test_client(), make_household(area=cast.tree.micro_grid))
    assert phone.get("/desk").location.startswith("/sign-in")
    assert phone.get("/phone/").location.startswith("/sign-in")
    assert sign_in(client, cast.secretary).get("/home/").location.startswith(DOOR)


# Several communities ----------------------------------------------------------------------------------------------------


def test_the_community_is_asked_for_only_where_several_have_households(household, pin, client, tree):
    empty = make_community(street=tree.street, name="空社区")
    assert "社区</label>" not in client.get(DOOR).text

    next_door = make_household(area=empty.micro_grid, number="03-12-02", name="赵金锁")
    page = client.get(DOOR).text
    assert f'<option value="{empty.community.id}">空社区</option>' in page
    unsaid = give(client, "03-12-02", pin, data={"community_id": "0"})
    assert unsaid.status_code == 422
    assert "请选择您的社区" in unsaid.text
    wrong = give(client, "03-12-02", pin, data={"community_id": next_door.community_id})
    assert wrong.status_code == 422
    assert give(client, "031202", pin, data={"community_id": household.community_id}).status_code == 303
    assert "李*梅家" in client.get("/home/").text


@pytest.mark.parametrize("made_up", ["", "x", "999999", "-1"])
def test_a_community_that_is_not_offered_is_refused(household, pin, client, made_up):
    make_household()
    assert give(client, household.number, pin, data={"community_id": made_up}).status_code == 422


def test_two_communities_of_one_name_are_told_apart_by_their_streets(household, client, tree):
    twin = make_household(area=make_community(name=tree.community.name).micro_grid)
    page = client.get(DOOR).text
    for one in (household, twin):
        assert f"{one.community.parent.name} {one.community.name}</option>" in page


def test_an_installation_without_households_refuses_in_the_same_words(app, client):
    assert client.get(DOOR).status_code == 200
    assert "户号或密码不对" in give(client, "1-1", "123456").text
