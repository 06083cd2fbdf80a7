"""Honours at the desk, behind the certificate's code, on public pages, plates and phones, through the client."""

from __future__ import annotations

import io

import pytest
from python_calamine import CalamineWorkbook

from tests.conftest import Browser
from tests.factories import make_community, make_person, make_user
from tests.honours.conftest import MONTH, add_kind
from tests.personas import sign_in, sign_in_resident
from tests.rankings.conftest import at
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.honours import service
from webapp.honours.models import Honour, HonourKind
from webapp.qrcodes.queries import active_code
from webapp.qrcodes.service import make_missing

DESK = "/desk/honours"


@pytest.fixture(autouse=True)
def november(app):
    with clock.travel(at(28)):
        yield


@pytest.fixture
def desk(hall, client):
    return sign_in(client, make_user(post="secretary", area=hall.town.tree.community))


def test_a_kind_is_changed_with_what_it_says_now(desk, hall):
    kind = add_kind(hall.town, hall.town.yards, name="最美庭院", places=3)
    address = f"{DESK}/kinds/{kind.id}/edit"
    page = desk.get(address)
    assert page.status_code == 200
    assert 'value="最美庭院"' in page.text
    given = {"name": "最美庭院", "period": "month", "leagues": "all", "places": "4", "minimum": "5", "months": "12"}
    assert desk.post(address, data={**given, "active": "y"}).status_code == 303
    assert (kind.places, kind.minimum) == (4, 50)
    assert 'value="5"' in desk.get(address).text


def give(hall, holder, title="最美庭院"):
    """An honour for a courtyard or shop of November's ranking."""
    scheme = hall.town.yards if holder.kind == "courtyard" else hall.town.shops
    kind = add_kind(hall.town, scheme, name=title, places=50)
    (honour,) = service.decide(
        actor=SYSTEM, kind=kind, month=MONTH, holder_ids=[holder.id], note="支委会同意", now=at(28)
    )
    db.session.commit()
    return honour


def test_a_kind_is_set_up_from_a_preset_and_a_choice_is_made_with_a_note(hall, desk):
    assert "评选 2026 年 11 月" in desk.get(f"{DESK}/kinds").text
    form = desk.get(f"{DESK}/kinds/new?preset=0").text
    assert "最美庭院" in form
    typed = {"name": "最美庭院", "scheme_id": hall.town.yards.id, "period": "month", "leagues": "all"}
    typed |= {"places": "1", "minimum": "0", "months": "12", "no_veto": "y"}
    assert desk.post(f"{DESK}/kinds/new", data=typed).status_code == 303
    kind = db.session.query(HonourKind).filter_by(name="最美庭院").one()
    page = desk.get(f"{DESK}/kinds/{kind.id}/choose/{MONTH}").text
    assert "在前 1 名以外" in page
    chosen = {"holders": [hall.town.big.id], "note": "11 月 28 日支委会，9 人同意"}
    answer = desk.post(f"{DESK}/kinds/{kind.id}/choose/{MONTH}", data=chosen)
    assert answer.status_code == 303
    assert "9 人同意" in desk.get(answer.location).text
    assert "最美庭院" in desk.get(DESK).text


def test_what_is_wrong_is_said_and_what_was_typed_stays(hall, desk):
    address = f"{DESK}/kinds/{hall.kind.id}/choose/{MONTH}"
    empty = desk.post(address, data={"holders": [hall.town.liu.id], "note": ""})
    assert empty.status_code == 422
    assert "请写会议记录" in empty.text
    assert f'value="{hall.town.liu.id}" aria-label="选刘*梅家" checked' in empty.text
    outside = desk.post(address, data={"holders": [hall.zhou.id], "note": "支委会同意"})
    assert outside.status_code == 422
    assert "在前 2 名以外" in outside.text
    assert "支委会同意" in outside.text
    wrong = desk.post(f"{DESK}/kinds/new", data={"name": "", "places": "0", "minimum": "x", "months": "99"})
    assert wrong.status_code == 422
    assert "请写名称" in wrong.text


def test_a_choice_that_was_made_leads_to_its_result_and_is_not_made_again(hall, desk):
    address = f"{DESK}/kinds/{hall.kind.id}/choose/{MONTH}"
    hall.decide(hall.town.liu)
    db.session.commit()
    assert desk.get(address).status_code == 303
    again = desk.post(address, data={"holders": [hall.town.chen.id], "note": "再来一次"})
    assert again.status_code == 409
    assert "已经评选过了" in again.text


