"""The goods desk: scanning vouchers, the catalogue, the stock book."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.conftest import KEY
from tests.factories import (
    give_points,
    make_community,
    make_household,
    make_item,
    make_scheme,
    make_user,
)
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.redemption.models import Item, Voucher
from webapp.redemption.service import vouchers


@pytest.fixture
def tree(app):
    return make_community()


@pytest.fixture
def scheme(tree):
    return make_scheme(area=tree.community)


@pytest.fixture
def item(tree, scheme):
    return make_item(area=tree.community, scheme=scheme, name="洗衣液 2 kg", left=10)


@pytest.fixture
def voucher(tree, scheme, item):
    household = make_household(area=tree.micro_grid, name="赵金锁", number="03-12-02")
    give_points(household, scheme, 100)
    return vouchers.redeem(
        actor=SYSTEM,
        household_id=household.id,
        item_id=item.id,
        quantity=1,
        expected=Points.whole(20),
        key=KEY,
        now=clock.now(),
    )


@pytest.fixture
def clerk(tree, client):
    return sign_in(client, make_user(post="clerk", area=tree.community))


def state(voucher_id):
    db.session.expire_all()
    return db.session.get(Voucher, voucher_id).state


def test_a_scanned_code_leads_to_its_voucher_without_standing_in_the_address(voucher, clerk):
    code = vouchers.voucher_code(KEY, voucher)
    answer = clerk.post("/desk/vouchers/find", data={"code": code})
    assert answer.location == f"/desk/vouchers/{voucher.id}"
    page = clerk.get(answer.location).text
    assert "等住户来领" in page
    assert "赵*锁家" in page


def test_a_wrong_code_is_refused_and_kept(voucher, clerk):
    page = clerk.post("/desk/vouchers/find", data={"code": "AAAA-BBBB"})
    assert page.status_code == 422 or page.status_code == 404
    assert "没有这张积分券" in page.text
    assert "AAAA-BBBB" in page.text


def test_handing_over_is_done_once(voucher, clerk):
    address = f"/desk/vouchers/{voucher.id}/hand-over"
    assert clerk.post(address).status_code == 303
    assert state(voucher.id) == "handed_over"
    again = clerk.post(address)
    assert again.status_code == 409
    assert "已经领取过" in again.text
    assert "已经领取" in clerk.get(f"/desk/vouchers/{voucher.id}").text


def test_cancelling_needs_a_reason(voucher, clerk):
    address = f"/desk/vouchers/{voucher.id}/cancel"
    assert "20 分" in clerk.get(address).text
    assert clerk.post(address, data={"reason": ""}).status_code == 422
    assert clerk.post(address, data={"reason": "住户不要了"}).status_code == 303
    assert state(voucher.id) == "cancelled"


def test_the_list_finds_by_number_name_and_initials(voucher, clerk):
    for search in (voucher.number.lower(), "03-12", "赵", "zjs"):
        assert "洗衣液 2 kg" in clerk.get(f"/desk/vouchers?q={search}").text, search
    assert "没有找到" in clerk.get("/desk/vouchers?q=没有").text
    assert "没有找到" in clerk.get("/desk/vouchers?q=%25").text
    assert "这里还没有券" in clerk.get("/desk/vouchers?state=expired").text


def test_another_communitys_voucher_is_neither_found_nor_handed_over(voucher, tree, client):
    other = make_community(street=tree.street, name="永安社区")
    sign_in(client, make_user(post="clerk", area=other.community))
    found = client.post("/desk/vouchers/find", data={"code": vouchers.voucher_code(KEY, voucher)})
    assert "没有这张积分券" in found.text
    assert client.get(f"/desk/vouchers/{voucher.id}").status_code == 404
    assert client.post(f"/desk/vouchers/{voucher.id}/hand-over").status_code == 404
    assert client.get(f"/desk/goods/{voucher.item_id}").status_code == 404
    assert state(voucher.id) == "issued"


def test_a_grid_worker_sees_vouchers_but_hands_nothing_over(voucher, tree, client):
    sign_in(client, make_user(post="grid_worker", area=tree.community))
    assert "确认发放" not in client.get(f"/desk/vouchers/{voucher.id}").text
    assert client.post(f"/desk/vouchers/{voucher.id}/hand-over").status_code == 403


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (600, 400), "orange").save(data, "PNG")
    return data.getvalue()


def filled(tree, scheme, **more):
    given = {
        "name": "香皂",
        "unit": "块",
        "price": "5",
        "scheme_id": scheme.id,
        "area_id": tree.community.id,
        "limit_month": "",
        "days_to_fetch": "15",
        "icon": "soap",
        "active": "y",
    }
    return given | more


def test_a_new_thing_starts_with_nothing_on_the_shelf(tree, scheme, clerk):
    assert "还没有兑换物品" in clerk.get("/desk/goods").text
    answer = clerk.post("/desk/goods/new", data=filled(tree, scheme, price="2.5"))
    assert answer.status_code == 303
    item = db.session.query(Item).one()
    assert (item.price, item.left, item.limit_month) == (25, 0, None)
    assert "已换完" in clerk.get("/desk/goods").text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"price": "-5"}, "分值要大于 0"),
        ({"price": "abc"}, "分值请填数字"),
        ({"price": ""}, "请写需要多少分"),
        ({"name": ""}, "请写物品名称"),
        ({"limit_month": "0"}, "上限"),
        ({"days_to_fetch": "400"}, "1 到 90 天"),
        ({"name": "长" * 41}, "最多 40"),
    ],
)
def test_what_cannot_be_is_refused_under_its_field_and_kept(tree, scheme, clerk, wrong, words):
    page = clerk.post("/desk/goods/new", data=filled(tree, scheme, detail="柠檬味，一块装", **wrong))
    assert page.status_code == 422
    assert words in page.text
    assert "柠檬味，一块装" in page.text
    assert db.session.query(Item).count() == 0


def test_a_picture_is_shown_publicly_and_something_else_is_refused(tree, scheme, clerk):
    data = filled(tree, scheme, picture=(io.BytesIO(picture()), "soap.png"))
    assert clerk.post("/desk/goods/new", data=data, content_type="multipart/form-data").status_code == 303
    item = db.session.query(Item).one()
    shown = clerk.application.test_client().get(f"/goods/{item.id}/picture/{item.picture}")
    assert shown.mimetype == "image/jpeg"
    assert clerk.get(f"/goods/{item.id}/picture/{'0' * 64}").status_code == 404

    bad = filled(tree, scheme, name="别的", picture=(io.BytesIO(b"<svg onload=alert(1)>"), "x.png"))
    page = clerk.post("/desk/goods/new", data=bad, content_type="multipart/form-data")
    assert page.status_code == 422
    assert db.session.query(Item).count() == 1


def test_changing_the_price_leaves_issued_vouchers_alone(tree, scheme, item, voucher, clerk):
    data = filled(tree, scheme, name=item.name, unit="瓶", price="30")
    assert clerk.post(f"/desk/goods/{item.id}/edit", data=data).status_code == 303
    db.session.expire_all()
    assert db.session.get(Item, item.id).price == 300
    assert db.session.get(Voucher, voucher.id).points == 200


def test_the_stock_book_on_its_page(item, clerk):
    address = f"/desk/goods/{item.id}/stock"
    assert clerk.post(address, data={"kind": "written_off", "quantity": "2", "note": ""}).status_code == 422
    assert clerk.post(address, data={"kind": "written_off", "quantity": "2", "note": "漏了"}).status_code == 303
    refused = clerk.post(address, data={"kind": "written_off", "quantity": "99", "note": "丢了"})
    assert "只剩 8" in refused.text
    assert "丢了" in refused.text
    assert clerk.post(address, data={"kind": "counted", "quantity": "7", "note": "少一瓶"}).status_code == 303
    page = clerk.get(f"/desk/goods/{item.id}").text
    assert "漏了" in page
    assert "少一瓶" in page
    assert "7 件" in page


def test_expired_vouchers_are_given_back_by_housekeeping(app, voucher, client):
    from datetime import timedelta

    from webapp.web import housekeeping

    db.session.commit()
    with clock.travel(clock.now() + timedelta(days=20)):
        assert housekeeping.run(app)["vouchers"] == 1
    assert state(voucher.id) == "expired"
