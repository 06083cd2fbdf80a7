"""Bots rate a shop five hundred times; twenty customers' word stands, and staff are told."""

from __future__ import annotations

import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from tests.attacks.doors import get, post
from tests.conftest import Browser, both_databases
from tests.factories import make_community, make_shop, make_user
from tests.personas import sign_in
from webapp.core import clock, signing
from webapp.core.actor import SYSTEM
from webapp.extensions import db, start_writing
from webapp.qrcodes.queries import active_code
from webapp.qrcodes.service import make_missing
from webapp.ratings.models import Rating
from webapp.ratings.queries import mean_of

HONEST, ADDRESSES = 20, 50


@pytest.fixture
def shop(app):
    app.test_client_class = Browser
    found = make_shop(area=make_community().micro_grid, name="惠民超市")
    make_missing(holder_ids=[found.id], actor=SYSTEM, now=clock.now())
    db.session.commit()
    return found


@pytest.fixture
def door(shop):
    return f"/q/{active_code(shop.id).token}"


def stranger(app) -> FlaskClient:
    """A browser in a thread of its own, which shares nothing with the test."""
    return FlaskClient(app, app.response_class)


def ticket_at(client: FlaskClient, door: str, address: str) -> str:
    page = get(client, door, address).text
    found = re.search(r'name="ticket" value="([^"]+)"', page)
    assert found, page[:500]
    return found[1]


def send(client: FlaskClient, door: str, address: str, stars: int, ticket: str) -> int:
    return post(client, f"{door}/rate", {"stars": str(stars), "ticket": ticket}, address).status_code


def customers(app, door, numbers, stars):
    """Each with a phone and an address of their own."""
    for number in numbers:
        client, address = app.test_client(), f"192.168.1.{number}"
        assert send(client, door, address, stars - number % 2, ticket_at(client, door, address)) == 303


def bot(app, door, number, stars, used):
    """One forged rating: a new phone each time, or none at all, or a form that was sent before."""
    client, address = stranger(app), f"10.66.{number % ADDRESSES}.1"
    client.environ_base["HTTP_USER_AGENT"] = f"Bot/{number}"
    if number % 3 == 0:
        client.set_cookie("rater", signing.random_token())
    if number % 5 == 4:
        return "replayed", send(client, door, address, stars, used)
    ticket = ticket_at(client, door, address)
    if number % 3 == 1:
        client.delete_cookie("rater")
    return "forged", send(client, door, address, stars, ticket)


def attack(app, door, count, stars):
    """All of them, eight at a time; how each was answered."""
    client = app.test_client()
    used = ticket_at(client, door, "10.66.0.1")
    assert send(client, door, "10.66.0.1", stars, used) == 303
    db.session.commit()
    with ThreadPoolExecutor(8) as pool:
        answers = Counter(pool.map(lambda number: bot(app, door, number, stars, used), range(count)))
    start_writing()
    return answers


def tomorrow():
    return clock.today() + timedelta(days=1)


def shown(shop) -> tuple[int, int]:
    mean = mean_of(shop.id, tomorrow())
    return mean.tenths, mean.count


def staff_are_told(shop, app):
    page = sign_in(app.test_client(), make_user(post="secretary", area=shop.community)).get("/desk/ratings").text
    return "要核查的集中评价" in page and shop.name in page.rsplit("要核查的集中评价", 1)[1].split("</table>")[0]


@pytest.mark.parametrize(("honest", "forged"), [(3, 5), (5, 1)], ids=["the-shop-itself", "its-competitor"])
def test_forged_ratings_move_nothing_and_staff_are_told(app, shop, door, honest, forged, scale, figure):
    count = scale(small=250, routine=500, full=500)
    customers(app, door, range(HONEST // 2), honest)
    answers = attack(app, door, count, forged)
    customers(app, door, range(HONEST // 2, HONEST), honest)

    before = (10 * (2 * honest - 1) // 2, HONEST)
    assert sum(answers.values()) == count
    taken, replayed = answers["forged", 303], answers["replayed", 409]
    assert taken >= count * 0.7, f"the attack itself must have happened: {answers}"
    assert replayed == sum(number for (kind, _), number in answers.items() if kind == "replayed") >= count // 6
    moved = abs(shown(shop)[0] - before[0])
    assert moved <= 1
    assert shown(shop)[1] == HONEST, "each customer counts, and nobody else"
    assert mean_of(shop.id, clock.today()).count == 0, "while it goes on nothing shows"
    with clock.travel(clock.now() + timedelta(days=1)):
        assert f"{HONEST} 人" in get(app.test_client(), door, "10.1.1.1").text
    assert staff_are_told(shop, app)
    figure(
        f"S8 bots: {taken} forged ratings taken and {replayed} replays refused from {ADDRESSES} addresses beside"
        f" {HONEST} honest: {moved / 10:.1f} stars, flagged"
    )


def test_bots_that_keep_below_the_limit_of_each_address_are_held_back_as_a_whole(app, shop, door, scale, figure):
    addresses = scale(small=10, routine=ADDRESSES, full=ADDRESSES)
    with clock.travel(clock.now() - timedelta(days=1)):
        customers(app, door, range(HONEST), 5)
    before = mean_of(shop.id, clock.today())
    for number in range(3 * addresses):
        client, address = app.test_client(), f"10.66.{number % addresses}.1"
        assert send(client, door, address, 1, ticket_at(client, door, address)) == 303
    assert db.session.query(Rating).filter_by(counted=True).count() == HONEST + 3 * addresses, "none by its address"
    assert mean_of(shop.id, tomorrow()) == before
    assert staff_are_told(shop, app)
    figure(f"S8 bots: {3 * addresses} forged, three from each address: 0.0 stars, flagged")


@both_databases
def test_one_phone_counts_once_from_however_many_addresses(app, shop, door):
    phone = app.test_client()
    tickets = [ticket_at(phone, door, f"10.66.{number}.1") for number in range(12)]
    answers = [send(phone, door, f"10.66.{number}.1", 1, ticket) for number, ticket in enumerate(tickets)]
    assert answers == [303] + [409] * 11
    assert shown(shop)[1] == 1


@both_databases
def test_a_form_is_good_once_from_however_many_phones_at_once(app, shop, door):
    client = app.test_client()
    ticket = ticket_at(client, door, "10.66.0.1")
    db.session.commit()
    with ThreadPoolExecutor(8) as pool:
        sent = pool.map(lambda n: send(stranger(app), door, f"10.66.{n}.1", 1, ticket), range(16))
        answers = Counter(sent)
    start_writing()
    assert answers == {303: 1, 409: 15}
