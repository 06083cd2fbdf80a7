"""Customers rate without signing in; nobody can stuff a shop."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.conftest import KEY, both_databases
from tests.factories import give_points, make_community, make_scheme, make_shop, make_user
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Gone, Invalid
from webapp.extensions import db
from webapp.qrcodes.queries import active_code
from webapp.qrcodes.service import make_missing
from webapp.ratings import queries, service
from webapp.ratings.models import RatingFlag
from webapp.ratings.service import Rater


@pytest.fixture
def shop(app):
    found = make_shop(area=make_community().micro_grid, name="惠民超市")
    make_missing(holder_ids=[found.id], actor=SYSTEM, now=clock.now())
    return found


def rate(shop, stars=5, *, device="phone 1", network="10.0.0.1", now=None, ticket=None, tags=(), comment=""):
    now = now or clock.now()
    return service.rate(
        shop_id=shop.id,
        stars=stars,
        tags=list(tags),
        comment=comment,
        ticket=service.ticket_for(shop.id, key=KEY, now=now) if ticket is None else ticket,
        rater=Rater(device=device, network=network),
        key=KEY,
        now=now,
    )


def mean_tomorrow(shop):
    return queries.mean_of(shop.id, clock.today() + timedelta(days=1))


@both_databases
def test_a_rating_shows_on_the_next_day(shop):
    for number in range(5):
        rate(shop, 4, device=f"phone {number}", network=f"10.0.0.{number}")
    assert queries.mean_of(shop.id, clock.today()).count == 0
    assert str(mean_tomorrow(shop)) == "4.0"


@both_databases
@pytest.mark.parametrize(("keep", "shown"), [(True, 26), (False, 5)])
def test_a_day_with_more_than_twenty_is_left_out_until_staff_have_looked(shop, client, keep, shown):
    for number in range(5):
        rate(shop, 5, device=f"early {number}", network=f"10.1.0.{number}", now=clock.now() - timedelta(days=1))
    for number in range(20):
        rate(shop, 1, device=f"phone {number}", network=f"10.0.0.{number}")
    assert (mean_tomorrow(shop).count, db.session.query(RatingFlag).count()) == (25, 0)
    rate(shop, 1, device="phone 20", network="10.0.0.20")
    assert (mean_tomorrow(shop).count, str(mean_tomorrow(shop))) == (5, "5.0")

    flag = db.session.query(RatingFlag).one()
    sign_in(client, make_user(post="secretary", area=shop.community))
    assert "21 条" in client.get("/desk/ratings").text
    assert client.post(f"/desk/ratings/floods/{flag.id}", data={"keep": str(int(keep))}).status_code == 303
    assert mean_tomorrow(shop).count == shown


@both_databases
def test_the_mean_is_shown_from_five_ratings_on(shop):
    for number, stars in enumerate([5, 5, 4, 5]):
        rate(shop, stars, device=f"phone {number}", network=f"10.0.0.{number}")
    assert not mean_tomorrow(shop).shown

    rate(shop, 4, device="phone 9", network="10.0.0.9")
    mean = mean_tomorrow(shop)
    assert (mean.shown, str(mean), mean.count) == (True, "4.6", 5)


@both_databases
def test_a_phone_rates_a_shop_once_a_day(shop):
    rate(shop)
    db.session.commit()
    with pytest.raises(AlreadyUsed, match="今天已经评价过"):
        rate(shop, network="10.9.9.9")
    db.session.rollback()
    rate(shop, now=clock.now() + timedelta(days=1))
    rate(make_shop(), network="10.0.0.7")


@both_databases
def test_a_ticket_is_good_once(shop):
    ticket = service.ticket_for(shop.id, key=KEY, now=clock.now())
    rate(shop, ticket=ticket)
    db.session.commit()
    with pytest.raises(AlreadyUsed):
        rate(shop, device="phone 2", network="10.0.0.2", ticket=ticket)


def test_a_ticket_is_good_for_half_an_hour_and_one_shop(shop):
    ticket = service.ticket_for(shop.id, key=KEY, now=clock.now())
    with pytest.raises(Gone, match="太久"):
        rate(shop, ticket=ticket, now=clock.now() + timedelta(minutes=31))
    with pytest.raises(Gone, match="重新扫"):
        rate(make_shop(), ticket=ticket)
    with pytest.raises(Gone):
        rate(shop, ticket="forged.ff.x.AAAA")
    with pytest.raises(Gone):
        rate(shop, ticket="")


@pytest.mark.parametrize(
    ("given", "words"),
    [({"stars": 0}, "星"), ({"stars": 6}, "星"), ({"tags": ["假的"]}, "标签"), ({"comment": "长" * 101}, "最多")],
)
def test_what_cannot_be_is_refused(shop, given, words):
    with pytest.raises(Invalid, match=words):
        rate(shop, **given)


@both_databases
def test_a_flood_from_one_network_is_set_aside_and_flagged(shop):
    for number in range(3):
        assert rate(shop, 1, device=f"bot {number}").counted
    assert not rate(shop, 1, device="bot 3").counted

    assert mean_tomorrow(shop).count == 0
    assert db.session.query(RatingFlag).one().state == "open"


def test_five_hundred_forged_ratings_do_not_move_twenty_honest_ones(shop):
    for number in range(20):
        rate(shop, 5 if number % 4 else 4, device=f"honest {number}", network=f"192.168.1.{number}")
    before = mean_tomorrow(shop)
    for number in range(500):
        rate(shop, 1, device=f"bot {number}", network=f"10.0.{number % 50}.1")

    after = mean_tomorrow(shop)
    assert after.count == 20
    assert abs(after.tenths - before.tenths) <= 1
    assert db.session.query(RatingFlag).one().state == "open"


@both_databases
def test_staff_decide_about_a_flood_once(shop):
    for number in range(6):
        rate(shop, 5, device=f"market {number}")
    flag = db.session.query(RatingFlag).one()

    service.decide(actor=SYSTEM, flag_id=flag.id, keep=True, now=clock.now())
    assert mean_tomorrow(shop).count == 6
    with pytest.raises(AlreadyUsed):
        service.decide(actor=SYSTEM, flag_id=flag.id, keep=False, now=clock.now())


def test_neither_address_nor_phone_is_kept(shop):
    rating = rate(shop, device="a phone's mark", network="203.0.113.9")
    kept = f"{rating.device_print} {rating.network_print} {rating.ticket_print}"
    assert "203.0.113" not in kept
    assert "phone" not in kept


def ticket_in(page) -> str:
    return re.search(r'name="ticket" value="([^"]+)"', page.text).group(1)


def test_a_customer_rates_with_two_taps(shop, client):
    url = f"/q/{active_code(shop.id).token}"
    page = client.get(url)
    assert "惠民超市" in page.text
    assert "满 5 人后显示" in page.text

    answer = client.post(f"{url}/rate", data={"stars": "5", "tags": ["态度好"], "ticket": ticket_in(page)})
    assert answer.status_code == 303
    assert "谢谢您的评价" in client.get(answer.location).text
    again = client.post(f"{url}/rate", data={"stars": "1", "ticket": ticket_in(client.get(url))})
    assert again.status_code == 409
    assert "今天已经评价过" in again.text


def test_a_form_without_stars_keeps_what_was_typed(shop, client):
    url = f"/q/{active_code(shop.id).token}"
    answer = client.post(
        f"{url}/rate", data={"comment": "服务好", "tags": ["可退换"], "ticket": ticket_in(client.get(url))}
    )
    assert answer.status_code == 422
    assert "请先点星星" in answer.text
    assert "服务好" in answer.text
    assert re.search(r'value="可退换" checked', answer.text)


def test_the_shops_points_are_public(shop, client):
    scheme = make_scheme(area=shop.community, code="shop")
    give_points(shop, scheme, 126)
    assert "126" in client.get(f"/q/{active_code(shop.id).token}").text


def test_scanning_writes_nothing(shop, client):
    url = f"/q/{active_code(shop.id).token}"
    client.get(url)
    assert mean_tomorrow(shop).count == 0


def test_staff_see_floods_and_decide(shop, client):
    for number in range(5):
        rate(shop, 1, device=f"bot {number}")
    sign_in(client, make_user(post="secretary", area=shop.community))
    page = client.get("/desk/ratings")
    assert "要核查的集中评价" in page.text
    flag = db.session.query(RatingFlag).one()
    assert client.post(f"/desk/ratings/floods/{flag.id}", data={"keep": "0"}).status_code == 303
    assert "要核查的集中评价" not in client.get("/desk/ratings").text


def test_floods_of_another_community_are_not_found(shop, client):
    for number in range(4):
        rate(shop, 1, device=f"bot {number}")
    flag = db.session.query(RatingFlag).one()
    sign_in(client, make_user(post="secretary", area=make_community(name="永安社区").community))
    assert client.post(f"/desk/ratings/floods/{flag.id}", data={"keep": "1"}).status_code == 404


def test_an_empty_list_says_how_ratings_come(app, client):
    sign_in(client, make_user(post="secretary"))
    assert "还没有评价" in client.get("/desk/ratings").text
