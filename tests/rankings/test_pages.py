"""Rankings at the desk, on paper and on a household's phone, through the client."""

from __future__ import annotations

import io
import re

import pytest
from python_calamine import CalamineWorkbook

from tests.conftest import Browser
from tests.factories import make_appointment, make_community, make_courtyard, make_household, make_person, make_user
from tests.personas import sign_in, sign_in_resident
from tests.rankings.conftest import at
from tests.records.conftest import actor_of
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Invalid, NotAllowed
from webapp.extensions import db
from webapp.qrcodes.queries import active_code
from webapp.qrcodes.service import make_missing
from webapp.rankings import queries, service
from webapp.rankings.queries import Terms

DESK = "/desk/rankings"


@pytest.fixture
def secretary(town):
    return make_user(post="secretary", area=town.tree.community)


@pytest.fixture
def desk(client, secretary):
    return sign_in(client, secretary)


@pytest.fixture
def scan(client, town):
    """What a passer-by reads of a courtyard's place: (title, place, with whom it is compared)."""

    def read(yard):
        make_missing(holder_ids=[yard.id], actor=SYSTEM, now=at())
        page = client.get(f"/q/{active_code(yard.id).token}").text
        return re.findall(r"<span>([^<]*排行)</span><b>([^<]*)</b>\s*(?:<small>([^<]*)</small>)?", page)

    return read


def phone_of(app, household):
    app.test_client_class = Browser
    return sign_in_resident(app.test_client(), household)


def test_staff_see_how_it_stands_now_with_the_mark_that_it_is_not_published(town, desk):
    town.give(town.liu, 5)
    page = desk.get(DESK).text
    assert "未公示" in page
    assert "文林路3号院" in page
    town.freeze(202611)
    frozen = desk.get(f"{DESK}?month=202611").text
    assert "已公示" in frozen
    assert "打印 A3" in frozen


def test_live_figures_begin_where_the_last_publication_ended(town, desk):
    town.give(town.liu, 5)
    town.freeze(202611)
    assert "2026 年 12 月（未公示）" in desk.get(DESK).text
    town.give(town.liu, 2)
    live = queries.figures(town.id, town.homes.id, 202612, Terms(), "month")["month"]
    assert {one.name: (one.points, one.previous) for one in live} == {"刘*梅家": (20, 50)}
    quarter = queries.figures(town.id, town.homes.id, 202612, Terms(), "quarter")["quarter"]
    assert [one.points for one in quarter] == [70]


def test_of_one_grid_only_its_holders_are_placed(town, desk):
    town.give(town.liu, 5)
    town.give(town.chen, 8)
    grid = town.tree.grids[0]
    for month in ("", "202611"):
        page = desk.get(f"{DESK}?scheme={town.homes.id}&grid={grid.id}&month={month}").text
        assert "刘*梅家" in page
        assert "陈*新家" not in page
        if not month:
            town.freeze(202611)


def test_the_sheet_has_a_heading_for_each_league_and_names_nobody_below_zero(town, desk):
    for household, points in ((town.liu, 5), (town.wang, -3)):
        town.give(household, points)
    town.freeze(202611)
    homes = desk.get(f"{DESK}/sheet?scheme={town.homes.id}&month=202611&size=a3").text
    assert "刘*梅家" in homes
    assert "王*二家" not in homes
    assert "不写名字" in homes
    yards = desk.get(f"{DESK}/sheet?scheme={town.yards.id}&month=202611").text
    assert "小院（3 户以内），共 1 名" in yards


def test_a_month_that_is_not_published_is_not_printed_for_the_wall(town, desk):
    town.give(town.liu, 5)
    assert desk.get(f"{DESK}/sheet").status_code == 404


def test_the_excel_file_lists_what_the_page_lists(town, desk):
    town.give(town.liu, 5)
    town.give(town.big, 3)
    answer = desk.get(f"{DESK}/excel?scheme={town.yards.id}")
    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_name("排行").to_python()
    assert rows[1][:7] == ["小院（3 户以内）", 1, "文林路3号院", "红色网格 · 一片区", 8, 3, 5]


def test_an_empty_community_says_so(town, desk):
    assert "还没有可以排的" in desk.get(DESK).text
    assert "没有比上一期进步的" in desk.get(f"{DESK}?improved=1").text


def test_another_communitys_rankings_are_not_found(town, desk):
    other = make_community(street=town.tree.street, name="东关社区")
    db.session.commit()
    assert desk.get(f"{DESK}?community={other.community.id}").status_code == 404
    assert desk.get(f"{DESK}/{other.community.id}/settings").status_code == 404


# What a community decides ---------------------------------------------------------------------------------------------


def test_the_secretary_decides_about_names_and_leagues_and_it_is_in_the_audit_log(town, desk):
    sent = {"minus_names": "yes", "small_to": "1", "large_from": "6", "shops_by": "grid"}
    assert desk.post(f"{DESK}/{town.id}/settings", data=sent).status_code == 303
    assert queries.terms(town.id) == Terms(True, 1, 6, "grid")
    line = db.session.scalars(db.select(AuditLine).where(AuditLine.action == "ranking:decided")).one()
    assert '"minus_names": true' in line.detail.replace('":true', '": true')


