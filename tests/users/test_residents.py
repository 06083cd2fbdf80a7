"""A household on its own phone: the door, what ends a sign-in, and the first page behind it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_appointment, make_community, make_courtyard, make_household, make_person
from tests.personas import make_cast, sign_in, sign_in_resident
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.places import service as places
from webapp.users.models import FailedTry, ResidentSignIn
from webapp.users.residents_gate import who_lives_here
from webapp.users.service import phones, pins
from webapp.web import home
from webapp.web.home import HomeLink

DOOR = "/home/sign-in"
TWENTY_NINE_DAYS = timedelta(days=29, hours=23)


@pytest.fixture
def tree(app):
    return make_community()


@pytest.fixture
def household(tree):
    yard = make_courtyard(area=tree.micro_grid, name="3 排 12 号院")
    return make_household(courtyard=yard, number="03-12-02", name="李玉梅")


@pytest.fixture
def pin(household):
    made = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    return made


def give(client, number, pin, **more):
    return client.post(DOOR, data={"number": number, "pin": pin, **more.pop("data", {})}, **more)


def another(pin):
    """A PIN that is not this one."""
    return f"{(int(pin) + 1) % 10**6:06}"


def phone_cookie(answer):
    return next(value for value in answer.headers.getlist("Set-Cookie") if "resident=" in value)


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


# What ends a sign-in ----------------------------------------------------------------------------------------------------


@both_databases
def test_thirty_days_end_it_however_much_it_is_used(household, client):
    begun = clock.now()
    sign_in_resident(client, household)
    for days in (10, 20, 29):
        with clock.travel(begun + timedelta(days=days)):
            assert client.get("/home/").status_code == 200
    with clock.travel(begun + TWENTY_NINE_DAYS):
        assert client.get("/home/").status_code == 200
    with clock.travel(begun + timedelta(days=30, seconds=1)):
        assert client.get("/home/").status_code == 303


@both_databases
def test_signing_out_ends_it_on_the_server_and_empties_the_phone(household, client):
    sign_in_resident(client, household)
    old = client.get_cookie("resident").value
    answer = client.post("/home/sign-out")

    assert answer.location == DOOR
    assert "resident=;" in phone_cookie(answer)
    assert "cache" in answer.headers["Clear-Site-Data"]
    assert "已退出登录" in client.get(DOOR).text
    client.set_cookie("resident", old)
    assert client.get("/home/").status_code == 303


@both_databases
def test_a_new_pin_ends_every_phone_of_the_household_and_no_other(household, pin, app):
    two = [sign_in_resident(app.test_client(), household) for _ in range(2)]
    neighbour = make_household(courtyard=household.courtyard, number="03-12-09")
    other = sign_in_resident(app.test_client(), neighbour)
    pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    assert [phone.get("/home/").status_code for phone in two] == [303, 303]
    assert other.get("/home/").status_code == 200


def test_a_household_that_was_closed_is_shown_nothing_any_more(household, client):
    sign_in_resident(client, household)
    places.close_household(actor=SYSTEM, now=clock.now(), household=household)
    assert client.get("/home/").status_code == 303


@pytest.mark.parametrize("value", ["", "x", "a" * 3000, "\u6bb5"])
def test_a_planted_cookie_opens_nothing(household, client, value):
    client.set_cookie("resident", value)
    assert client.get("/home/").status_code == 303


# Who it is --------------------------------------------------------------------------------------------------------------


@both_databases
def test_the_gate_knows_the_household_its_places_and_the_courtyards_it_heads(household, tree):
    head = make_person(household=household, name="李玉梅")
    second = make_courtyard(area=tree.micro_grid)
    for yard in (second, household.courtyard):
        make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard)
    over = make_courtyard(area=tree.micro_grid)
    ended = clock.today() - timedelta(days=1)
    make_appointment(person=head, post="courtyard_head", area=over.area, courtyard=over, ends_on=ended)
    make_appointment(person=head, post="grid_worker", area=tree.grid)
    token = phones.start(household_id=household.id, network="10.0.0.8", now=clock.now())

    found = who_lives_here(token, clock.now())

    assert found is not None
    assert found.household_id == household.id
    assert (found.number, found.name) == ("03-12-02", "李玉梅")
    assert (found.courtyard_id, found.courtyard) == (household.courtyard_id, "3 排 12 号院")
    assert (found.area_id, found.area_path) == (tree.micro_grid.id, tree.micro_grid.path)
    assert (found.community_id, found.community) == (tree.community.id, tree.community.name)
    assert found.heads == tuple(sorted([second.id, household.courtyard_id]))


def test_a_household_without_a_courtyard_has_a_first_page_too(tree, client):
    sign_in_resident(client, make_household(area=tree.grid, number="7-01"))
    page = client.get("/home/")
    assert page.status_code == 200
    assert "7-01" in page.text


def test_looking_the_household_up_costs_two_queries(household, client, queries_sent):
    sign_in_resident(client, household)
    client.get("/home/")
    queries_sent.clear()
    client.get("/home/")
    asked = [sql for sql in queries_sent if "resident_sign_in" in sql or "appointment.courtyard_id \n" in sql]
    assert len(asked) == 2
    assert len(queries_sent) <= 8


# The first page ---------------------------------------------------------------------------------------------------------


def test_the_first_page_says_who_serves_and_whom_to_call(household, tree, client):
    worker = make_person(area=tree.community, name="曹建锋")
    make_appointment(person=worker, post="grid_worker", area=tree.grid, phone="0358-5550111")
    page = sign_in_resident(client, household).get("/home/").text
    assert "曹*锋" in page
    assert 'href="tel:0358-5550111"' in page
    assert f'href="tel:{tree.community.phone}"' in page
    assert "到社区自助终端" in page


def link(label, order, **more):
    return HomeLink(label, f"{label}的说明", "users.home", "star", order, **more)


@pytest.fixture
def links(app):
    app.extensions["home"] = []
    home.add(
        app, [link("审核", 30, heads_only=True, badge=lambda: 3), link("申报", 20), link("积分", 10, badge=lambda: 0)]
    )


def test_features_add_their_links_in_order_and_those_for_heads_show_to_heads_only(household, links, client):
    sign_in_resident(client, household)
    assert re.findall(r"<b>(积分|申报|审核)</b>", client.get("/home/").text) == ["积分", "申报"]
    assert 'tag plain">院长' not in client.get("/home/").text

    head = make_person(household=household)
    make_appointment(person=head, post="courtyard_head", area=household.area, courtyard=household.courtyard)
    page = client.get("/home/").text
    assert re.findall(r"<b>(积分|申报|审核)</b>", page) == ["积分", "申报", "审核"]
    assert "3 条" in page
    assert "0 条" not in page
    assert '<span class="tag plain">院长</span>' in page


# What is written down ---------------------------------------------------------------------------------------------------


def lines(action):
    return db.session.query(AuditLine).filter_by(action=action).all()


@both_databases
def test_signing_in_and_out_and_failures_are_written_down_with_masked_names(household, pin, tree, client):
    give(client, household.number, another(pin))
    give(client, household.number, pin)
    client.post("/home/sign-out")

    (failed,), (came,), (left,) = (lines(f"resident:{verb}") for verb in ("sign-in-failed", "signed-in", "signed-out"))
    for line in (failed, came, left):
        assert (line.object_kind, line.object_id) == ("household", household.id)
        assert line.area_path == tree.micro_grid.path
        assert line.where == "127.0.0.1"
    assert failed.actor_label == "访客"
    assert {came.actor_label, left.actor_label} == {"李*梅家"}


def test_a_number_that_does_not_exist_is_not_written_down_for_it_may_be_a_pin(household, client):
    give(client, "424242", "123456")
    (line,) = lines("resident:sign-in-failed")
    assert line.object_id is None
    assert "424242" not in line.detail + line.actor_label


def test_the_secretary_reads_of_it_in_words(app, client):
    cast = make_cast()
    household = make_household(area=cast.tree.micro_grid, number="08-01")
    db.session.commit()
    give(app.test_client(), "08-01", "123456", data={"community_id": household.community_id})
    page = sign_in(client, cast.secretary).get("/desk/audit?action=resident").text
    assert "住户登录失败</td>" in page


def test_the_paper_with_the_pin_says_where_a_phone_signs_in(client):
    cast = make_cast()
    household = make_household(area=cast.tree.micro_grid)
    page = sign_in(client, cast.clerk).post(f"/desk/households/{household.id}/pin").text
    assert "http://localhost/home/" in page
