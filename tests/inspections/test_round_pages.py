"""Pages of the monthly yard inspection: the phone, the desk, paper, and a head's results."""

from __future__ import annotations

import io
import re

import pytest

from tests.factories import make_appointment, make_community, make_courtyard, make_person, make_user
from tests.inspections.conftest import Yards
from tests.inspections.tools import photo, text_of
from tests.personas import sign_in, sign_in_resident
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.extensions import db
from webapp.inspections.models import Round, RoundSheet
from webapp.inspections.queries import rounds as queries
from webapp.places.models import Courtyard
from webapp.records.models import Record
from webapp.users.models import User


@pytest.fixture
def ids(yards: Yards) -> tuple[int, list[int]]:
    """The round, and its courtyards."""
    return yards.round.id, [courtyard.id for courtyard in yards.courtyards]


@pytest.fixture
def phone(client, yards, ids):
    return sign_in(client, db.session.get(User, yards.street.inspector.user_id))


def marks(lost: int = 0, **more):
    given = {f"mark_{n}": full for n, full in enumerate((20, 20, 20, 10, 10, 20))}
    return {**given, "mark_0": 20 - 4 * lost, "seen": 0, "note": "", "_once": clock.now().isoformat(), **more}


def mark_all(phone, ids) -> None:
    for lost, courtyard in enumerate(ids[1]):
        photos = [(io.BytesIO(photo()), "a.jpg")] if lost else []
        sent = marks(lost, photos=photos, _once=str(courtyard))
        assert phone.post(f"/phone/rounds/{ids[0]}/{courtyard}", data=sent).status_code == 303


def sheets() -> list[RoundSheet]:
    db.session.rollback()
    return list(db.session.scalars(db.select(RoundSheet).order_by(RoundSheet.courtyard_id, RoundSheet.version)))


# The phone ------------------------------------------------------------------------------------------------------------


def test_the_route_names_the_next_courtyard_and_how_far_one_is(phone, ids):
    page = text_of(phone.get("/phone/rounds"))
    assert "下一个院" in page
    assert "0 / 5 个院" in page
    assert "还没查 5" in page
    done = phone.post(f"/phone/rounds/{ids[0]}/{ids[1][0]}", data=marks(), follow_redirects=True)
    assert "已打 100 分" in text_of(done)
    assert "1 / 5 个院" in text_of(done)
    assert "100 分" in text_of(phone.get("/phone/rounds?state=scored"))


def test_my_day_leads_to_the_route_and_counts_what_is_left(phone, ids):
    page = text_of(phone.get("/phone/"))
    assert 'href="/phone/rounds"' in page
    assert "5 个院" in page


def test_without_an_open_round_the_phone_says_so(client, yards):
    other = make_community(name="东关社区", street=yards.street.tree.street)
    sign_in(client, make_user(post="grid_worker", area=other.community))
    assert "现在没有正在进行的大检查" in text_of(client.get("/phone/rounds"))


def test_a_scanned_courtyard_offers_its_sheet_while_a_round_is_open(phone, ids, yards):
    address = f"/phone/rounds/{ids[0]}/{ids[1][0]}"
    page = text_of(phone.get(f"/phone/score/{ids[1][0]}"))
    assert f'href="{address}"' in page
    assert "卫生大检查：给这个院打分" in page
    phone.post(address, data=marks())
    assert "卫生大检查已打 100 分，改一改" in text_of(phone.get(f"/phone/score/{ids[1][0]}"))
    assert "卫生大检查" not in text_of(phone.get(f"/phone/score/{yards.street.shop.id}"))


def test_each_item_is_a_row_of_buttons_and_what_was_marked_is_there_again(phone, ids):
    address = f"/phone/rounds/{ids[0]}/{ids[1][0]}"
    page = text_of(phone.get(address))
    assert page.count('type="radio" ') + page.count('type="radio"\n') >= 6 * 5
    assert "checked" not in page
    phone.post(address, data=marks(1, photos=[(io.BytesIO(photo()), "a.jpg")], note="门口有纸箱"))
    again = text_of(phone.get(address))
    assert re.search(r'name="mark_0"\s+value="16"\s+data-mark="160" checked', again)
    assert "已有 1 张，不重拍就留着" in again
    assert 'value="门口有纸箱"' in again


