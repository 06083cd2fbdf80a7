"""待复查 on the inspector's phone, from the plate to the points that come back; and where a deduction's last day is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.claims.conftest import phone_of, proof
from tests.conftest import Browser
from tests.factories import make_household, make_person
from tests.personas import sign_in
from tests.records.conftest import Street, make_street
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.verify import verify
from webapp.qrcodes.models import Code
from webapp.qrcodes.service import make_missing
from webapp.records.models import Record, Rectification
from webapp.schemes.lapsing import day_words
from webapp.users.models import User

ALL, HALF = "1.6", "1.8"  # of the shops' rules


def deduct(street: Street, code: str = ALL, *, days_ago: int = 0) -> Record:
    then = clock.now() - timedelta(days=days_ago)
    record = street.make(street.shop, "shop", code, now=clock.now(), happened_at=then)
    db.session.commit()
    return record


@pytest.fixture
def street(app):
    """The shop of 刘红梅's household has a deduction that can be put right."""
    made = make_street()
    owner = make_person(household=made.household, name="刘红梅")
    made.shop.owner_id = owner.id
    make_missing(holder_ids=[made.shop.id], actor=SYSTEM, now=clock.now())
    db.session.commit()
    return made


@pytest.fixture
def record(street) -> Record:
    return deduct(street)


@pytest.fixture
def inspector(app, street):
    app.test_client_class = Browser
    return sign_in(app.test_client(), db.session.get_one(User, street.inspector.user_id))


@pytest.fixture
def owner(app, street):
    return phone_of(app, street.household)


def until(record: Record) -> str:
    return f"整改期到 {day_words(record.rectify_until)}"


def state() -> tuple[str, str | None]:
    db.session.rollback()
    record, sent = db.session.scalars(select(Record)).first(), db.session.scalars(select(Rectification)).first()
    return record.state, sent.state if sent else None


def test_the_day_and_the_plate_show_what_waits_and_a_photo_gives_it_back(street, record, inspector):
    path = f"/phone/rectify/{record.id}"
    for page in ("/phone/", "/phone/re-inspections", f"/phone/score/{street.shop.id}"):
        shown = inspector.get(page).text
        assert path in shown, page
        assert until(record) in shown, page
    assert "7 天内整改" in inspector.get(f"/phone/records/{record.id}").text
    assert "整改合格，返还 2 分" in inspector.get(path).text

    refused = inspector.post(path, data={"_once": "a"})
    assert (refused.status_code, "请拍一张整改后的照片" in refused.text) == (422, True)
    answer = inspector.post(path, data={"_once": "b", "photos": [proof()]})

    assert answer.status_code == 303
    assert state() == ("reversed", "confirmed")
    assert "已返还" in inspector.get(f"/phone/records/{record.id}").text
    assert path not in inspector.get("/phone/").text
    assert "这一条已经定了" in inspector.get(path).text
    verify(db.session.connection())


def test_the_owner_reports_from_home_and_the_inspector_returns_or_confirms(street, record, owner, inspector):
    home, path = f"/home/rectifications/{record.id}", f"/phone/rectify/{record.id}"
    assert "我的商铺和整改" in owner.get("/home/").text
    listed = owner.get("/home/rectifications").text
    assert "惠民超市" in listed
    assert until(record) in listed
    assert owner.post(home, data={"_once": "a"}).status_code == 422
    assert owner.post(home, data={"_once": "b", "photos": [proof()], "note": "搬走了"}).status_code == 303
    assert "等网格员或巡查员来复查" in owner.get(home).text

    shown = inspector.get(path).text
    assert "搬走了" in shown
    sha = db.session.scalars(db.select(db.metadata.tables["rectification_photo"].c.hash)).one()
    assert inspector.get(f"/photos/{sha}").status_code == 200
    assert owner.get(f"/home/rectifications/photos/{sha}").status_code == 200
    assert inspector.post(f"{path}/return", data={"reason": ""}).status_code == 422
    assert inspector.post(f"{path}/return", data={"reason": "门口还有两箱"}).status_code == 303
    assert "没有通过：门口还有两箱" in owner.get(home).text
    owner.post(home, data={"_once": "c", "photos": [proof("blue")]})
    inspector.post(path, data={"_once": "d"})

    assert state()[0] == "reversed"
    assert street.balance(street.shop, "shop") == Points(0)


def test_a_stranger_finds_neither_the_deduction_nor_its_photo(app, street, record, owner):
    owner.post(f"/home/rectifications/{record.id}", data={"_once": "b", "photos": [proof()]})
    sha = db.session.scalars(db.select(db.metadata.tables["rectification_photo"].c.hash)).one()
    neighbour = phone_of(app, make_household(courtyard=street.courtyard))

    assert neighbour.get(f"/home/rectifications/{record.id}").status_code == 404
    assert neighbour.get(f"/home/rectifications/photos/{sha}").status_code == 404
    assert "没有要整改的" in neighbour.get("/home/rectifications").text


def test_the_shops_public_page_says_it_without_names(street, record, client):
    token = db.session.scalars(select(Code.token).where(Code.holder_id == street.shop.id)).one()

    page = client.get(f"/q/{token}").text

    assert "正在整改" in page
    assert "店外堆放杂物" in page
    assert until(record) in page
    assert "刘" not in page


def test_after_the_last_day_it_is_final_and_says_so(street, owner, inspector):
    record = deduct(street, HALF, days_ago=30)
    assert record.rectify_until < clock.today()

    assert "不再返还" in owner.get(f"/home/rectifications/{record.id}").text
    assert "不再返还" in inspector.get(f"/phone/rectify/{record.id}").text
    answer = inspector.post(f"/phone/rectify/{record.id}", data={"_once": "a", "photos": [proof()]})
    assert answer.status_code == 410
