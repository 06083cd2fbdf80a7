"""Photos that came with a refused form: the form that comes back still has them, for their sender alone."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from tests import personas
from tests.factories import make_user
from tests.records.conftest import Street, make_street, version_of
from webapp.core import clock
from webapp.extensions import db
from webapp.records.models import RecordPhoto
from webapp.users.models import User

KEPT = re.compile(r'name="photos_kept" value="([0-9a-f]{64}\.[0-9A-Z]{20})"[^>]*checked')


def picture(colour: str) -> tuple[io.BytesIO, str]:
    out = io.BytesIO()
    Image.new("RGB", (640, 480), colour).save(out, "JPEG")
    out.seek(0)
    return out, f"{colour}.jpg"


@pytest.fixture
def street(app) -> Street:
    made = make_street()
    db.session.commit()
    return made


@pytest.fixture
def phone(client, street):
    return personas.sign_in(client, db.session.get(User, street.inspector.user_id))


def send(phone, street, *, code: str = "", **more):
    rule = str(version_of(street.schemes["shop"], code).id) if code else ""
    sent = {"rule": rule, "note": "", "_once": clock.now().isoformat(), **more}
    return phone.post(f"/phone/score/{street.shop.id}", data=sent)


def names() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(db.select(RecordPhoto.hash).order_by(RecordPhoto.position)))


def test_a_refused_form_comes_back_with_its_photos_and_sends_them_once_it_is_right(phone, street):
    refused = send(phone, street, photos=[picture("green"), picture("red")])
    assert refused.status_code == 422
    values = KEPT.findall(refused.text)
    assert len(values) == 2
    assert refused.text.count("data:image/jpeg;base64,") == 2
    assert send(phone, street, code="1.2", photos_kept=values).status_code == 303
    assert names() == [value.partition(".")[0] for value in values]


def test_a_kept_photo_that_was_dropped_is_not_sent_and_a_new_one_stands_after_the_kept(phone, street):
    first, second = KEPT.findall(send(phone, street, photos=[picture("green"), picture("red")]).text)
    assert send(phone, street, code="1.2", photos_kept=[second], photos=[picture("blue")]).status_code == 303
    assert len(names()) == 2
    assert names()[0] == second.partition(".")[0] != first.partition(".")[0]


def test_one_file_that_is_no_photo_does_not_cost_the_others(phone, street):
    refused = send(phone, street, code="1.2", photos=[picture("green"), (io.BytesIO(b"no"), "x.jpg")])
    assert refused.status_code == 422
    assert "这不是照片" in refused.text
    assert len(KEPT.findall(refused.text)) == 1


def test_too_many_are_all_shown_again_so_that_one_can_be_dropped(phone, street):
    kept = KEPT.findall(send(phone, street, photos=[picture("green"), picture("red")]).text)
    refused = send(phone, street, code="1.2", photos_kept=kept, photos=[picture("blue"), picture("white")])
    assert refused.status_code == 422
    assert "照片最多 3 张，请去掉几张" in refused.text
    all_four = KEPT.findall(refused.text)
    assert len(all_four) == 4
    assert send(phone, street, code="1.2", photos_kept=all_four[1:]).status_code == 303


@pytest.mark.parametrize("value", ["", "x", "0" * 64, f"{'0' * 64}.{'0' * 20}", "一" * 90])
def test_a_made_up_photo_is_left_out(phone, street, value):
    assert "要附照片" in send(phone, street, code="1.2", photos_kept=[value]).text
    assert names() == []


def test_nobody_else_can_send_a_photo_that_somebody_kept(app, phone, street):
    (value,) = KEPT.findall(send(phone, street, photos=[picture("green")]).text)
    other = personas.sign_in(app.test_client(), make_user(post="inspector", area=street.tree.community, name="钱进"))
    assert "要附照片" in send(other, street, code="1.2", photos_kept=[value]).text
    assert names() == []