def test_a_sheet_sent_twice_counts_once(phone, ids):
    first, second = (phone.post(f"/phone/rounds/{ids[0]}/{ids[1][0]}", data=marks()) for _ in range(2))
    assert first.location == second.location
    assert len(sheets()) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"mark_0": 21}, "满分 20 分，不能打 21 分"),
        ({"mark_0": "10"}, "每 4 分一档，不能打 10 分"),
        ({"mark_0": "0.5"}, "不能打 0.5 分"),
        ({"mark_0": ""}, "「院内地面」还没有打分"),
        ({"mark_0": "很好"}, "分值请填数字"),
        ({"mark_0": "\0"}, "分值请填数字"),
        ({"mark_0": 16}, "扣了分的要拍照片"),
        ({"note": "好" * 201}, "最多 200 个字"),
    ],
)
def test_what_cannot_be_comes_back_with_everything_that_was_given(phone, ids, more, words):
    answer = phone.post(f"/phone/rounds/{ids[0]}/{ids[1][0]}", data=marks(**more))
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert re.search(r'name="mark_5"\s+value="20"\s+data-mark="200" checked', text_of(answer))
    assert sheets() == []


def test_a_colleague_who_was_faster_is_shown_and_may_be_corrected_on_purpose(client, phone, ids, yards):
    address = f"/phone/rounds/{ids[0]}/{ids[1][0]}"
    phone.post(address, data=marks())
    sign_in(client, make_user(post="inspector", area=yards.street.tree.community, name="孙志强"))
    told = client.post(address, data=marks(1, photos=[(io.BytesIO(photo()), "a.jpg")], _once="second"))
    assert told.status_code == 422
    assert "别人已经记了这个院" in text_of(told)
    assert "李*梅 网格员" in text_of(told)
    assert 'name="seen" value="1"' in text_of(told)
    assert re.search(r'name="mark_0"\s+value="16"\s+data-mark="160" checked', text_of(told))
    done = client.post(address, data=marks(1, seen=1, photos=[(io.BytesIO(photo()), "a.jpg")], _once="third"))
    assert done.status_code == 303
    assert [sheet.score for sheet in sheets()] == [1000, 960]


def test_a_locked_courtyard_is_noted_with_a_reason(phone, ids):
    address = f"/phone/rounds/{ids[0]}/{ids[1][0]}/shut"
    nothing = phone.post(address, data={"seen": 0})
    assert nothing.status_code == 422
    assert "为什么进不去" in text_of(nothing)
    done = phone.post(address, data={"seen": 0, "reason": "院门锁着"}, follow_redirects=True)
    assert "算没有查到" in text_of(done)
    assert "院门锁着" in text_of(phone.get("/phone/rounds?state=shut"))


def test_ones_own_courtyard_shows_why_not(phone, ids, yards):
    make_appointment(person=yards.street.person, post="courtyard_head", courtyard=db.session.get(Courtyard, ids[1][0]))
    page = text_of(phone.get(f"/phone/rounds/{ids[0]}/{ids[1][0]}"))
    assert "请同事来查" in page
    assert 'type="radio"' not in page
    assert phone.post(f"/phone/rounds/{ids[0]}/{ids[1][0]}", data=marks()).status_code == 403


def test_a_courtyard_or_a_round_that_is_not_there_is_not_found(phone, ids, yards):
    late = make_courtyard(area=yards.street.tree.micro_grid)
    db.session.commit()
    for address in (
        f"/phone/rounds/{ids[0]}/{late.id}",
        f"/phone/rounds/9999/{ids[1][0]}",
        f"/phone/rounds/{ids[0]}/9999",
    ):
        assert phone.get(address).status_code == 404
        assert phone.post(address, data=marks()).status_code == 404


def test_ones_own_grid_comes_first_on_the_route(client, yards, ids):
    other = make_courtyard(area=yards.street.tree.grids[1], name="别的网格的院")
    worker = make_user(post="inspector", area=yards.street.tree.community)
    desk = sign_in(client, yards.secretary_user)
    desk.post(f"/desk/rounds/{ids[0]}/abandon", data={"reason": "重来"})
    desk.post("/desk/rounds/new", data={"community": yards.street.tree.community.id, "month": yards.round.month})
    db.session.rollback()
    new = db.session.scalars(db.select(Round.id).where(Round.state == "open")).one()
    desk.post(f"/desk/rounds/{new}/duties", data={f"grid-{yards.street.tree.grids[1].id}": worker.id})
    sign_in(client, worker)
    page = text_of(client.get("/phone/rounds"))
    assert "分给我的 1" in page
    assert f"/phone/rounds/{new}/{other.id}" in page
    assert f'/phone/rounds/{new}/{ids[1][0]}"' not in page
    assert f'/phone/rounds/{new}/{ids[1][0]}"' in text_of(client.get("/phone/rounds?whose=all"))


