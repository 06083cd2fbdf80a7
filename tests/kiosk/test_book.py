"""What residents see of their own book, and nobody else's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.kiosk.conftest import frozen, record
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.kiosk.queries import balance, visit_of
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import last_entries
from webapp.qrcodes.service import make_missing
from webapp.rankings.models import Ranking
from webapp.records.models import Record, RecordPhoto


def waiting_record():
    return db.session.scalars(select(Record).where(Record.state == "waiting")).one()


def photo_of_household():
    return db.session.scalar(select(RecordPhoto.hash))


def test_the_balance_says_what_can_be_spent_what_is_held_and_what_waits(kiosk, visiting):
    ledger.hold(
        account_id=kiosk.account.id, amount=Points.whole(20), cause=Cause("voucher", 1), reason="x", now=clock.now()
    )

    page = visiting.get("/kiosk/balance").text

    assert '<p class="balance">108<small> 分</small></p>' in page
    assert "占用 20 分" in page
    assert "等审核 +6 分" in page


def test_the_last_lines_hold_posted_and_waiting_ones_each_with_its_why(kiosk, visiting):
    page = visiting.get("/kiosk/balance").text

    for words in ("参加志愿活动", "门前屋后干净", "提的建议被采纳", "等审核", "有照片"):
        assert words in page
    assert page.count("有照片") == 1
    assert page.count(">为什么<") == 3
    assert f"/kiosk/why/record/{waiting_record().id}" in page


def test_a_household_without_points_is_told_how_to_earn_them(kiosk, at_kiosk):
    newcomer = factories.make_household(courtyard=kiosk.yard, number="03-12-09", name="新来的")
    make_missing(holder_ids=[newcomer.id], actor=SYSTEM, now=clock.now())
    kiosk.show_card(at_kiosk, newcomer)

    page = at_kiosk.get("/kiosk/balance").text

    assert "还没有积分" in page
    assert "看看怎么得积分" in page
    assert "月排行" not in page
    assert at_kiosk.get("/kiosk/months/202611").status_code == 200


def test_a_locked_account_says_so(kiosk, visiting):
    ledger.lock(account_id=kiosk.account.id, cause=Cause("veto", 1), reason="一票否决", now=clock.now())

    assert "积分暂时冻结" in visiting.get("/kiosk/balance").text
    assert "积分暂时冻结" in visiting.get("/kiosk/redeem").text


RANKED = re.compile(r"<span>(\d+ 月排行)</span><b>(第 \d+)<")


def ranked(at_kiosk):
    """What the card says of the household's place, if it says something."""
    return RANKED.findall(at_kiosk.get("/kiosk/balance").text)


def test_the_balance_names_the_place_of_the_newest_published_month_and_keeps_it(kiosk, at_kiosk):
    frozen(kiosk, 202609)
    kiosk.show_card(at_kiosk, kiosk.neighbour)
    assert ranked(at_kiosk) == [("9 月排行", "第 2")]

    factories.give_points(kiosk.neighbour, kiosk.scheme, 500)
    assert ranked(at_kiosk) == [("9 月排行", "第 2")]
    frozen(kiosk, 202610)
    assert ranked(at_kiosk) == [("10 月排行", "第 1")]


def test_before_the_first_publication_the_balance_names_no_place(kiosk, visiting):
    other = factories.make_community(name="桥西社区", street=kiosk.tree.street)
    factories.give_points(factories.make_household(area=other.micro_grid), kiosk.scheme, 5)
    frozen(kiosk, community=other.community)
    counted = {"month": 202608, "digest": "", "frozen_at": clock.now()}  # where counting began: nothing was published
    db.session.add(Ranking(community_id=kiosk.tree.community.id, **counted))
    db.session.add(Ranking(community_id=kiosk.tree.community.id, month=202609))  # still being frozen
    db.session.commit()

    page = visiting.get("/kiosk/balance").text
    assert "排行" not in page
    assert "今年" in page


def test_a_household_that_joined_after_the_publication_reads_no_place_before_the_next(kiosk, at_kiosk):
    frozen(kiosk, 202609)
    newcomer = factories.make_household(courtyard=kiosk.yard, number="03-12-09", name="新来的")
    make_missing(holder_ids=[newcomer.id], actor=SYSTEM, now=clock.now())
    factories.give_points(newcomer, kiosk.scheme, 500)
    kiosk.show_card(at_kiosk, newcomer)
    assert ranked(at_kiosk) == []

    frozen(kiosk, 202610)
    assert ranked(at_kiosk) == [("10 月排行", "第 1")]


def test_the_place_is_the_households_own_not_its_courtyards(kiosk, visiting):
    """One neighbour elsewhere has more than this household, but less than its courtyard."""
    yard = factories.make_courtyard(area=kiosk.tree.micro_grid, name="3 排 13 号院")
    factories.give_points(factories.make_household(courtyard=yard), kiosk.scheme, 135)
    frozen(kiosk, 202610)

    assert ranked(visiting) == [("10 月排行", "第 2")]
    assert "您的院落第 1 名" in visiting.get("/kiosk/rankings").text


@pytest.mark.parametrize("published", [False, True])
def test_the_balance_page_asks_the_database_five_times(kiosk, visiting, queries_sent, published):
    if published:
        frozen(kiosk)
    queries_sent.clear()
    visiting.get("/kiosk/balance")

    assert len(queries_sent) == 5, queries_sent
    assert not any("count(" in text for text in queries_sent)
    assert not any("SELECT slip" in text or "audit" in text for text in queries_sent)


