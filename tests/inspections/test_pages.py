"""The inspector's phone, page by page, without scripts."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from PIL import Image

from tests.factories import (
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_scheme,
    make_shop,
    make_user,
)
from tests.personas import sign_in
from tests.records.conftest import Street, make_street, version_of
from webapp.core import clock
from webapp.core.points import Points
from webapp.extensions import db
from webapp.inspections.models import RuleUse
from webapp.records.models import Record, RecordPhoto
from webapp.users.models import User


def photo(colour: str = "green", size: tuple[int, int] = (640, 480)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def street(app) -> Street:
    made = make_street()
    db.session.commit()
    return made


@pytest.fixture
def phone(client, street):
    """The grid worker's phone."""
    return sign_in(client, db.session.get(User, street.inspector.user_id))


def fields(street: Street, code: str = "1.1", scheme: str = "shop", **more):
    return {"rule": version_of(street.schemes[scheme], code).id, "note": "", "_once": clock.now().isoformat(), **more}


def rule_id(street: Street, code: str, scheme: str = "shop") -> int:
    return version_of(street.schemes[scheme], code).id


def all_records() -> list[Record]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Record).order_by(Record.id)))


def text_of(response) -> str:
    return response.get_data(as_text=True)


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


# Photos ---------------------------------------------------------------------------------------------------------------


def test_photos_are_stored_without_what_rides_along_and_named_by_the_record(app, phone, street):
    data = fields(street, "1.2", photos=[(io.BytesIO(photo()), "a.jpg"), (io.BytesIO(photo("red")), "b.jpg")])
    done = phone.post(f"/phone/score/{street.shop.id}", data=data, follow_redirects=True)
    assert "2 张" in text_of(done)
    names = db.session.scalars(db.select(RecordPhoto.hash)).all()
    assert len(names) == 2
    assert all((app.config["VAR_DIR"] / "photos" / name[:2] / name[2:4] / f"{name}.jpg").exists() for name in names)


def test_a_rule_that_wants_a_photo_says_so_and_keeps_the_choice(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, "1.2", note="已搬走"))
    assert answer.status_code == 422
    assert "要附照片，请拍一张再记" in text_of(answer)
    assert re.search(rf'value="{rule_id(street, "1.2")}"[^>]*checked', text_of(answer))


def test_a_photo_that_came_with_a_refused_form_is_still_there(phone, street):
    data = fields(street, "2.1", photos=[(io.BytesIO(photo()), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.shop.id}", data=data)
    assert answer.status_code == 422
    assert 'name="photos_kept"' in text_of(answer)


def bomb() -> bytes:
    """A few kilobytes that would unfold to twenty million pixels."""
    out = io.BytesIO()
    Image.new("L", (5000, 4000)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"not a photo", "这不是照片"), (photo()[:400], "照片打不开"), (bomb(), "尺寸太大"), (b"\0" * 100, "这不是照片")],
    ids=["text", "half", "bomb", "nul"],
)
def test_what_is_no_photo_is_refused_in_words_and_nothing_is_recorded(phone, street, data, words):
    sent = fields(street, "1.2", photos=[(io.BytesIO(data), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.shop.id}", data=sent)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert all_records() == []


def test_a_fourth_photo_is_refused(phone, street):
    four = [(io.BytesIO(photo(colour)), "a.jpg") for colour in ("red", "blue", "green", "white")]
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, "1.2", photos=four))
    assert answer.status_code == 422
    assert "照片最多 3 张" in text_of(answer)


# Bad input ------------------------------------------------------------------------------------------------------------


def test_without_a_rule_the_form_comes_back(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data={"note": "门口很干净"})
    assert answer.status_code == 422
    assert "请先点选一条细则" in text_of(answer)
    assert "门口很干净" in text_of(answer)


@pytest.mark.parametrize("rule", ["999999", "0", "-1", "一", "1.1", "\0", "9" * 30])
def test_a_forged_rule_is_refused_in_words(phone, street, rule):
    answer = phone.post(f"/phone/score/{street.shop.id}", data={"rule": rule})
    assert answer.status_code == 422
    assert all_records() == []


@pytest.mark.parametrize("points", ["50.55", "100", "-3", "abc", "\0", "９９"])
def test_forged_points_are_refused(phone, street, points):
    data = fields(street, "8.2", **{f"points-{version_of(street.schemes['shop'], '8.2').id}": points})
    answer = phone.post(f"/phone/score/{street.shop.id}", data=data)
    assert answer.status_code == 422
    assert all_records() == []


def test_a_note_that_is_too_long_is_refused_and_kept(phone, street):
    answer = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, note="好" * 201))
    assert answer.status_code == 422
    assert "最多 200 个字" in text_of(answer)


def test_nul_bytes_and_full_width_digits_do_no_harm(phone, street):
    done = phone.post(f"/phone/score/{street.shop.id}", data=fields(street, note="\0１２ 号门口"))
    assert done.status_code == 303
    assert all_records()[0].note == "12 号门口"


def test_a_double_tap_records_once(phone, street):
    data = fields(street)
    first, second = (phone.post(f"/phone/score/{street.shop.id}", data=data) for _ in range(2))
    assert first.location == second.location
    assert len(all_records()) == 1


def test_a_rule_of_a_scheme_for_shops_cannot_be_sent_for_a_courtyard(phone, street):
    answer = phone.post(f"/phone/score/{street.courtyard.id}", data=fields(street))
    assert answer.status_code == 422
    assert "不适用于这里" in text_of(answer)


def test_a_deduction_below_the_floor_comes_back_in_words(phone, street):
    sent = fields(street, "1.6", "household", photos=[(io.BytesIO(photo()), "a.jpg")])
    answer = phone.post(f"/phone/score/{street.household.id}", data=sent)
    assert answer.status_code == 422
    assert "积分不够：最多还能减 0 分" in text_of(answer)


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


