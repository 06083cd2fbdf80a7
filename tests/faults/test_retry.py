"""Answers get lost: 300 operations over HTTP, 40 % of the answers cut and the form sent again, and each happened once."""

from __future__ import annotations

from random import Random

from tests.conftest import both_databases
from tests.factories import make_community, make_item, make_scheme, make_user
from tests.personas import sign_in
from webapp.extensions import db
from webapp.redemption.models import Item, StockMovement
from webapp.web.models import SentForm

OPERATIONS, CUT = 300, 0.4


@both_databases
def test_three_hundred_operations_with_two_fifths_of_the_answers_cut_happen_exactly_once(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community), left=0)
    sign_in(client, make_user(post="clerk", area=tree.community))
    address, random, cut = f"/desk/goods/{item.id}/stock", Random(7), 0
    places = set()

    for number in range(OPERATIONS):
        form = {"kind": "received", "quantity": "1", "note": f"第 {number} 箱", "_once": f"key-{number:024}"}
        answer = client.post(address, data=form)
        while random.random() < CUT:  # the answer never arrived: the browser sends the same form again
            cut += 1
            answer = client.post(address, data=form)
        places.add((answer.status_code, answer.location))

    assert cut > OPERATIONS * CUT * 0.8, "the fault must have happened"
    assert places == {(303, f"/desk/goods/{item.id}")}
    db.session.expire_all()
    assert db.session.get(Item, item.id).left == OPERATIONS
    assert db.session.query(StockMovement).count() == OPERATIONS


def test_the_same_key_with_other_content_is_refused(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community), left=0)
    sign_in(client, make_user(post="clerk", area=tree.community))
    form = {"kind": "received", "quantity": "1", "_once": "the-same-key"}
    address = f"/desk/goods/{item.id}/stock"
    assert client.post(address, data=form).status_code == 303

    answer = client.post(address, data=form | {"quantity": "100"})

    assert answer.status_code == 409
    assert "已经提交过" in answer.text
    db.session.expire_all()
    assert db.session.get(Item, item.id).left == 1


def test_a_refused_form_may_be_mended_and_sent_under_the_same_key(app, client):
    tree = make_community()
    item = make_item(area=tree.community, scheme=make_scheme(area=tree.community), left=0)
    sign_in(client, make_user(post="clerk", area=tree.community))
    form = {"kind": "received", "quantity": "-3", "_once": "mended"}
    address = f"/desk/goods/{item.id}/stock"
    assert client.post(address, data=form).status_code == 422
    assert db.session.query(SentForm).count() == 0

    assert client.post(address, data=form | {"quantity": "3"}).status_code == 303