# The desk -------------------------------------------------------------------------------------------------------------


def test_a_round_is_begun_watched_ended_and_its_result_hangs_out(client, phone, ids, yards):
    mark_all(phone, ids)
    desk = sign_in(client, yards.secretary_user)
    page = text_of(desk.get(f"/desk/rounds/{ids[0]}"))
    assert "100%" in page
    assert "李*梅 网格员" in page
    assert "现在结束吗" in text_of(desk.get(f"/desk/rounds/{ids[0]}/close"))
    assert desk.post(f"/desk/rounds/{ids[0]}/close").location.endswith("/closing")
    assert "正在把积分记入台账：0 / 5" in text_of(desk.get(f"/desk/rounds/{ids[0]}/closing"))
    for _ in range(3):
        answer = desk.post(f"/desk/rounds/{ids[0]}/closing")
    assert answer.location.endswith(f"/desk/rounds/{ids[0]}")
    result = text_of(desk.get(f"/desk/rounds/{ids[0]}"))
    assert "小院（4 户以下）" in result
    assert result.count("记实第 ") == 5
    sheet = text_of(desk.get(f"/desk/rounds/{ids[0]}/result-sheet"))
    assert "书记：" in sheet
    assert "第 1～3 名 +10 分" in sheet
    book = desk.post(f"/desk/rounds/{ids[0]}/excel")
    assert book.data[:2] == b"PK"
    assert desk.post(f"/desk/rounds/{ids[0]}/close").status_code == 409
    assert len(records()) == 5


def records() -> list[Record]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Record)))


def test_too_little_coverage_is_refused_in_words_and_the_round_may_be_abandoned(desk, ids):
    assert "还不能排名" in text_of(desk.get(f"/desk/rounds/{ids[0]}/close"))
    refused = desk.post(f"/desk/rounds/{ids[0]}/close")
    assert refused.status_code == 409
    assert "5 个院查了 0 个（0%）" in text_of(refused)
    assert desk.post(f"/desk/rounds/{ids[0]}/abandon", data={"reason": ""}).status_code == 409
    done = desk.post(f"/desk/rounds/{ids[0]}/abandon", data={"reason": "两天大雨"}, follow_redirects=True)
    assert "原因：两天大雨" in text_of(done)
    assert "已作废" in text_of(desk.get("/desk/rounds"))
    assert records() == []


def test_a_second_round_of_the_month_is_refused_in_words(desk, yards):
    answer = desk.post(
        "/desk/rounds/new", data={"community": yards.street.tree.community.id, "month": yards.round.month}
    )
    assert answer.status_code == 409
    assert "已经有一轮正在检查" in text_of(answer)


def test_the_list_narrows_to_what_is_left_and_to_a_grid(desk, ids, yards):
    grid = yards.street.tree.grid.id
    page = text_of(desk.get(f"/desk/rounds/{ids[0]}?state=scored&grid={grid}"))
    assert "没有这样的院落" in page
    headers = {"HX-Request": "true"}
    assert "<html" not in text_of(desk.get(f"/desk/rounds/{ids[0]}?state=waiting", headers=headers))


def test_the_route_sheet_has_empty_boxes_for_each_courtyard(desk, ids):
    page = text_of(desk.get(f"/desk/rounds/{ids[0]}/route-sheet"))
    assert page.count("<tr><td>") == 5
    assert "院内地面<br>满分 20" in page


def test_a_paper_round_is_typed_in_courtyard_after_courtyard(client, yards, ids):
    clerk = sign_in(client, make_user(post="clerk", area=yards.street.tree.community))
    route = [one.id for one in queries.stands(ids[0])]
    walker, address = yards.street.inspector.user_id, f"/desk/rounds/{ids[0]}/{route[0]}/enter"
    nobody = clerk.post(address, data=marks(inspector=0, outcome=""))
    assert nobody.status_code == 422
    assert "请选是谁查的" in text_of(nobody)
    done = clerk.post(address, data=marks(2, inspector=walker, outcome="", _once="b"))
    assert done.location.endswith(f"/desk/rounds/{ids[0]}/{route[1]}/enter?inspector={walker}")
    clerk.post(f"/desk/rounds/{ids[0]}/{route[1]}/enter", data={"seen": 0, "inspector": walker, "outcome": "院门锁着"})
    page = text_of(clerk.get(f"/desk/rounds/{ids[0]}/{route[0]}"))
    assert "补录" in page
    assert "李*梅 网格员" in page
    assert {sheet.courtyard_id: sheet.score for sheet in sheets()} == {route[0]: 920, route[1]: None}


