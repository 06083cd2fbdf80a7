"""Declared relatives: whose households somebody scores and reviews nothing of."""

from __future__ import annotations

import pytest

from tests import personas
from tests.conftest import both_databases
from tests.factories import make_courtyard, make_household, make_person, make_user
from webapp.extensions import db
from webapp.places.queries import kin_of
from webapp.records.queries import target
from webapp.records.service import why_recused


@pytest.fixture
def cast(app):
    return personas.make_cast()


@pytest.fixture
def sister(cast):
    return make_household(courtyard=make_courtyard(area=cast.tree.micro_grid), number="03-12-09", name="李秀兰")


@pytest.fixture
def person(cast):
    return make_person(area=cast.tree.community, name="李秀梅")


def declare(client, person, number: str = "03-12-09", relation: str = "姐姐家"):
    address = f"/desk/people/{person.id}/kin"
    return client.post(address, data={"household_number": number, "relation": relation})


@both_databases
def test_a_relatives_household_is_declared_and_recused_until_it_is_taken_back(client, cast, person, sister):
    ident, home = person.id, sister.id
    desk = personas.sign_in(client, cast.clerk)
    assert declare(desk, person).status_code == 303
    page = desk.get(f"/desk/people/{ident}").text
    assert "姐姐家" in page
    assert "李*兰" in page
    assert why_recused(target(home), ident) == "这是您申报过的亲属家"
    assert desk.post(f"/desk/people/{ident}/kin/{home}/end").status_code == 303
    db.session.rollback()
    assert kin_of(ident) == []
    assert why_recused(target(home), ident) == ""
    assert desk.post(f"/desk/people/{ident}/kin/{home}/end").status_code == 404


def test_the_same_household_twice_and_the_own_one_are_refused_as_typed(client, cast, person, sister):
    own = make_person(household=sister, name="李秀兰")
    desk = personas.sign_in(client, cast.clerk)
    declare(desk, person)
    again = declare(desk, person, relation="大姐家")
    assert (again.status_code, "已经申报过" in again.text, "大姐家" in again.text) == (422, True, True)
    assert "本来就要回避" in declare(desk, own).text


def test_a_number_that_no_household_has_comes_back(client, cast, person, sister):
    answer = declare(personas.sign_in(client, cast.clerk), person, number="99-99-99")
    assert answer.status_code == 422
    assert 'value="99-99-99"' in answer.text


def test_nobody_declares_for_another_community(client, cast, person, sister):
    stranger = personas.sign_in(client, make_user(post="clerk", area=cast.neighbour.community))
    assert declare(stranger, person).status_code == 404
