"""A publication narrowed to one place: the chat link's, and the one on a household's phone."""

from __future__ import annotations

import re

import pytest

from tests import personas
from tests.conftest import NOON
from tests.records.conftest import Street, make_street
from tests.reviews.test_month import publish
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.reviews.models import CommunityMonth

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def street(app) -> Street:
    """A deed of a household and one of a shop, published."""
    made = make_street()
    made.make(made.household, "household", "1.1", 35, now=NOON)
    made.make(made.shop, "shop", "1.1", now=NOON)
    publish(made, SYSTEM, NOON)
    db.session.commit()
    return made


@pytest.fixture
def link(street) -> str:
    return f"/p/{db.session.scalars(db.select(CommunityMonth.token)).one()}"


def lines(page: str) -> list[str]:
    return re.findall(r"第 (\d+) 条", page)


def places(page: str) -> list[str]:
    return re.findall(r'<option value="([^"]+)"', page)


def test_the_chat_link_shows_numbered_lines_and_one_place_alone_when_asked(client, link):
    every = client.get(link).text
    assert lines(every) == ["1", "2"]
    assert len(places(every)) == 2
    for place in places(every):
        some = client.get(link, query_string={"place": place}).text
        assert len(lines(some)) == 1
        assert f'value="{place}" selected' in some


@pytest.mark.parametrize("place", ["没有这个院", "%", "x" * 500, "'; --"])
def test_a_place_without_lines_says_so_and_leads_back_to_all(client, link, place):
    page = client.get(link, query_string={"place": place}).text
    assert "这个地方没有记实" in page
    assert "看全部 2 条" in page


def test_a_household_narrows_all_lines_but_never_its_own(client, street):
    phone = personas.sign_in_resident(client, street.household)
    page = phone.get("/home/publication?all=1").text
    assert len(places(page)) == 2
    place = places(page)[-1]
    assert len(lines(phone.get("/home/publication", query_string={"all": 1, "place": place}).text)) == 1
    own = phone.get("/home/publication", query_string={"place": "没有这个院"}).text
    assert len(lines(own)) == 1
    assert places(own) == []