def test_a_rendered_balance_sets_no_cookie_but_the_visits(kiosk, visiting):
    visiting.get("/kiosk/balance")

    cookies = visiting.get("/kiosk/balance").headers.getlist("Set-Cookie")

    assert [cookie.split("=")[0] for cookie in cookies] == ["visit"]


def test_why_names_rule_version_place_recorder_photo_and_check_code(kiosk, visiting):
    line = last_entries(kiosk.account.id, 1)[0]

    page = visiting.get(f"/kiosk/why/{line.seq}").text

    for words in (
        "门前屋后干净",
        "第 1 版",
        "片区",
        "系统",
        "记下就入账",
        "地面很干净",
        line.check_code,
        "余额 128 分",
    ):
        assert words in page
    assert f"/kiosk/photos/{photo_of_household()}" in page


def test_why_a_waiting_line_stands_there(kiosk, visiting):
    page = visiting.get(f"/kiosk/why/record/{waiting_record().id}").text

    for words in ("提的建议被采纳", "等审核", "还没有审核", "路灯报修"):
        assert words in page


def test_a_line_and_its_reversal_point_at_each_other(kiosk, visiting):
    line = last_entries(kiosk.account.id, 1)[0]
    ledger.reverse(entry=line, cause=Cause("undo", 1), reason="记错了一户", actor=SYSTEM, now=clock.now())

    before = visiting.get(f"/kiosk/why/{line.seq}").text
    assert "已冲正" in before
    assert f"/kiosk/why/{line.seq + 1}" in before
    after = visiting.get(f"/kiosk/why/{line.seq + 1}").text
    assert "记错了一户" in after
    assert f'href="/kiosk/why/{line.seq}"' in after
    assert "门前屋后干净" in after


def test_a_waiting_line_that_was_posted_meanwhile_leads_to_its_entry(kiosk, visiting):
    posted = db.session.scalars(select(Record).where(Record.state == "posted")).one()

    assert visiting.get(f"/kiosk/why/record/{posted.id}").headers["Location"] == "/kiosk/why/2"


@pytest.mark.parametrize(
    "path", ["why/99", "why/0", "why/record/999", "months/202613", "months/189912", "months/209901"]
)
def test_what_is_not_in_the_book_is_not_found(kiosk, visiting, path):
    answer = visiting.get(f"/kiosk/{path}")

    assert answer.status_code == 404
    assert "没有找到" in answer.text


def test_a_neighbour_sees_none_of_the_households_lines_records_or_photos(kiosk, at_kiosk):
    kiosk.show_card(at_kiosk, kiosk.neighbour)

    assert at_kiosk.get(f"/kiosk/why/record/{waiting_record().id}").status_code == 404
    assert at_kiosk.get("/kiosk/why/2").status_code == 404
    assert at_kiosk.get(f"/kiosk/photos/{photo_of_household()}").status_code == 404
    page = at_kiosk.get("/kiosk/balance").text
    assert "提的建议被采纳" not in page
    assert "03-12-02" not in page


def test_a_photo_is_shown_to_its_household_and_kept_nowhere(kiosk, visiting):
    answer = visiting.get(f"/kiosk/photos/{photo_of_household()}")

    assert answer.status_code == 200
    assert answer.mimetype == "image/jpeg"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["..%2f..%2fsecret.key", "x", "0" * 64, "%00"])
def test_no_other_file_comes_out_of_the_photo_door(kiosk, visiting, name):
    assert visiting.get(f"/kiosk/photos/{name}").status_code == 404


def test_a_month_adds_up_its_own_lines_only(kiosk, visiting):
    last_month = clock.previous_month(clock.month_of(clock.now()))
    when = clock.month_bounds(last_month)[0] + timedelta(days=2)
    newcomer = factories.make_household(courtyard=kiosk.yard, number="03-12-10", name="赵小明")
    with clock.travel(when):
        factories.give_points(newcomer, kiosk.scheme, 9)
    factories.give_points(newcomer, kiosk.scheme, 4)
    make_missing(holder_ids=[newcomer.id], actor=SYSTEM, now=clock.now())
    kiosk.show_card(visiting, newcomer)

    before = visiting.get(f"/kiosk/months/{last_month}").text
    assert '<p class="balance month">+9<small> 分</small></p>' in before
    assert "没有更早的了" in before
    this = visiting.get(f"/kiosk/months/{clock.month_of(clock.now())}").text
    assert '<p class="balance month">+4<small> 分</small></p>' in this
    assert f"/kiosk/months/{last_month}" in this


def test_an_empty_month_says_so(kiosk, visiting):
    page = visiting.get("/kiosk/months/202501").text

    assert "这个月没有积分变动" in page


def test_this_month_says_what_still_waits(kiosk, visiting):
    assert "另有 1 笔等审核" in visiting.get(f"/kiosk/months/{clock.month_of(clock.now())}").text


def test_many_waiting_lines_count_though_eight_are_shown(kiosk, visiting):
    idea = factories.make_rule(scheme=kiosk.scheme, title="好主意", points="+1")
    for _ in range(10):
        record(kiosk, idea, 1, "claim", note="说说")

    page = visiting.get("/kiosk/balance").text

    assert "等审核 +16 分" in page
    assert page.count(">为什么<") == 8


def test_the_read_behind_the_page_says_the_same_as_the_page(kiosk, visiting):
    value = visiting.get_cookie("visit").value
    device = visiting.get_cookie("kiosk").value
    _, visit = visit_of(device, value.split(".")[0], clock.now())

    frozen(kiosk, 202610)
    found = balance(visit, clock.now())

    assert found.waiting == Points.whole(6)
    assert (found.ranked_month, found.place) == (202610, 1)
    assert [line.waiting for line in found.lines].count(True) == 1
