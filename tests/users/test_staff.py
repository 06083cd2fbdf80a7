"""Logins, appointments, PINs and kiosks at the desk."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import (
    make_appointment,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_station,
    make_user,
)
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.errors import Gone, NotAllowed, NotFound, TooManyTries
from webapp.core.text import mask_name
from webapp.extensions import db
from webapp.users import queries
from webapp.users.models import Appointment, Device, User
from webapp.users.service import appointments, devices, pins
from webapp.users.service.pins import Guess, WrongPin

HERE = Guess(device="kiosk:1", network="10.0.0.8")


@pytest.fixture
def tree(app):
    return make_community(grids=2, micro_grids=2)


@pytest.fixture
def secretary(tree, client):
    return sign_in(client, make_user(post="secretary", area=tree.community))


def test_a_new_login_gets_a_one_time_password_that_is_shown_once(tree, secretary):
    data = {
        "name": "王建军",
        "phone": "0571-5550199",
        "login": "Wang.JJ",
        "area_id": tree.community.id,
        "post": "clerk",
    }
    page = secretary.post("/desk/users/new", data=data)

    password = re.search(r'one-time">([a-z0-9]{12})<', page.text).group(1)
    user = db.session.query(User).filter_by(login="wang.jj").one()
    assert user.must_change
    assert password not in secretary.get(f"/desk/users/{user.person_id}").text
    fresh = secretary.application.test_client()
    assert fresh.post("/sign-in", data={"login": "wang.jj", "password": password}).location.endswith("/password")


def test_a_login_name_is_used_once(tree, secretary):
    make_user(post=None, area=tree.community, login="taken")
    db.session.commit()
    page = secretary.post(
        "/desk/users/new", data={"name": "甲", "login": "taken", "area_id": tree.community.id, "post": ""}
    )
    assert page.status_code == 422
    assert "已经有人用了" in page.text


def test_nobody_gives_a_right_that_they_do_not_hold(tree):
    grid_lead = Actor(kind="staff", label="网格长", grants={"users.edit": (tree.community.path,)})
    person = make_person(area=tree.community)
    with pytest.raises(NotAllowed, match="高于您的岗位"):
        appointments.appoint(
            person=person,
            post="secretary",
            area=tree.community,
            courtyard=None,
            starts_on=clock.today(),
            ends_on=None,
            actor=grid_lead,
            now=clock.now(),
        )


def test_people_of_another_community_are_not_found(tree, secretary):
    stranger = make_user(post="clerk", area=make_community(street=tree.street, name="永安社区").community)
    db.session.commit()
    assert secretary.get(f"/desk/users/{stranger.person_id}").status_code == 404
    assert secretary.post(f"/desk/users/{stranger.person_id}/reset-password").status_code == 404


def test_nobody_disables_their_own_login(tree, client):
    user = make_user(post="secretary", area=tree.community)
    sign_in(client, user)
    assert client.post(f"/desk/users/{user.person_id}/active", data={"active": "0"}).status_code == 403


def test_an_appointment_ends_by_a_day_and_its_rights_with_it(tree, client):
    user = make_user(post="secretary", area=tree.community)
    sign_in(client, user)
    appointment = db.session.query(Appointment).filter_by(person_id=user.person_id).one()
    appointment.ends_on = clock.today() - timedelta(days=1)
    db.session.commit()
    assert client.get("/desk/users").status_code == 403


@both_databases
def test_the_nearest_of_each_post_serves_a_courtyard(app):
    tree = make_community(grids=2, micro_grids=1)
    yard = make_courtyard(area=tree.micro_grids[0])
    far = make_person(area=tree.community, name="远网格员")
    near = make_person(area=tree.community, name="近网格员")
    head = make_person(area=tree.community, name="李玉梅")
    make_appointment(person=far, post="grid_worker", area=tree.community)
    make_appointment(person=near, post="grid_worker", area=tree.grids[0])
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard)

    serving = queries.people_serving(yard.area_id, yard.id)

    assert [(one.post_name, one.name) for one in serving] == [("网格员", "近网格员"), ("院长", "李玉梅")]
    names = queries.serving_names([(yard.area_id, yard.id), (tree.grids[1].id, None)])
    assert names[yard.area_id, yard.id].head == "李*梅"
    assert names[yard.area_id, yard.id].grid_worker == mask_name("近网格员")
    assert names[tree.grids[1].id, None].grid_worker == mask_name("远网格员")


@both_databases
def test_a_pin_opens_its_household_only(app):
    household = make_household()
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())

    def check(number, given):
        return pins.check_pin(
            community_id=household.community_id, number=number, pin=given, guess=HERE, now=clock.now()
        )

    db.session.commit()
    assert check(household.number, pin) == household.id
    wrong = "000000" if pin != "000000" else "111111"
    with pytest.raises(WrongPin, match="还可以再试 4 次"):
        check(household.number, wrong)
    with pytest.raises(WrongPin, match="户号或密码不对"):
        check("99-99-99", pin)


def test_five_wrong_pins_lock_the_household_for_a_while(app):
    household = make_household()
    pin = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    given = {"community_id": household.community_id, "number": household.number, "guess": HERE}
    for _ in range(5):
        with pytest.raises(WrongPin):
            pins.check_pin(pin="12", now=clock.now(), **given)
        db.session.commit()  # as the request does: a wrong guess is kept
    with pytest.raises(TooManyTries, match="分钟后再试"):
        pins.check_pin(pin=pin, now=clock.now(), **given)
    later = clock.now() + timedelta(minutes=16)
    assert pins.check_pin(pin=pin, now=later, **given) == household.id


def test_a_new_pin_makes_the_old_one_worthless(app):
    household = make_household()
    old = pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    pins.set_pin(household=household, actor=SYSTEM, now=clock.now())
    db.session.commit()
    with pytest.raises(WrongPin):
        pins.check_pin(
            community_id=household.community_id, number=household.number, pin=old, guess=HERE, now=clock.now()
        )


def test_a_pin_is_printed_once_and_only_by_who_may(tree, secretary):
    household = make_household(area=tree.micro_grid)
    db.session.commit()
    url = f"/desk/households/{household.id}/pin"
    assert "还没有密码" in secretary.get(url).text
    sheet = secretary.post(url)
    assert re.search(r"\d{3} \d{3}", sheet.text)
    assert "这户已有密码" in secretary.get(url).text


def test_a_pairing_address_works_once_and_for_a_day(app):
    station = make_station()
    device, token = devices.add_device(
        station=station, name="1 号终端", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    with pytest.raises(Gone, match="24 小时"):
        devices.pair_device(token, clock.now() + timedelta(hours=25))
    paired, own = devices.pair_device(token, clock.now())
    assert paired.id == device.id
    assert own not in str(paired.token_print)
    with pytest.raises(NotFound, match="已经用过"):
        devices.pair_device(token, clock.now())


def test_a_revoked_kiosk_is_out_at_once(tree, secretary):
    station = make_station(area=tree.community)
    device, token = devices.add_device(
        station=station, name="1 号终端", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    devices.pair_device(token, clock.now())
    db.session.commit()
    assert secretary.post(f"/desk/devices/{device.id}/revoke").status_code == 303
    db.session.expire_all()
    assert db.session.get(Device, device.id).token_print is None
    assert "已停用" in secretary.get("/desk/devices").text


def test_empty_lists_say_what_to_do(tree, secretary):
    assert "还没有自助终端" in secretary.get("/desk/devices").text
    assert "没有找到符合条件的人" in secretary.get("/desk/users?q=没有这人").text
