"""What anybody may read at the kiosk: how points are earned, and who serves one's courtyard."""

from __future__ import annotations

import pytest

from tests import factories


def test_rules_are_shown_by_category_with_score_and_cap(kiosk, at_kiosk):
    page = at_kiosk.get("/kiosk/rules").text

    assert "人居环境" in page
    assert "每月 4 次" in page
    assert "爱心公益" in page
    assert at_kiosk.get("/kiosk/rules?category=2").text != page
    assert at_kiosk.get("/kiosk/rules?category=99").status_code == 200
    assert at_kiosk.get("/kiosk/rules?category=-1").status_code == 200


def test_who_serves_a_courtyard_by_masked_name_and_phone(kiosk, at_kiosk):
    worker = factories.make_person(area=kiosk.tree.grid, name="曹国锋")
    factories.make_appointment(person=worker, post="grid_worker", area=kiosk.tree.grid, phone="0358-2001201")
    head = factories.make_person(area=kiosk.tree.micro_grid, name="李秀梅")
    factories.make_appointment(
        person=head, post="courtyard_head", area=kiosk.tree.micro_grid, courtyard=kiosk.yard, phone="0358-2001202"
    )

    page = at_kiosk.get(f"/kiosk/services/{kiosk.yard.id}").text

    for words in ("网格员", "曹*锋", "0358-2001201", "院长", "李*梅", "0358-2001202"):
        assert words in page
    assert "曹国锋" not in page


def test_a_visitor_sees_who_serves_their_own_courtyard_at_once(kiosk, visiting):
    assert visiting.get("/kiosk/services").headers["Location"] == f"/kiosk/services/{kiosk.yard.id}"


@pytest.mark.parametrize("typed", ["Y312", "312", "y312", "３１２"])
def test_a_courtyard_is_found_by_its_number(kiosk, at_kiosk, typed):
    factories.make_courtyard(area=kiosk.tree.micro_grid, number="Y3120")

    assert at_kiosk.get("/kiosk/services", query_string={"q": typed}).headers["Location"].endswith(f"/{kiosk.yard.id}")


def test_a_courtyard_number_that_is_not_there_says_so(kiosk, at_kiosk):
    assert "没有找到「999」号院落" in at_kiosk.get("/kiosk/services?q=999").text


def test_a_courtyard_nobody_serves_yet_says_so(kiosk, at_kiosk):
    assert "还没有登记服务人员" in at_kiosk.get(f"/kiosk/services/{kiosk.yard.id}").text
