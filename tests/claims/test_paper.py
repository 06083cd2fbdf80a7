"""积分申报表 on paper: blank or for one household; what comes back is entered with who brought it."""

from __future__ import annotations

from tests.claims.conftest import claims, words
from tests.factories import make_community, make_household, make_user
from tests.personas import sign_in
from webapp.core import clock
from webapp.extensions import db

FORM = "/desk/claims/form"


def test_a_blank_form_has_the_rules_to_tick_with_points_and_proof_and_the_way_by_phone(staff, yard):
    page = words(staff.get(FORM))
    assert "□ 参加居民会议" in page
    assert "+5" in page
    assert "照片" in page
    assert "谁送来的" in page
    assert "/home/sign-in" in page or "手机扫码，自己申报" in page
    assert "楼道、院内堆放杂物" not in page, "nothing that takes points"


def test_a_households_form_is_filled_in_with_the_masked_name(staff, yard):
    page = words(staff.get(f"{FORM}?household={yard.resident.id}"))
    assert "刘*梅家" in page
    assert yard.resident.number in page
    assert "刘红梅" not in page
    entry = words(staff.get(f"/phone/claims/new/{yard.resident.id}"))
    assert f"{FORM}?household={yard.resident.id}" in entry


def test_no_form_for_a_household_or_a_community_of_others_and_none_for_a_shop(staff, yard):
    other = make_community(name="别的社区")
    stranger = make_household(area=other.micro_grid)
    db.session.commit()
    assert staff.get(f"{FORM}?household={stranger.id}").status_code == 404
    assert staff.get(f"{FORM}?community={other.community.id}").status_code == 404
    assert staff.get(f"{FORM}?household={yard.street.shop.id}").status_code == 404


def test_a_paper_claim_is_entered_from_the_desk_with_who_brought_it(client, yard):
    """A clerk works at the desk only; the menu there leads to the same page."""
    sign_in(client, make_user(post="clerk", area=yard.street.tree.community))
    assert "/phone/claims/new" in words(client.get("/desk"))
    assert "打印空白申报表" in words(client.get("/phone/claims/new"))
    day = clock.today().isoformat()
    data = {"rule": yard.rule("2.1"), "happened_on": day, "note": "", "brought_by": "女儿小王", "_once": "x"}
    assert client.post(f"/phone/claims/new/{yard.resident.id}", data=data).status_code == 303
    (record,) = claims()
    assert (record.brought_by, record.state) == ("女儿小王", "waiting")
