"""The page for scoring one place on the inspector's phone, without scripts."""

from __future__ import annotations

import re

import pytest

from tests.factories import (
    make_community,
    make_household,
    make_person,
    make_scheme,
    make_shop,
    make_user,
)
from tests.inspections.tools import all_records, fields, rule_id, text_of
from tests.personas import sign_in
from tests.records.conftest import Street, version_of
from webapp.extensions import db
from webapp.inspections.models import RuleUse


def test_the_scoring_page_names_the_place_and_offers_its_rules(phone, street):
    page = text_of(phone.get(f"/phone/score/{street.shop.id}"))
    assert "惠民超市" in page
    assert "红色网格 · 一片区 · 文林路 8 号 · 商铺" in page.replace("<span>", "").replace("</span>", "")
    assert "grid-red" in page
    assert "本月第 1 次" in page
    assert "还没有记过分" in page
    assert "门前整洁、无垃圾" in page
    assert "每天一次" in page
    assert page.count('type="radio"') == 6


def test_one_rule_and_one_button_put_two_points_into_the_book(phone, street):
    done = phone.post(f"/phone/score/{street.shop.id}", data=fields(street), follow_redirects=True)
    assert done.request.path.startswith("/phone/records/")
    assert "已记 +2 分" in text_of(done)
    assert "惠民超市现有 2 分。" in text_of(done)
    assert "撤回" in text_of(done)
    assert [record.source for record in all_records()] == ["inspection"]


def test_after_a_record_the_page_shows_the_last_score_and_the_cap(phone, street):
    phone.post(f"/phone/score/{street.shop.id}", data=fields(street))
    page = text_of(phone.get(f"/phone/score/{street.shop.id}"))
    assert "本月第 2 次" in page
    assert "上次 +2 门前整洁、无垃圾" in page
    assert "今天已记 1 次，到上限了" in page
    assert re.search(rf'value="{rule_id(street, "1.1")}"[^>]*disabled', page)


def test_a_capped_rule_that_is_sent_all_the_same_is_refused_and_the_note_kept(phone, street):
    phone.post(f"/phone/score/{street.shop.id}", data=fields(street))
    again = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, _once="other", note="再记一次"))
    assert again.status_code == 422
    assert "今天已记 1 次，到上限了，不能再记" in text_of(again)
    assert 'value="再记一次"' in text_of(again)
    assert len(all_records()) == 1


def test_categories_the_whole_list_and_a_word_narrow_the_rules(phone, street):
    whole = text_of(phone.get(f"/phone/score/{street.shop.id}?show=all"))
    assert whole.count('type="radio"') == 37
    assert "全部 37" in whole
    found = text_of(phone.get(f"/phone/score/{street.shop.id}?show=all&q=垃圾"))
    assert found.count('type="radio"') == 2
    category = version_of(street.schemes["shop"], "2.1").rule.category_id
    assert text_of(phone.get(f"/phone/score/{street.shop.id}?show={category}")).count('type="radio"') == 5
    assert "没有找到这样的细则" in text_of(phone.get(f"/phone/score/{street.shop.id}?q=没有的词"))


def test_htmx_gets_the_same_piece_as_the_page(phone, street):
    address, headers = f"/phone/score/{street.shop.id}?show=all&q=消防", {"HX-Request": "true"}
    rules = text_of(phone.get(address, headers=headers))
    only = text_of(phone.get(address, headers={**headers, "HX-Target": "rule-list"}))
    assert "<html" not in rules
    assert "细则分类" in rules
    assert "细则分类" not in only
    assert only.strip() in rules


def test_the_rules_used_most_in_the_community_come_first(phone, street):
    other = make_shop(area=street.tree.micro_grid)
    db.session.commit()
    for shop in (street.shop, other):
        phone.post(f"/phone/score/{shop.id}", data=fields(street, "8.1", _once=str(shop.id)))
    assert db.session.scalars(db.select(RuleUse.uses)).all() == [2]
    page = text_of(phone.get(f"/phone/score/{make_and_commit_shop(street).id}"))
    assert page.index("参加社区会议、培训") < page.index("门前整洁、无垃圾")


