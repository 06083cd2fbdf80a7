"""Who gives which post to whom, whose login one may touch, and what residents see of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_appointment, make_courtyard, make_household, make_person, make_station, make_user
from tests.personas import make_cast, sign_in
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.places.models import Person
from webapp.users import queries
from webapp.users.models import Appointment, User
from webapp.users.permissions import GRANTS
from webapp.users.service import devices


@pytest.fixture
def cast(app):
    return make_cast()


@pytest.fixture
def secretary(cast, client):
    return sign_in(client, cast.secretary)


@pytest.fixture
def county(cast, client):
    return sign_in(client, make_user(post="county_officer", area=cast.tree.county))


def new(client, area, **given):
    return client.post("/desk/users/new", data={"area_id": area.id, "post": "", "login": ""} | given)


def test_a_resident_is_made_courtyard_head_without_a_login(cast, secretary):
    yard = make_courtyard(area=cast.tree.micro_grid, number="Y-07")
    head = make_person(household=make_household(courtyard=yard), name="李玉梅", phone="13900007777")
    answer = new(
        secretary,
        cast.tree.community,
        person="李玉梅",
        post="courtyard_head",
        courtyard_number="y-07",
        phone="0571-5550111",
    )

    assert answer.location == f"/desk/users/{head.id}"
    serving = queries.head_of(yard.id)
    assert (serving.name_masked, serving.phone) == ("李*梅", "0571-5550111")
    made = db.session.query(Appointment).filter_by(person_id=head.id).one()
    assert made.area_id == yard.area_id
    assert db.session.query(User).filter_by(person_id=head.id).count() == 0
    assert "没有登录账号" in secretary.get(f"/desk/users/{head.id}").text


def test_the_register_phone_of_a_head_is_never_public(cast, app):
    yard = make_courtyard(area=cast.tree.micro_grid)
    head = make_person(household=make_household(courtyard=yard), phone="13900007777")
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard)
    assert [one.phone for one in queries.people_serving(yard.area_id, yard.id) if one.post == "courtyard_head"] == [""]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "请选择岗位"),
        ({"post": "volunteer"}, "请填在册居民"),
        ({"post": "volunteer", "person": "没有这人"}, "名册里没有这个人"),
        ({"post": "courtyard_head", "name": "甲"}, "院长要填院落编号"),
        ({"post": "courtyard_head", "name": "甲", "courtyard_number": "没有"}, "没有这个编号的院落"),
        ({"post": "clerk", "name": "甲", "courtyard_number": "Y-07"}, "其他岗位不填"),
        ({"post": "clerk", "name": "甲", "phone": "12"}, "电话"),
        ({"post": "clerk", "name": "甲", "login": "大写 A"}, "登录名用小写字母"),
        ({"name": "甲" * 61, "post": "clerk"}, "最多 60 个字"),
    ],
)
def test_a_form_that_cannot_be_used_comes_back_with_the_reason_and_nothing_is_made(cast, secretary, given, words):
    make_courtyard(area=cast.tree.micro_grid, number="Y-07")
    people = db.session.query(Person).count()
    answer = new(secretary, cast.tree.community, **given)

    assert answer.status_code == 422
    assert words in answer.text
    assert all(f'value="{value}"' in answer.text for name, value in given.items() if name in ("name", "phone"))
    assert db.session.query(Person).count() == people


def test_two_people_of_one_name_are_told_apart_by_number(cast, secretary):
    make_person(area=cast.tree.community, name="王芳")
    second = make_person(area=cast.tree.community, name="王芳", number="P000777")
    assert "有几个人同名" in new(secretary, cast.tree.community, person="王芳", post="volunteer").text
    assert new(secretary, cast.tree.community, person="p000777", post="volunteer").location.endswith(f"/{second.id}")


def test_a_person_next_door_is_not_in_the_register_here(cast, secretary):
    make_person(area=cast.neighbour.community, name="周邻居")
    assert "名册里没有这个人" in new(secretary, cast.tree.community, person="周邻居", post="clerk").text


def test_a_courtyard_has_one_head_at_a_time(cast, secretary):
    yard = make_courtyard(area=cast.tree.micro_grid, number="Y-07")
    first, second = (make_person(area=cast.tree.community) for _ in range(2))
    make_appointment(person=first, post="courtyard_head", area=yard.area, courtyard=yard)
    given = {"post": "courtyard_head", "courtyard_number": "Y-07", "person": second.number}
    assert "已经有院长" in new(secretary, cast.tree.community, **given).text

    appointment = db.session.query(Appointment).filter_by(person_id=first.id).one()
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    secretary.post(f"/desk/appointments/{appointment.id}/end", data={"last_day": yesterday})
    assert new(secretary, cast.tree.community, **given).status_code == 303


# Ranks ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("post", ["administrator", "county_officer"])
def test_a_secretary_gives_no_post_above_their_own(cast, secretary, post):
    form = secretary.get("/desk/users/new").text
    assert f'value="{post}"' not in form
    answer = new(secretary, cast.tree.community, name="甲", post=post)
    assert answer.status_code == 422
    assert db.session.query(Appointment).filter_by(post=post).count() == (post == "administrator")


@pytest.mark.parametrize("post", ["secretary", "clerk", "grid_worker", "lane_head"])
def test_a_secretary_gives_every_other_post(cast, secretary, post):
    assert new(secretary, cast.tree.community, name="甲", post=post).status_code == 303


def test_a_county_officer_appoints_a_secretary_although_secretaries_may_do_more(cast, county):
    assert "places.edit" not in GRANTS["county_officer"]
    assert new(county, cast.tree.community, name="甲", post="secretary").status_code == 303


def test_a_secretary_appoints_nobody_next_door(cast, secretary):
    person = make_person(area=cast.tree.community)
    form = {"area_id": cast.neighbour.community.id, "post": "clerk", "starts_on": clock.today().isoformat()}
    assert secretary.post(f"/desk/users/{person.id}/appoint", data=form).status_code == 422


def test_a_secretary_cannot_take_over_the_login_of_an_administrator_who_lives_here(cast, secretary):
    boss = make_user(post=None, area=cast.tree.community, name="高明远")
    make_appointment(person=boss.person, post="administrator", area=cast.tree.county)
    db.session.commit()
    page = secretary.get(f"/desk/users/{boss.person_id}")

    assert "账号由系统管理员维护" in page.text
    assert "重设密码" not in page.text
    for act in ("reset-password", "active", "end-sign-in"):
        answer = secretary.post(f"/desk/users/{boss.person_id}/{act}", data={"active": "0", "sign_in_id": "1"})
        assert answer.status_code == 403, act
    appointment = db.session.query(Appointment).filter_by(person_id=boss.person_id).one()
    assert secretary.get(f"/desk/appointments/{appointment.id}/end").status_code == 404


def test_a_login_that_also_serves_next_door_is_kept_by_the_county(cast, secretary):
    both = make_user(post="clerk", area=cast.tree.community)
    make_appointment(person=both.person, post="clerk", area=cast.neighbour.community)
    db.session.commit()
    assert secretary.post(f"/desk/users/{both.person_id}/reset-password").status_code == 403
    other = sign_in(secretary.application.test_client(), cast.administrator)
    assert other.post(f"/desk/users/{both.person_id}/reset-password").status_code == 201


def test_somebody_who_lives_next_door_and_serves_only_here_is_kept_here(cast, secretary):
    serving = make_user(post=None, area=cast.neighbour.community)
    make_appointment(person=serving.person, post="clerk", area=cast.tree.community)
    db.session.commit()
    assert secretary.post(f"/desk/users/{serving.person_id}/reset-password").status_code == 201


def test_nobody_ends_their_own_post(cast, secretary):
    own = db.session.query(Appointment).filter_by(person_id=cast.secretary.person_id).one()
    answer = secretary.post(f"/desk/appointments/{own.id}/end", data={"last_day": clock.today().isoformat()})
    assert answer.status_code == 403
    assert db.session.get(Appointment, own.id).ends_on is None


# The community next door -----------------------------------------------------------------------------------------------


def test_no_object_of_the_community_next_door_opens(cast, secretary):
    there = cast.neighbour
    person = cast.stranger.person_id
    appointment = db.session.query(Appointment).filter_by(person_id=person).one().id
    device, _ = devices.add_device(
        station=make_station(area=there.community), name="1", paper="80", printer="", actor=SYSTEM, now=clock.now()
    )
    household = make_household(area=there.micro_grid)
    db.session.commit()
    assert secretary.get(f"/desk/users/{person}").status_code == 404
    for address in (
        f"/desk/users/{person}/login",
        f"/desk/users/{person}/appoint",
        f"/desk/appointments/{appointment}/end",
        f"/desk/devices/{device.id}/edit",
        f"/desk/households/{household.id}/pin",
    ):
        assert secretary.get(address).status_code == 404, address
        assert secretary.post(address, data={"last_day": "2026-01-01"}).status_code == 404, address
    for address in (
        f"/desk/users/{person}/reset-password",
        f"/desk/users/{person}/active",
        f"/desk/users/{person}/end-sign-in",
        f"/desk/devices/{device.id}/pair",
        f"/desk/devices/{device.id}/revoke",
    ):
        assert secretary.post(address).status_code == 404, address


@pytest.mark.parametrize(("persona", "status"), [("clerk", 200), ("grid_worker", 200), ("inspector", 403)])
def test_who_sets_pins(cast, client, persona, status):
    household = make_household(area=cast.tree.micro_grid)
    sign_in(client, getattr(cast, persona))
    assert client.get(f"/desk/households/{household.id}/pin").status_code == status


def test_a_grid_worker_sets_no_pin_in_another_grid(cast, client):
    household = make_household(area=cast.tree.micro_grids[-1])
    sign_in(client, cast.grid_worker)
    assert client.post(f"/desk/households/{household.id}/pin").status_code == 404


# Secrets on pages ------------------------------------------------------------------------------------------------------


def test_a_form_sent_twice_makes_one_login_and_leads_to_the_page_without_the_secret(cast, secretary):
    form = {"name": "王建军", "login": "wang.jj", "post": "clerk", "_once": "a" * 22}
    first = new(secretary, cast.tree.community, **form)
    second = new(secretary, cast.tree.community, **form)

    assert first.status_code == 201
    password = re.search(r'one-time">([a-z0-9]{12})<', first.text).group(1)
    assert second.status_code == 303
    assert password not in secretary.get(second.location).text
    assert db.session.query(User).filter_by(login="wang.jj").count() == 1


def test_resetting_a_password_signs_its_owner_out(cast, secretary):
    theirs = sign_in(secretary.application.test_client(), cast.clerk)
    assert theirs.get("/desk").status_code == 200
    assert secretary.post(f"/desk/users/{cast.clerk.person_id}/reset-password").status_code == 201
    assert theirs.get("/desk").status_code == 303


def test_one_lost_phone_is_signed_out_and_the_others_stay(cast, secretary):
    phone = sign_in(secretary.application.test_client(), cast.clerk)
    office = sign_in(secretary.application.test_client(), cast.clerk)
    lost = queries.open_sign_ins(cast.clerk.id)[-1]
    secretary.post(f"/desk/users/{cast.clerk.person_id}/end-sign-in", data={"sign_in_id": lost.id})
    assert phone.get("/desk").status_code == 303
    assert office.get("/desk").status_code == 200


def test_a_resident_gets_a_login_of_their_own_page(cast, secretary):
    person = make_person(area=cast.tree.community)
    db.session.commit()
    answer = secretary.post(f"/desk/users/{person.id}/login", data={"login": "zhang.sf"})
    assert answer.status_code == 201
    assert secretary.post(f"/desk/users/{person.id}/login", data={"login": "zhang.s2"}).status_code == 422


def test_every_change_leaves_a_line_without_secrets(cast, secretary):
    page = new(secretary, cast.tree.community, name="王建军", login="wang.jj", post="clerk")
    password = re.search(r'one-time">([a-z0-9]{12})<', page.text).group(1)
    lines = db.session.query(AuditLine).all()
    assert {"person:added", "appointment:made", "user:added"} <= {line.action for line in lines}
    assert not [line for line in lines if password in line.detail]
    assert {line.area_path for line in lines} == {cast.tree.community.path}


@both_databases
def test_people_are_found_by_name_initials_and_login(app):
    cast = make_cast()
    scope = (cast.tree.community.path,)

    def found(search, post=""):
        return {one.name for one in db.session.scalars(queries.people_statement(scope, search=search, post=post))}

    assert found("陈立") == found("clx") == {"陈立新"}
    assert found(cast.clerk.login) >= {"陈立新"}
    assert found("", "grid_worker") == {"曹建锋"}
    assert found("周永安") == set()
    assert found("%") == found("_") == set()