def test_ones_own_household_is_flagged_and_has_no_box(hall, client):
    own = make_user(post="secretary", area=hall.town.tree.community, person=make_person(household=hall.town.liu))
    page = sign_in(client, own).get(f"{DESK}/kinds/{hall.kind.id}/choose/{MONTH}").text
    assert "这是您自己家" in page
    assert f'value="{hall.town.liu.id}"' not in page


def test_the_lists_are_of_one_state_each_and_go_to_excel(hall, desk):
    first, second = hall.decide(hall.town.liu, hall.town.chen)
    db.session.commit()
    taken = desk.post(f"{DESK}/{second.id}/withdraw", data={"reason": ""})
    assert taken.status_code == 422
    assert desk.post(f"{DESK}/{second.id}/withdraw", data={"reason": "弄虚作假"}).status_code == 303
    current, withdrawn = desk.get(DESK).text, desk.get(f"{DESK}?state=withdrawn").text
    assert (first.number in current, second.number in current) == (True, False)
    assert (first.number in withdrawn, second.number in withdrawn) == (False, True)
    assert "弄虚作假" in withdrawn
    refused = desk.get(f"{DESK}/{second.id}/certificate")
    assert refused.status_code == 409
    assert "不能再打印证书" in refused.text
    assert "/certificate" not in withdrawn
    assert "没有到期" in desk.get(f"{DESK}?state=ended").text
    rows = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"{DESK}/excel").data)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == [first.number]
    assert "刘红梅" not in str(rows)


def test_the_certificate_has_the_full_name_and_a_code_that_anybody_checks(hall, desk, client):
    (one,) = hall.decide(hall.town.liu)
    db.session.commit()
    page = desk.get(f"{DESK}/{one.id}/certificate").text
    assert "刘红梅" in page
    assert one.number in page
    for address in (f"/honours/{one.code}", f"/HONOURS/{one.code}"):
        checked = client.get(address).text
        assert "有效" in checked
        assert "刘*梅家" in checked
        assert "刘红梅" not in checked
    desk.post(f"{DESK}/{one.id}/withdraw", data={"reason": "弄虚作假"})
    gone = client.get(f"/honours/{one.code}").text
    assert "已经撤销" in gone
    assert "弄虚作假" not in gone
    assert client.get("/honours/NOSUCHCODE").status_code == 404


def test_a_courtyards_public_page_and_its_plate_name_its_honour_until_it_ends(app, hall, desk):
    app.test_client_class = Browser
    client = app.test_client()
    yard = hall.town.big
    make_missing(holder_ids=[yard.id, hall.town.small.id], actor=SYSTEM, now=at(28))
    honour = give(hall, yard)
    address = f"/q/{active_code(yard.id).token}"
    assert honour.code in client.get(address).text
    sheet = desk.get("/desk/codes/sheet?kind=courtyard&format=12").text
    assert sheet.count("<em>最美庭院</em>") == 1
    with clock.travel(at(28, 11, 2027)):
        assert honour.code not in client.get(address).text


def test_a_shops_public_page_names_its_honour(app, client, shop_hall):
    hall, shop = shop_hall
    make_missing(holder_ids=[shop.id], actor=SYSTEM, now=at(28))
    honour = give(hall, shop, "美德商铺")
    page = client.get(f"/q/{active_code(shop.id).token}").text
    assert "美德商铺" in page
    assert honour.code in page


def test_a_household_reads_on_its_phone_what_it_and_its_courtyard_hold(app, hall):
    hall.decide(hall.town.liu)
    give(hall, hall.town.big)
    app.test_client_class = Browser
    page = sign_in_resident(app.test_client(), hall.town.liu).get("/home/").text
    assert "您家是「文明家庭」" in page
    assert "文林路3号院是「最美庭院」" in page


def test_another_communitys_honours_are_not_there_and_who_only_sees_cannot_decide(hall, client, app):
    (one,) = hall.decide(hall.town.liu)
    db.session.commit()
    stranger = sign_in(client, make_user(post="secretary", area=make_community().community))
    for path in (
        f"{one.id}/certificate",
        f"{one.id}/withdraw",
        f"kinds/{hall.kind.id}/edit",
        f"kinds/{hall.kind.id}/choice/{MONTH}",
    ):
        assert stranger.get(f"{DESK}/{path}").status_code == 404, path
    app.test_client_class = Browser
    clerk = sign_in(app.test_client(), make_user(post="clerk", area=hall.town.tree.community))
    assert clerk.get(DESK).status_code == 200
    assert "撤销</a>" not in clerk.get(DESK).text.split('id="list"')[1]
    assert clerk.get(f"{DESK}/{one.id}/withdraw").status_code == 403
    assert db.session.get_one(Honour, one.id).withdrawn_at is None