def test_what_was_changed_stays_readable_with_its_photos(client, phone, ids, yards):
    address = f"/phone/rounds/{ids[0]}/{ids[1][0]}"
    phone.post(address, data=marks())
    phone.post(address, data=marks(1, seen=1, photos=[(io.BytesIO(photo()), "a.jpg")], _once="b"))
    (name,) = sheets()[-1].photo_names
    assert phone.get(f"/phone/rounds/photos/{name}").status_code == 200
    assert phone.get(f"/phone/rounds/photos/{'0' * 64}").status_code == 404
    desk = sign_in(client, yards.secretary_user)
    page = text_of(desk.get(f"/desk/rounds/{ids[0]}/{ids[1][0]}"))
    assert "算这次" in page
    assert page.count("2026") >= 2
    assert desk.get(f"/desk/rounds/photos/{name}").status_code == 200
    said = [line.action for line in db.session.scalars(db.select(AuditLine).where(AuditLine.action == "round:scored"))]
    assert len(said) == 2


@pytest.mark.parametrize(
    "path",
    ["", "/close", "/abandon", "/duties", "/route-sheet", "/result-sheet", "/closing", "/{yard}", "/{yard}/enter"],
)
def test_a_round_of_another_community_is_not_found(client, yards, ids, path):
    other = make_community(name="东关社区", street=yards.street.tree.street)
    stranger = sign_in(client, make_user(post="secretary", area=other.community))
    assert stranger.get(f"/desk/rounds/{ids[0]}{path.format(yard=ids[1][0])}").status_code == 404


def test_a_grid_worker_reads_the_round_but_does_not_end_it(phone, ids):
    assert phone.get(f"/desk/rounds/{ids[0]}").status_code == 200
    assert phone.get(f"/desk/rounds/{ids[0]}/close").status_code == 403
    assert phone.post(f"/desk/rounds/{ids[0]}/close").status_code == 403


# A courtyard's head ---------------------------------------------------------------------------------------------------


def test_a_head_reads_the_own_courtyards_marks_rank_and_points(client, phone, ids, yards):
    home = yards.street.household
    head = make_person(household=home)
    make_appointment(person=head, post="courtyard_head", courtyard=db.session.get(Courtyard, ids[1][0]))
    mark_all(phone, ids)
    desk = sign_in(client, yards.secretary_user)
    desk.post(f"/desk/rounds/{ids[0]}/close")
    for _ in range(3):
        desk.post(f"/desk/rounds/{ids[0]}/closing")
    shown = {name for sheet in sheets() for name in sheet.photo_names}
    sign_in_resident(client, home)
    page = text_of(client.get("/home/rounds"))
    assert "第 <b>1</b> 名" in page
    assert "20 / 20" in page
    assert "5 个院一起排" in page
    assert "卫生大检查" in text_of(client.get("/home/"))
    assert {client.get(f"/home/rounds/photos/{name}").status_code for name in shown} == {404}


def test_a_household_without_a_head_finds_no_results(client, yards):
    sign_in_resident(client, yards.street.household)
    assert client.get("/home/rounds").status_code == 404


def test_every_item_without_a_mark_says_so_at_once(phone, ids):
    sent = {name: value for name, value in marks(note="门口有纸箱").items() if name not in ("mark_1", "mark_3")}
    answer = phone.post(f"/phone/rounds/{ids[0]}/{ids[1][0]}", data=sent)
    assert answer.status_code == 422
    page = text_of(answer)
    assert 'id="mark_1-error"' in page
    assert 'id="mark_3-error"' in page
    assert 'id="mark_0-error"' not in page
    assert 'value="门口有纸箱"' in page


def test_a_league_with_too_few_courtyards_is_told_before_the_end_and_at_home(app, client, make):
    yards = make(2)
    head = make_person(household=yards.street.household)
    make_appointment(person=head, post="courtyard_head", courtyard=yards.courtyards[0])
    for courtyard in yards.courtyards:
        yards.score(courtyard)
    few = "这一组只查到 2 个院，不到 3 个，只排名、不计分"
    desk = sign_in(client, yards.secretary_user)
    assert few in text_of(desk.get(f"/desk/rounds/{yards.round.id}/close"))
    yards.close()
    db.session.commit()
    assert few in text_of(desk.get(f"/desk/rounds/{yards.round.id}"))
    assert few in text_of(desk.get(f"/desk/rounds/{yards.round.id}/result-sheet"))
    home = sign_in_resident(app.test_client(), yards.street.household)
    assert few in text_of(home.get("/home/rounds"))
    assert db.session.scalars(db.select(Record)).all() == []