def make_and_commit_shop(street: Street):
    shop = make_shop(area=street.tree.micro_grid)
    db.session.commit()
    return shop


def test_a_range_is_chosen_in_half_points_and_the_smallest_deduction_stands_first(phone, street):
    page = text_of(phone.get(f"/phone/score/{street.shop.id}?show=all"))
    version = version_of(street.schemes["shop"], "1.8")
    select = page.split(f'name="points-{version.id}"')[1].split("</select>")[0]
    assert re.findall(r'value="([^"]+)"', select) == ["-2", "-2.5", "-3", "-3.5", "-4", "-4.5", "-5"]
    data = fields(street, "8.2", **{f"points-{version_of(street.schemes['shop'], '8.2').id}": "3.5"})
    phone.post(f"/phone/score/{street.shop.id}", data=data)
    assert [record.points for record in all_records()] == [35]


# Whose ----------------------------------------------------------------------------------------------------------------


def test_a_place_in_another_community_is_not_found(phone, street):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    shop = make_shop(area=neighbour.micro_grid)
    db.session.commit()
    assert phone.get(f"/phone/score/{shop.id}").status_code == 404
    assert phone.post(f"/phone/score/{shop.id}", data=fields(street)).status_code == 404
    assert phone.get("/phone/score/999999").status_code == 404
    assert phone.get(f"/phone/score/{10**30}").status_code == 404
    assert phone.get(f"/phone/records/{10**30}").status_code == 404


@pytest.mark.parametrize("address", ["/phone/", "/phone/score/1", "/phone/records/1"])
def test_nobody_scores_without_signing_in_or_the_post_for_it(client, street, address):
    assert client.get(address).status_code == 303
    sign_in(client, make_user(post="clerk", area=street.tree.community))
    assert client.get(address).status_code == 403


def test_ones_own_shop_shows_why_not_instead_of_the_rules(phone, street):
    street.shop.owner_id = street.person.id
    db.session.commit()
    page = text_of(phone.get(f"/phone/score/{street.shop.id}"))
    assert "这是您自己家的店" in page
    assert "请同事来记" in page
    assert 'type="radio"' not in page
    assert phone.post(f"/phone/score/{street.shop.id}", data=fields(street)).status_code == 422


def test_a_closed_shop_and_a_place_without_a_scheme_say_so(phone, street):
    bare = make_person(area=street.tree.micro_grid)
    street.shop.active = False
    db.session.commit()
    assert "这一处已经停用" in text_of(phone.get(f"/phone/score/{street.shop.id}"))
    assert "这里还没有积分办法" in text_of(phone.get(f"/phone/score/{bare.id}"))


def test_from_a_courtyard_one_goes_to_its_households_and_back(phone, street):
    page = text_of(phone.get(f"/phone/score/{street.courtyard.id}"))
    assert f'href="/phone/score/{street.household.id}"' in page
    assert "刘*梅家" in page
    assert "刘红梅" not in page
    assert f"回到{street.courtyard.name}" in text_of(phone.get(f"/phone/score/{street.household.id}"))


def test_a_person_in_several_schemes_can_be_scored_in_each(phone, street):
    member = make_person(household=make_household(area=street.tree.micro_grid), party_member=True, volunteer=True)
    first, second = (make_scheme(area=street.tree.community, code=code) for code in ("volunteer", "party-member"))
    db.session.commit()
    assert "完成一单服务" in text_of(phone.get(f"/phone/score/{member.id}?scheme={first.id}"))
    page = text_of(phone.get(f"/phone/score/{member.id}?scheme={second.id}"))
    assert "参加主题党日" in page
    assert "志愿服务积分" in page
