"""核对: papers are compared with the book, by anybody, through the client."""

from __future__ import annotations

import io
import re

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import text

from tests import personas
from tests.conftest import NOON, both_databases, unguard
from tests.factories import make_user
from tests.kiosk.conftest import make_kiosk
from tests.records.conftest import Street, make_street
from tests.reviews.test_month import publish
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.reviews.models import CommunityMonth
from webapp.verification.queries import asked

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def street(app) -> Street:
    return make_street(name="欧阳娜娜")


@pytest.fixture
def month(street) -> CommunityMonth:
    """A deed, a deduction and a veto of a household and a shop."""
    street.make(street.household, "household", "1.1", 35, now=NOON)
    street.make(street.household, "household", "1.6", now=NOON)
    street.make(street.shop, "shop", "3.5", now=NOON)
    row = publish(street, SYSTEM, NOON)
    db.session.commit()
    return row


@pytest.fixture
def code(month) -> str:
    """As it is printed: ``3F2A 91BC 0D11 22EE``."""
    return " ".join(re.findall("....", month.signature[:16].upper()))


SHAPES = {
    "as printed": "{code}",
    "lower case, full width": "{wide}",
    "without blanks": "{plain}",
    "the scanned address": "HTTP://LOCALHOST/VERIFY/{plain}",
    "the link": "http://localhost/p/{token}",
}


@both_databases
@pytest.mark.parametrize("shape", SHAPES)
def test_a_printed_publication_is_genuine(client, month, code, shape):
    wide = "".join(chr(ord(char) + 0xFEE0) if char != " " else "　" for char in code.lower())
    typed = SHAPES[shape].format(code=code, wide=wide, plain=code.replace(" ", ""), token=month.token)
    answer = client.post("/verify", data={"code": typed})
    assert answer.headers["Location"] == f"/verify/{code.replace(' ', '')}"
    page = client.get(answer.headers["Location"]).text
    for words in ("真的，与公示账一致", "3 条", month.public_key, "docs/seal.md", code):
        assert words in page


@both_databases
def test_one_line_is_checked_by_its_number(client, month, code):
    for typed in ({"code": f"{code} 1"}, {"code": f"{code} 第1条"}, {"code": code, "line": "１"}):
        answer = client.post("/verify", data=typed)
        assert answer.headers["Location"] == f"/verify/{code.replace(' ', '')}/1"
    page = client.get(answer.headers["Location"]).text
    for words in ("第 1 条", "真的，与公示账一致", "欧阳*娜家", "门前屋后干净", "+3.5"):
        assert words in page
    assert "娜娜" not in page


def test_a_deduction_is_checked_without_a_name(client, month, code):
    page = client.get(f"/verify/{code.replace(' ', '')}/2").text
    assert "堆放杂物" in page
    assert "欧阳" not in page


def test_a_line_whose_record_was_taken_back_later_says_so(client, street, month, code):
    unguard("record")
    db.session.execute(text("UPDATE record SET state = 'reversed', ended_at = created_at WHERE id = 1"))
    page = client.get(f"/verify/{code.replace(' ', '')}/1").text
    assert "真的，与公示账一致" in page
    assert "后来冲正了" in page


def test_a_line_that_there_is_not_is_said(client, month, code):
    assert "没有第 9 条，一共 3 条" in client.post("/verify", data={"code": f"{code} 9"}).text
    assert client.get(f"/verify/{code.replace(' ', '')}/9").status_code == 404


@both_databases
def test_a_changed_line_is_named_whichever_line_is_asked_for(client, month, code):
    unguard("publication_line")
    db.session.execute(text("UPDATE publication_line SET points = points + 10 WHERE number = 2"))
    for address in (f"/verify/{code.replace(' ', '')}", f"/verify/{code.replace(' ', '')}/1"):
        page = client.get(address).text
        assert "与公示账不一致" in page
        assert "第 2 条" in page
        assert "真的" not in page


def test_a_line_that_was_removed_is_named(client, month, code):
    for event in ("update", "delete"):
        db.session.execute(text(f"DROP TRIGGER publication_line_no_{event}"))
    db.session.execute(text("DELETE FROM publication_line WHERE number = 2"))
    page = client.get(f"/verify/{code.replace(' ', '')}").text
    assert "与公示账不一致" in page
    assert "<td>3 条</td><td>2 条</td>" in page


