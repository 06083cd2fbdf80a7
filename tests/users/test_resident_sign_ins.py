"""What ends a household's sign-in, and what is written down of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_household
from tests.personas import make_cast, sign_in, sign_in_resident
from tests.users.conftest import DOOR, another, give, phone_cookie
from tests.users.test_resident_door import TWENTY_NINE_DAYS
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.places import service as places
from webapp.users.service import pins

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
