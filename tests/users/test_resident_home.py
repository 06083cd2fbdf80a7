"""Who a household is, and the first page on its phone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_appointment, make_courtyard, make_household, make_person
from tests.personas import sign_in_resident
from webapp.core import clock
from webapp.users.residents_gate import who_lives_here
from webapp.users.service import phones
from webapp.web import home
from webapp.web.home import HomeLink

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