@pytest.mark.parametrize(
    "typed",
    ["", "x", "0" * 16, "F" * 16, "第 3 条", "\x00", "/p/none", "/verify/", "9" * 300, "٠٠٠٠٠١", "%%%%", "____"],
)
def test_what_belongs_to_nothing_is_no_number_and_stays_typed(client, month, typed):
    answer = client.post("/verify", data={"code": typed})
    assert answer.status_code == 422
    assert "没有这个号" in answer.text
    if typed == "第 3 条":
        assert 'value="第 3 条"' in answer.text


def test_a_wrong_address_says_the_same(client, month):
    answer = client.get("/verify/0000000000000000")
    assert answer.status_code == 404
    assert "没有这个号" in answer.text


@pytest.mark.parametrize("address", ["/verify", "/verify/0000000000000000", "/slip/000001-AAAAAAAA"])
def test_guesses_are_limited_by_address(client, month, address):
    answers = [client.get(address).status_code for _ in range(31)]
    assert 429 not in answers[:30]
    assert answers[30] == 429


def test_printed_sheets_and_the_excel_file_carry_address_and_code(client, street, month, code):
    desk = personas.sign_in(client, make_user(post="secretary", area=street.tree.community))
    place = f"/desk/publications/{street.tree.community.id}/202611"
    for size in ("a4", "a3"):
        page = desk.get(f"{place}/sheet?size={size}").text
        assert code in page
        assert "http://localhost/verify" in page
        assert "核对这份公示的二维码" in page
    book = CalamineWorkbook.from_filelike(io.BytesIO(desk.get(f"{place}/excel").data))
    notes = {row[0]: row[1] for row in book.get_sheet_by_name("说明").to_python() if len(row) > 1}
    assert (notes["核对网址"], notes["核对码"]) == ("http://localhost/verify", code)
    assert f"/verify/{code.replace(' ', '')}" in desk.get(place).text
    assert f"/verify/{code.replace(' ', '')}" in client.get(f"/p/{month.token}").text


def test_at_the_kiosk_a_slip_on_the_scanner_is_compared_with_the_book(app, client):
    kiosk = make_kiosk(app.config["VAR_DIR"])
    kiosk.pair(client)
    kiosk.show_card(client)
    client.post("/kiosk/slips")
    paper = client.get("/kiosk/slips/1").text
    number, code = re.search(r"凭条号 (S-\d+)</span>.*?校验 ([0-9A-Z-]+)", paper, re.S).groups()
    assert "/verify" in paper
    scanned = f"HTTP://LOCALHOST/SLIP/{number[2:]}-{code.replace('-', '')}"
    answer = client.post("/kiosk/card", data={"code": scanned}, follow_redirects=True)
    assert "真的，与账本一致" in answer.text
    assert "请把纸上的二维码对准扫码口" in client.get("/kiosk/verify").text
    assert client.get("/kiosk/verify?code=nothing").status_code == 404


def test_the_kiosks_publication_leads_to_its_check(app, client):
    from tests.kiosk.test_publication import publish as publish_at_kiosk

    kiosk = make_kiosk(app.config["VAR_DIR"])
    publish_at_kiosk(kiosk)
    kiosk.pair(client)
    link = re.search(r'href="(/kiosk/verify\?code=[^"]+)"', client.get("/kiosk/publication").text)
    assert "真的，与公示账一致" in client.get(link[1]).text


def test_the_kiosks_page_is_for_kiosks(client, month):
    assert client.get("/kiosk/verify").status_code == 401


def test_codes_are_folded(month, code):
    assert asked(f"  {code.lower()}-2 ") == ("seal", code.replace(" ", ""), 2)
    assert asked("Ｓ－００４２１１　８kq2－xm4t") == ("slip", "S0042118KQ2XM4T", 0)


@pytest.mark.parametrize("path", ["/slip/S-000001AAAABBBB", "/verify/0000000000000000"])
def test_an_unknown_number_in_an_address_stands_in_the_field_to_be_mended(client, path):
    answer = client.get(path)
    assert answer.status_code == 404
    assert f'value="{path.rsplit("/", 1)[1]}"' in answer.text
    assert "请照纸上的码再输一次" in answer.text