def test_leagues_that_can_not_be_are_refused_and_what_was_typed_stays(town, desk):
    sent = {"minus_names": "no", "small_to": "8", "large_from": "9", "shops_by": "trade"}
    answer = desk.post(f"{DESK}/{town.id}/settings", data=sent)
    assert answer.status_code == 422
    assert "大院至少要比小院多两户" in answer.text
    assert 'value="8"' in answer.text


def test_only_the_secretary_decides(town, client):
    worker = make_user(post="grid_worker", area=town.tree.community)
    assert sign_in(client, worker).get(f"{DESK}/{town.id}/settings").status_code == 403
    actor = actor_of(worker, "grid_worker", town.tree.community.path)
    with pytest.raises(NotAllowed):
        service.decide(actor=actor, community=town.tree.community, terms=Terms(), now=at())


def test_what_is_decided_holds_from_the_next_publication_on(town, secretary):
    actor = actor_of(secretary, "secretary", town.tree.community.path)
    town.give(town.liu, 5)
    town.freeze(202611)
    given = {"actor": actor, "community": town.tree.community, "now": at()}
    with pytest.raises(Invalid, match="1 以上"):
        service.decide(terms=Terms(small_to=0), **given)
    service.decide(terms=replace_terms(small_to=1, minus_names=True), **given)
    town.freeze(202612, minus_names=True)
    assert [one.league for one in town.frozen(town.yards, 202611)] == ["小院（3 户以内）"]
    assert [one.league for one in town.frozen(town.yards, 202612)] == ["中院（2 到 8 户）"]
    assert [queries.of_month(town.id, month).minus_names for month in (202611, 202612)] == [False, True]


def replace_terms(**changed) -> Terms:
    return Terms()._replace(**changed)


def test_shops_are_compared_by_trade_by_grid_or_all_together(town, shop):
    for number in range(3):
        town.give(shop(f"饭店{number}", "餐饮"), 5)
    town.give(shop("老王五金店"), 5)

    def leagues(by: str) -> list[str]:
        found = queries.figures(town.id, town.shops.id, 202611, Terms(shops_by=by), "month")["month"]
        return sorted({one.league for one in found})

    assert leagues("trade") == ["其他行业", "餐饮"]
    assert leagues("grid") == ["红色网格"]
    assert leagues("none") == ["全部商铺"]


# Phones ---------------------------------------------------------------------------------------------------------------


def test_a_household_reads_its_own_place_and_its_courtyards(app, town):
    town.give(town.liu, 5)
    town.give(town.chen, 8)
    town.freeze(202611)
    phone = phone_of(app, town.liu)
    yards = phone.get("/home/rankings").text
    assert "您的院落第 2 名，共 2 个院落" in yards
    assert "住户汇总 5 分" in yards
    assert "您家第 2 名，共 2 户" in phone.get(f"/home/rankings?scheme={town.homes.id}").text


def test_a_head_reads_the_place_of_each_courtyard_it_heads(app, town):
    head = make_person(household=town.liu)
    make_appointment(person=head, post="courtyard_head", area=town.tree.micro_grid, courtyard=town.small)
    town.give(town.liu, 5)
    town.give(town.chen, 8)
    town.freeze(202611)
    page = phone_of(app, town.liu).get("/home/rankings").text
    assert "文林路12号院第 1 名" in page
    assert "您的院落第 2 名" in page


def test_before_the_first_publication_the_phone_says_so(app, town):
    town.give(town.liu, 5)
    assert "还没有公示过排行" in phone_of(app, town.liu).get("/home/rankings").text


def test_a_courtyards_plate_names_its_place_of_the_newest_published_month_in_its_league(town, scan):
    town.give(town.liu, 5)
    town.give(town.chen, 8)
    town.freeze(202610)
    town.give(town.liu, 100)

    assert scan(town.big) == [("10 月排行", "第 2 名", "小院（3 户以内）")]
    assert scan(town.small) == [("10 月排行", "第 1 名", "小院（3 户以内）")]
    town.freeze(202611)
    assert scan(town.big) == [("11 月排行", "第 1 名", "小院（3 户以内）")]


def test_a_plate_says_plainly_that_nothing_is_published_of_its_courtyard_yet(town, scan):
    town.give(town.liu, 5)
    assert scan(town.big) == [("积分排行", "—", "公示后就有名次")]
    town.freeze(202610)
    later = make_courtyard(area=town.tree.micro_grid, name="新盖的院子")
    town.give(make_household(courtyard=later), 500)

    assert scan(later) == [("积分排行", "—", "公示后就有名次")]
    town.freeze(202611)
    assert scan(later) == [("11 月排行", "第 1 名", "小院（3 户以内）")]


def test_a_ranking_never_reads_the_entries_of_the_book(app, town, queries_sent):
    town.give(town.liu, 5)
    town.freeze(202611)
    phone = phone_of(app, town.liu)
    queries_sent.clear()
    phone.get("/home/rankings?period=year")
    queries.figures(town.id, town.homes.id, 202612, Terms())
    assert [one for one in queries_sent if " entry" in one] == []
    assert len(queries_sent) > 3
    assert clock.month_of(at()) == 202611