# Afterwards -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(phone, street) -> Record:
    phone.post(f"/phone/score/{street.shop.id}", data=fields(street))
    return all_records()[0]


def test_a_record_is_taken_back_by_a_button_and_the_book_shows_it(phone, street, recorded):
    done = phone.post(f"/phone/records/{recorded.id}/undo", follow_redirects=True)
    assert "已撤回" in text_of(done)
    assert "惠民超市现有 0 分" in text_of(done)
    db.session.rollback()
    assert street.balance(street.shop, "shop") == Points(0)


def test_after_ten_minutes_there_is_no_button_and_the_form_is_refused(phone, recorded):
    with clock.travel(clock.now() + timedelta(minutes=11)):
        assert "/undo" not in text_of(phone.get(f"/phone/records/{recorded.id}"))
        answer = phone.post(f"/phone/records/{recorded.id}/undo")
    assert answer.status_code == 410
    assert "超过 10 分钟" in text_of(answer)


def test_a_colleague_sees_the_record_but_cannot_take_it_back(client, street, recorded):
    sign_in(client, make_user(post="secretary", area=street.tree.community))
    assert "/undo" not in text_of(client.get(f"/phone/records/{recorded.id}"))
    assert client.post(f"/phone/records/{recorded.id}/undo").status_code == 403


def test_a_record_of_another_community_is_not_found(client, street, recorded):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    sign_in(client, make_user(post="grid_worker", area=neighbour.community))
    assert client.get(f"/phone/records/{recorded.id}").status_code == 404
    assert client.post(f"/phone/records/{recorded.id}/undo").status_code == 404


def test_a_veto_says_what_it_did(phone, street):
    done = phone.post(
        f"/phone/score/{street.shop.id}", data=fields(street, "3.5", note="拒绝开门"), follow_redirects=True
    )
    assert "已记停评" in text_of(done)
    assert "已停评" in text_of(phone.get(f"/phone/score/{street.shop.id}"))


def test_what_waits_says_that_it_waits(phone, street):
    member = make_person(household=make_household(area=street.tree.micro_grid), party_member=True)
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    db.session.commit()
    done = phone.post(f"/phone/score/{member.id}", data=fields(street, "1.1", "party-member"), follow_redirects=True)
    assert "已提交 +5 分" in text_of(done)
    assert "等审核后入账" in text_of(done)


# My day ---------------------------------------------------------------------------------------------------------------


def test_an_empty_day_says_how_to_begin(phone):
    page = text_of(phone.get("/phone/"))
    assert "今天还没有记录" in page
    assert "0 / 1 处" in page


def test_my_day_shows_what_i_recorded_and_takes_it_back(phone, recorded):
    page = text_of(phone.get("/phone/"))
    assert "1 条" in page
    assert "100%" in page
    answer = phone.post(f"/phone/records/{recorded.id}/undo", data={"from": "day"})
    assert answer.location == "/phone/"
    page = text_of(phone.get("/phone/"))
    assert "0 条" in page
    assert "已撤回" in page


def test_a_long_day_shows_the_latest_ten_and_the_rest_on_demand(phone, street):
    for _ in range(12):
        street.make(make_shop(area=street.tree.micro_grid, name="流水小店"), "shop", "1.1")
    db.session.commit()
    page = text_of(phone.get("/phone/"))
    assert "12 条" in page
    assert "看今天全部 12 条" in page
    assert page.count("流水小店<small") == 10
    everything = text_of(phone.get("/phone/?all=1"))
    assert everything.count("流水小店<small") == 12
    assert "看今天全部" not in everything


def test_what_colleagues_recorded_is_not_in_my_day(client, street, recorded):
    sign_in(client, make_user(post="grid_worker", area=street.tree.community))
    page = text_of(client.get("/phone/"))
    assert "今天还没有记录" in page
    assert "100%" in page


def test_only_my_own_grid_is_covered_and_listed(client, street):
    mine = make_shop(area=street.tree.grids[1], name="我的网格小店")
    sign_in(client, make_user(post="grid_worker", area=street.tree.grids[1]))
    page = text_of(client.get("/phone/"))
    assert mine.name in page
    assert "惠民超市" not in page
    assert "0 / 1 处" in page


def test_unvisited_places_come_in_walking_order_twenty_a_page(phone, street):
    for position in range(24, 0, -1):
        make_courtyard(area=street.tree.micro_grids[1], name=f"{position:02}号院", lane="三巷", position=position)
    db.session.commit()
    first = text_of(phone.get("/phone/?kind=courtyard"))
    names = re.findall(r"<span>(\d\d)号院", first)
    assert names == [f"{n:02}" for n in range(1, 20)]
    second = text_of(phone.get("/phone/?kind=courtyard&page=2"))
    assert re.findall(r"<span>(\d\d)号院", second) == ["20", "21", "22", "23", "24"]
    assert text_of(phone.get("/phone/?kind=courtyard&page=99")) == text_of(phone.get("/phone/?kind=courtyard&page=2"))


def test_a_visit_of_last_month_does_not_count_and_its_day_is_shown(phone, street):
    last_month = clock.now().replace(day=1) - timedelta(days=3)
    street.make(street.shop, "shop", "1.1", now=last_month)
    db.session.commit()
    page = text_of(phone.get("/phone/"))
    assert f"上次 {clock.local_date(last_month).month}月" in page
    assert page.count("0 / 1 处") == 2


def test_a_month_with_everything_visited_says_so(phone, street):
    street.make(street.shop, "shop", "1.1")
    street.make(street.courtyard, "courtyard", "1.2")
    db.session.commit()
    assert "本月都走到了" in text_of(phone.get("/phone/"))
