"""The desk sees every record of its own communities, masked, and its photos; nobody else's."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from tests.factories import make_appointment, make_community, make_person, make_shop, make_user
from tests.personas import sign_in
from tests.records.conftest import actor_of
from webapp.core import clock
from webapp.core.photo_store import PhotoStore
from webapp.core.pictures import clean_photo
from webapp.extensions import db
from webapp.records import queries, service
from webapp.schemes.queries import rule_version


def picture(colour: str = "green") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1600, 1200), colour).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def store(app) -> PhotoStore:
    return PhotoStore(app.config["VAR_DIR"] / "photos")


def keep(store: PhotoStore, colour: str = "green") -> str:
    cleaned = clean_photo(picture(colour))
    return store.put(cleaned.jpeg, cleaned.thumb)


@pytest.fixture
def desk(client, street):
    return sign_in(client, make_user(post="clerk", area=street.tree.community))


@pytest.fixture
def next_door(client, street):
    """A clerk of another community of the same county."""
    neighbour = make_community(street=street.tree.street, name="新民社区")
    return sign_in(client, make_user(post="clerk", area=neighbour.community))


# The list -------------------------------------------------------------------------------------------------------------


def test_the_list_says_that_nothing_has_been_recorded_yet(desk):
    assert "还没有记实" in desk.get("/desk/records").text


def test_the_list_shows_what_for_whom_and_by_whom_with_masked_names(street, desk):
    street.make(street.household, "household", "2.1")
    street.make(street.shop, "shop", "1.6")

    page = desk.get("/desk/records").text
    assert "参加居民会议" in page
    assert "刘*梅家" in page
    assert "刘红梅" not in page
    assert "店外堆放杂物" in page
    assert "惠民超市" in page
    assert "−2" in page
    assert "李*梅 网格员" in page
    assert "红色网格 · 一片区" in page


@pytest.mark.parametrize(
    ("query", "shown", "hidden"),
    [
        ("q=惠民", "惠民超市", "刘*梅家"),
        ("q=hmcs", "惠民超市", "刘*梅家"),
        ("q=居民会议", "刘*梅家", "惠民超市"),
        ("state=reversed", "刘*梅家", "惠民超市"),
        ("by=李秀梅", "惠民超市", "没有找到"),
        ("by=网格员", "惠民超市", "没有找到"),
        ("by=张", "没有找到", "惠民超市"),
        ("first=2099-01-01", "没有找到", "惠民超市"),
        ("last=2020-01-01", "没有找到", "惠民超市"),
        ("first=2026-02-30", "惠民超市", "没有找到"),
        ("first=2026-11-20&last=2026-11-01", "日期前后颠倒了", "惠民超市"),
    ],
)
def test_the_list_is_narrowed_by_place_rule_state_recorder_and_days(street, desk, query, shown, hidden):
    record = street.make(street.household, "household", "2.1")
    street.make(street.shop, "shop", "1.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())

    rows = desk.get(f"/desk/records?{query}", headers={"HX-Request": "true"}).text
    assert shown in rows
    assert hidden not in rows


def test_the_list_is_narrowed_by_category_and_grid(street, desk):
    street.make(street.household, "household", "2.1")
    street.make(make_shop(area=street.tree.grids[1], name="二网格小店"), "shop", "1.1")
    category = rule_version(street.make(street.shop, "shop", "3.1").rule_version_id).category_id

    rows = desk.get(f"/desk/records?category={category}", headers={"HX-Request": "true"}).text
    assert "惠民超市" in rows
    assert "二网格小店" not in rows
    assert "刘*梅家" not in rows
    rows = desk.get(f"/desk/records?area={street.tree.grids[1].id}", headers={"HX-Request": "true"}).text
    assert "二网格小店" in rows
    assert "惠民超市" not in rows


def test_the_list_keeps_what_was_asked_for(street, desk):
    street.make(street.shop, "shop", "1.1")
    page = desk.get("/desk/records?by=网格员&first=2026-01-05&state=posted").text
    assert 'value="网格员"' in page
    assert 'value="2026-01-05"' in page
    assert 'value="posted" selected' in page


def test_fifty_records_are_a_page(street, desk):
    now = clock.now()
    for days in range(51):
        street.make(street.shop, "shop", "4.5", now=now - timedelta(days=days))
    assert "共 51 条，第 1 / 2 页" in desk.get("/desk/records").text
    assert desk.get("/desk/records?page=2").text.count("虚假宣传</td>") == 1


def test_records_next_door_are_not_in_the_list_and_cannot_be_opened(street, next_door):
    record = street.make(street.shop, "shop", "1.1")
    assert "惠民超市" not in next_door.get("/desk/records").text
    assert next_door.get(f"/desk/records/{record.id}").status_code == 404
    assert next_door.get(f"/desk/records?area={street.tree.grid.id}").status_code == 404


def test_an_inspector_has_no_desk_of_records(client, street):
    record = street.make(street.shop, "shop", "1.1")
    sign_in(client, make_user(post="inspector", area=street.tree.community))
    assert client.get("/desk/records").status_code == 403
    assert client.get(f"/desk/records/{record.id}").status_code == 403


def test_somebody_who_has_not_signed_in_is_asked_to(client, street):
    assert client.get("/desk/records").status_code == 303
    assert client.get(f"/photos/{'0' * 64}").status_code == 303


# One record -----------------------------------------------------------------------------------------------------------


def test_a_record_says_by_which_version_of_the_rule_it_was_judged_and_where_it_stands_in_the_book(street, desk):
    record = street.make(street.shop, "shop", "1.1")
    page = desk.get(f"/desk/records/{record.id}").text
    assert "1.1 门前整洁、无垃圾" in page
    assert "第 1 版" in page
    assert "每天一次" in page
    assert "第 1 笔，校验码" in page
    assert "已入账" in page
    assert "巡查" in page


def test_a_record_that_was_taken_back_shows_both_lines_of_the_book(street, desk):
    record = street.make(street.shop, "shop", "1.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    page = desk.get(f"/desk/records/{record.id}").text
    assert "积分已冲正" in page
    assert "第 1 笔" in page
    assert "第 2 笔" in page


def test_a_veto_is_shown_in_words(street, desk):
    record = street.make(street.shop, "shop", "3.5")
    assert "一票否决，停评" in desk.get(f"/desk/records/{record.id}").text
    assert "停评" in desk.get("/desk/records").text


def test_a_record_that_does_not_exist_is_not_found(desk):
    assert desk.get("/desk/records/999999").status_code == 404


def test_what_people_write_is_shown_as_text(street, desk):
    record = street.make(street.shop, "shop", "2.1", note="<script>alert(1)</script>")
    page = desk.get(f"/desk/records/{record.id}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


# Photos ---------------------------------------------------------------------------------------------------------------


def test_the_detail_shows_its_photos_small_and_leads_to_the_large_ones(street, desk, store):
    sha256 = keep(store)
    record = street.make(street.shop, "shop", "1.6", photos=[sha256])

    assert f"/photos/{sha256}?size=thumb" in desk.get(f"/desk/records/{record.id}").text
    large, small = desk.get(f"/photos/{sha256}"), desk.get(f"/photos/{sha256}?size=thumb")
    assert Image.open(io.BytesIO(large.data)).size == (1280, 960)
    assert Image.open(io.BytesIO(small.data)).size == (320, 240)
    assert large.mimetype == "image/jpeg"
    assert large.headers["X-Content-Type-Options"] == "nosniff"


def test_a_photo_is_kept_by_the_browser_that_saw_it_and_by_no_proxy(street, desk, store):
    sha256 = keep(store)
    street.make(street.shop, "shop", "1.6", photos=[sha256])
    answer = desk.get(f"/photos/{sha256}")
    kept = answer.headers["Cache-Control"]
    assert "private" in kept
    assert "public" not in kept
    assert "immutable" in kept
    assert "max-age=31536000" in kept
    assert desk.get(f"/photos/{sha256}", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_a_photo_is_not_shown_to_another_community(street, next_door, store):
    sha256 = keep(store)
    street.make(street.shop, "shop", "1.6", photos=[sha256])
    assert next_door.get(f"/photos/{sha256}").status_code == 404


def test_a_photo_in_the_store_that_no_record_holds_is_shown_to_nobody(street, desk, store):
    assert desk.get(f"/photos/{keep(store)}").status_code == 404


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fsecret.key", "%2e%2e", "A" * 64, "x", "%00"])
def test_a_name_that_is_no_photo_is_not_found(desk, name):
    assert desk.get(f"/photos/{name}").status_code == 404


def test_a_photo_whose_file_is_gone_is_not_found(street, desk):
    street.make(street.shop, "shop", "1.6", photos=["c" * 64])
    assert desk.get(f"/photos/{'c' * 64}").status_code == 404


def test_an_inspector_sees_the_photos_of_the_places_they_walk(client, street, store):
    sha256 = keep(store)
    street.make(street.shop, "shop", "1.6", photos=[sha256])
    sign_in(client, make_user(post="inspector", area=street.tree.community))
    assert client.get(f"/photos/{sha256}").status_code == 200


def test_a_photo_that_was_used_before_is_flagged_on_both_records_and_not_refused(street, desk, store):
    sha256 = keep(store)
    first = street.make(street.shop, "shop", "1.6", photos=[sha256])
    other_shop = make_shop(area=street.tree.micro_grid, name="另一家店")
    second = street.make(other_shop, "shop", "1.6", photos=[sha256])

    for record, other in ((first, second), (second, first)):
        page = desk.get(f"/desk/records/{record.id}").text
        assert "照片在别的记实里也用过" in page
        assert f"/desk/records/{other.id}" in page
    assert desk.get("/desk/records").text.count("照片用过") == 2


def test_a_flag_names_a_record_next_door_without_leading_there(street, desk, store):
    sha256 = keep(store)
    record = street.make(street.shop, "shop", "1.6", photos=[sha256])
    neighbour = make_community(street=street.tree.street, name="新民社区")
    shop = make_shop(area=neighbour.micro_grid)
    colleague = make_user(post="grid_worker", area=street.tree.street)
    street.schemes["county"] = street.schemes["shop"]
    street.schemes["shop"].area = street.tree.street
    db.session.flush()
    other = street.make(
        shop, "county", "1.6", photos=[sha256], actor=actor_of(colleague, "grid_worker", street.tree.street.path)
    )

    page = desk.get(f"/desk/records/{record.id}").text
    assert f"第 {other.id} 条（别的社区）" in page
    assert f"/desk/records/{other.id}" not in page


def test_a_household_sees_the_photos_of_its_own_records_only(street):
    mine, theirs = "a" * 64, "b" * 64
    street.make(street.household, "household", "4.4", photos=[mine])
    street.make(street.shop, "shop", "1.6", photos=[theirs])
    assert queries.photo_visible_to_household(mine, street.household.id)
    assert not queries.photo_visible_to_household(theirs, street.household.id)


def test_someone_who_left_their_post_sees_no_photo(client, street, store):
    sha256 = keep(store)
    street.make(street.shop, "shop", "1.6", photos=[sha256])
    person = make_person(area=street.tree.community)
    user = make_user(post=None, person=person)
    make_appointment(
        person=person, post="secretary", area=street.tree.community, ends_on=clock.today() - timedelta(days=1)
    )
    sign_in(client, user)
    assert client.get(f"/photos/{sha256}").status_code == 404
