"""The slip: kept as printed, checked by anybody, and changing nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select, text

from tests import factories
from tests.conftest import both_databases, unguard
from webapp.audit.models import AuditLine
from webapp.extensions import db
from webapp.kiosk.models import Slip
from webapp.kiosk.paper import HEIGHTS, Paper, PaperRow
from webapp.kiosk.service import slips
from webapp.ledger.queries import account_state, last_entries


@pytest.fixture
def slip(kiosk, visiting):
    """One slip, printed."""
    assert visiting.post("/kiosk/slips").headers["Location"] == "/kiosk/slips/1"
    return reference(visiting)


def reference(client):
    row = db.session.get(Slip, 1)
    return slips.of_visit(slip_id=1, visit_id=row.visit_id, key=client.application.config["SECRET_KEY"]).reference


def test_printing_and_printing_again_change_no_points(kiosk, visiting, slip):
    before = kiosk.account
    lines = last_entries(before.id, 50)
    for _ in range(3):
        visiting.post("/kiosk/slips/1/print")

    assert account_state(before.id) == before
    assert last_entries(before.id, 50) == lines


def test_the_slip_says_what_the_page_said(kiosk, visiting, slip):
    page = visiting.get("/kiosk/slips/1").text
    page = page.replace('<span class="slip-part">', "").replace('<span class="slip-part apart">', "")
    page = page.replace("</span> ", "　").replace("</span>", "")

    for words in (
        "善治积分 余额小票",
        "党群服务中心 1 号终端",
        "户号 03-12-02　李*梅家",
        '<b class="slip-big">128</b>',
        "占用 0　待审核 +6　本月 +128",
        "提的建议被采纳（待审）",
        "门前屋后干净",
        "凭条号 S-000001",
        "0358-2001234",
    ):
        assert words in page
    assert "李秀梅" not in page
    assert "<svg" in page


def test_a_slip_prints_once_and_not_again_when_the_page_is_opened_again(kiosk, visiting, slip):
    assert "data-print-now" in visiting.get("/kiosk/slips/1").text
    assert "data-print-now" not in visiting.get("/kiosk/slips/1").text


def test_a_copy_says_that_it_is_one_and_is_logged(kiosk, visiting, slip):
    visiting.get("/kiosk/slips/1")
    visiting.post("/kiosk/slips/1/print")

    page = visiting.get("/kiosk/slips/1").text
    assert "（副本 1）" in page
    assert "data-print-now" in page
    logged = db.session.scalars(select(AuditLine).where(AuditLine.action == "slip:reprinted")).one()
    assert logged.object_id == 1
    assert logged.area_path == kiosk.tree.community.path
    assert "李*梅家" in logged.actor_label


def test_a_double_tap_makes_one_slip(kiosk, visiting):
    for _ in range(2):
        assert visiting.post("/kiosk/slips", data={"_once": "one key"}).headers["Location"] == "/kiosk/slips/1"

    assert db.session.scalar(select(func.count()).select_from(Slip)) == 1


def test_the_next_resident_sees_none_of_the_slips(kiosk, visiting, slip):
    kiosk.show_card(visiting, kiosk.neighbour)

    assert visiting.get("/kiosk/slips/1").status_code == 404
    assert visiting.post("/kiosk/slips/1/print").status_code == 404


def test_nobody_prints_without_a_visit(kiosk, at_kiosk):
    assert at_kiosk.post("/kiosk/slips").status_code == 401


@both_databases
def test_what_was_printed_can_not_be_changed_or_removed(kiosk, visiting, slip):
    for statement in ("UPDATE slip SET content = '{}'", "UPDATE slip SET household_id = 1", "DELETE FROM slip"):
        with pytest.raises(Exception, match="append-only"):
            db.session.execute(text(statement))
        db.session.rollback()


@pytest.mark.parametrize("shape", ["/slip/{}", "/SLIP/{}", "/slip/{lower}", "/slip/S-{}"])
def test_anybody_checks_a_slip_by_its_address_in_any_case(kiosk, app, visiting, slip, shape):
    visiting.post("/kiosk/leave")
    answer = app.test_client().get(shape.format(slip, lower=slip.lower()))

    assert answer.status_code == 200
    for words in ("与账本一致", "03-12-02", "李*梅家", "128", "门前屋后干净"):
        assert words in answer.text
    assert "李秀梅" not in answer.text


def test_the_qr_leads_to_the_check_in_capitals(kiosk, visiting, slip):
    from webapp.kiosk.paper import slip_address

    assert slip_address("http://points.example/", slip) == f"HTTP://POINTS.EXAMPLE/SLIP/{slip}"


def test_number_and_code_can_be_typed_as_they_stand_on_the_paper(kiosk, client, visiting, slip):
    number, code = slip.split("-")

    answer = client.post("/verify", data={"code": f"ｓ-{number}　{code[:4].lower()} {code[4:]}"})

    assert answer.headers["Location"] == f"/slip/S{number}{code}"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("S-000001", "AAAAAAAA"),
        ("S-000002", ""),
        ("", ""),
        ("9" * 20, "Z" * 20),
        ("\x00", "\x00"),
        ("S-999999999", "AAAAAAAA"),
    ],
)
def test_what_does_not_belong_together_is_refused_and_kept(kiosk, client, visiting, slip, number, code):
    answer = client.post("/verify", data={"code": f"{number} {code}"})

    assert answer.status_code == 422
    assert "没有这个号" in answer.text
    if number.isalnum():
        assert f'value="{number} {code}"' in answer.text


@pytest.mark.parametrize(
    "reference", ["000001-AAAAAAAA", "x", "%00", "1" * 300, "9999999999AAAAAAAA", "٠٠٠٠٠١AAAAAAAA"]
)
def test_a_forged_address_says_nothing_about_any_slip(kiosk, client, visiting, slip, reference):
    answer = client.get(f"/slip/{reference}")

    assert answer.status_code == 404
    assert "没有这个号" in answer.text
    assert "03-12-02" not in answer.text


def test_checking_is_limited_by_address(kiosk, client, visiting, slip):
    answers = [client.get("/slip/000001-AAAAAAAA").status_code for _ in range(31)]

    assert answers[:30] == [404] * 30
    assert answers[30] == 429
    assert client.get(f"/slip/{slip}").status_code == 429


def test_a_slip_agrees_with_the_book_after_more_was_posted(kiosk, client, visiting, slip):
    factories.give_points(kiosk.household, kiosk.scheme, 3)

    assert "与账本一致" in client.get(f"/slip/{slip}").text


@pytest.mark.parametrize(
    "change", ["hash = substr(hash, 2) || substr(hash, 1, 1)", "balance_after = balance_after + 10"]
)
def test_a_slip_tells_when_the_book_was_changed_behind_its_back(kiosk, client, visiting, slip, change):
    unguard("entry")
    db.session.execute(text(f"UPDATE entry SET {change} WHERE account_id = {kiosk.account.id} AND seq = 2"))

    page = client.get(f"/slip/{slip}").text

    assert "与账本不一致" in page
    assert "带到社区核对" in page


def test_the_check_code_is_of_the_words_too(kiosk, client, visiting, slip):
    """A row that was changed in the database has another code than the paper."""
    row = db.session.get(Slip, 1)
    key = client.application.config["SECRET_KEY"]
    before = slips._code(row, key)
    db.session.expunge(row)
    row.content = row.content.replace('"128"', '"999"')

    assert slips._code(row, key) != before


def test_a_slip_without_lines_says_so(kiosk, at_kiosk):
    from webapp.core import clock
    from webapp.core.actor import SYSTEM
    from webapp.qrcodes.service import make_missing

    newcomer = factories.make_household(courtyard=kiosk.yard, number="03-12-09", name="新来的")
    make_missing(holder_ids=[newcomer.id], actor=SYSTEM, now=clock.now())
    kiosk.show_card(at_kiosk, newcomer)
    at_kiosk.post("/kiosk/slips")

    assert "还没有积分记录" in at_kiosk.get("/kiosk/slips/1").text
    assert "与账本一致" in at_kiosk.get(f"/slip/{reference(at_kiosk)}").text


@pytest.mark.parametrize("size", ["80", "58"])
def test_longer_slips_get_longer_paper(size):
    def paper(lines):
        return Paper(
            (PaperRow("title", "小票"), *[PaperRow("line", "11-18 门前屋后", "+5")] * lines, PaperRow("qr", "X"))
        )

    heights = [paper(lines).height(size) for lines in (1, 14 if size == "80" else 20, 60)]

    assert heights == sorted(set(heights))
    assert set(heights) <= set(HEIGHTS[size])
    assert paper(1).height("a4") == 0


def test_the_page_names_the_height_of_its_paper(kiosk, visiting, slip):
    found = re.search(r'class="slip slip-80" data-high="(\d+)"', visiting.get("/kiosk/slips/1").text)

    assert found
    assert int(found.group(1)) in HEIGHTS["80"]
