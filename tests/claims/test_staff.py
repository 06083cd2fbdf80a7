"""Staff claim for people without a phone, review first on the phone and at the desk, and print a courtyard's day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from bs4 import BeautifulSoup

from tests.claims.conftest import claims, proof, words
from tests.conftest import both_databases
from tests.factories import make_household, make_user
from tests.personas import open_sign_in, sign_in
from webapp.claims import queries
from webapp.claims.queries import month_end
from webapp.core import clock
from webapp.extensions import db
from webapp.places.models import Kinship
from webapp.records import service as records
from webapp.records.queries import target
from webapp.schemes.queries import terms
from webapp.users.gate import who_is

NEW = "/home/claims/new"
INBOX = "/phone/claims"


@pytest.fixture
def three(at_home, head, yard) -> list[int]:
    """Three claims that wait: two of 刘红梅's own, and one that the head sent for 李强."""
    at_home.post(NEW, data=yard.fields(_once="a", note="周三的会"))
    at_home.post(NEW, data=yard.fields("1.3", _once="b", photos=[proof()]))
    head.post(NEW, data=yard.fields("4.2", _once="c", households=[yard.neighbour.id]))
    return [record.id for record in claims()]


# The inbox ------------------------------------------------------------------------------------------------------------


@both_databases
def test_the_inbox_shows_what_waits_oldest_first_with_age_deadline_and_photos(staff, three):
    page = words(staff.get(INBOX))
    assert "3 条等初审" in page
    assert page.index("参加居民会议") < page.index("种花种菜") < page.index("参加治安巡逻")
    assert "今天报的" in page
    due = month_end(clock.today(), 25)
    assert ("今天截止" if due == clock.today() else f"{due.month}月25日前审") in page
    assert "/photos/" in page
    assert "周三的会" in page


@both_databases
def test_several_are_passed_at_once_and_the_outcome_is_said_in_words(staff, yard, three):
    db.session.add(
        Kinship(person_id=yard.worker.person_id, household_id=yard.neighbour.id, relation="弟", declared_at=clock.now())
    )
    page = words(staff.get(INBOX))
    assert "这是您申报过的亲属家，按规定要回避" in page
    done = staff.post(f"{INBOX}/pass", data={"record": three, "_once": "p"}, follow_redirects=True)
    assert "通过 2 条，1 条没有通过：李*家「参加治安巡逻」：这是您申报过的亲属家" in words(done)
    assert [record.state for record in claims()] == ["passed", "passed", "waiting"]


def test_one_is_passed_by_its_own_button_whatever_is_ticked(staff, three):
    staff.post(f"{INBOX}/pass", data={"record": three[:2], "only": three[2]})
    assert [record.state for record in claims()] == ["waiting", "waiting", "passed"]


def test_nothing_ticked_is_said(staff, three):
    answer = staff.post(f"{INBOX}/pass", data={})
    assert answer.status_code == 422
    assert "还没有勾选" in words(answer)
    assert "周三的会" in words(answer)


def test_passing_twice_passes_once(staff, three):
    staff.post(f"{INBOX}/pass", data={"only": three[0], "_once": "x"})
    again = staff.post(f"{INBOX}/pass", data={"only": three[0], "_once": "y"}, follow_redirects=True)
    assert "已经处理过了" in words(again)


def test_one_is_returned_with_a_reason_and_a_reason_that_is_missing_is_asked_for(staff, three):
    refused = staff.post(f"{INBOX}/{three[1]}/return", data={"reason": ""})
    assert refused.status_code == 422
    assert "请写明退回的原因" in words(refused)
    staff.post(f"{INBOX}/{three[1]}/return", data={"reason": "照片太暗"})
    assert [(record.state, record.end_note) for record in claims()][1] == ("returned", "照片太暗")
    gone = staff.post(f"{INBOX}/{three[1]}/return", data={"reason": "照片太暗"})
    assert gone.status_code == 404


def test_the_inbox_is_filtered_by_courtyard(staff, at_home, yard, three):
    other = make_household(area=yard.street.tree.micro_grid, name="王远方")
    staff.post(f"/phone/claims/new/{other.id}", data=yard.fields(brought_by="本人", _once="z"))
    page = words(staff.get(INBOX))
    assert "文林路 3 号院 3" in page
    assert "不在院落里 1" in page
    assert "王*方家" in words(staff.get(f"{INBOX}?courtyard=0"))
    assert "王*方家" not in words(staff.get(f"{INBOX}?courtyard={yard.street.courtyard.id}"))


def test_what_the_one_who_looks_wrote_is_shown_with_the_reason_and_not_counted(staff, yard):
    staff.post(f"/phone/claims/new/{yard.resident.id}", data=yard.fields(brought_by="邻居王大妈"))
    page = words(staff.get(INBOX))
    assert "不能审核自己记的内容" in page
    assert "邻居王大妈送来" in page
    assert "申报初审 <span" not in words(staff.get("/phone/"))


def test_nobody_sees_what_waits_next_door_or_is_for_other_posts(app, client, yard, three):
    grid = make_user(post="grid_worker", area=yard.street.tree.micro_grids[1])
    assert "没有等初审的" in words(sign_in(client, grid).get(INBOX))
    secretary = make_user(post="secretary", area=yard.street.tree.community)
    other = sign_in(app.test_client(), secretary)
    assert "没有等初审的" in words(other.get(INBOX))
    assert other.post(f"{INBOX}/{three[0]}/return", data={"reason": "x"}).status_code == 404
    done = other.post(f"{INBOX}/pass", data={"record": three}, follow_redirects=True)
    assert "刘" not in words(done)
    assert [record.state for record in claims()] == ["waiting"] * 3


def test_the_list_is_what_may_review_says(app, yard, three):
    """The list narrows in the database what ``records.service`` decides claim by claim."""
    users = [
        yard.worker,
        make_user(post="grid_lead", area=yard.street.tree.grid),
        make_user(post="group_head", area=yard.street.tree.community),
        make_user(post="grid_worker", area=yard.street.tree.micro_grids[2]),
    ]
    db.session.flush()
    for user in users:
        who = who_is(open_sign_in(user), clock.now(), "").actor
        shown = {row[0].id for row in db.session.execute(queries.waiting(queries.staff_desk(who)))}
        every = [record for record in claims() if record.state == "waiting"]
        allowed = {
            one.id
            for one in every
            if who.may("claims.review", target(one.holder_id).path)
            and records.may_review(who, target(one.holder_id), terms(one.scheme_id))
        }
        assert shown == allowed


def test_a_photo_that_was_proof_of_something_else_is_pointed_out_but_not_within_one_submission(staff, head, yard):
    both = [yard.resident.id, yard.neighbour.id]
    head.post(NEW, data=yard.fields("1.3", _once="a", households=both, photos=[proof()]))
    assert "照片别处用过" not in words(staff.get(INBOX))
    head.post(NEW, data=yard.fields("4.4", _once="b", households=[yard.resident.id], photos=[proof()]))
    assert words(staff.get(INBOX)).count("照片别处用过") >= 1


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2026, 11, 25), date(2026, 11, 25)),
        (date(2026, 11, 26), date(2026, 12, 25)),
        (date(2026, 12, 26), date(2027, 1, 25)),
    ],
)
def test_a_claim_is_due_at_the_next_month_end_of_its_scheme(day, until):
    assert month_end(day, 25) == until


def test_what_is_late_is_marked(staff, yard, three):
    with clock.travel(clock.now() + timedelta(days=40)):
        page = words(sign_in(staff, yard.worker).get(INBOX))
    assert "等了 40 天" in page
    assert "已过期限" in page


# Badges ---------------------------------------------------------------------------------------------------------------


def test_the_phones_first_page_and_the_desks_menu_count_what_waits(staff, head, three):
    assert "3 条" in words(staff.get("/phone/"))
    assert '3<span class="vh"> 件待办</span>' in words(staff.get("/desk/claims"))
    assert "2 条" in words(head.get("/home/"))


def test_the_badge_is_counted_from_the_index_of_what_is_on_its_way(app, yard, three):
    sql = queries._waiting([db.func.count()], db.true())
    compiled = sql.compile(db.engine, compile_kwargs={"literal_binds": True})
    plan = " ".join(str(row) for row in db.session.execute(db.text(f"EXPLAIN QUERY PLAN {compiled}")))
    assert "SCAN record USING INDEX ix_record" in plan or "SEARCH record USING INDEX ix_record" in plan
    assert "SCAN record'" not in plan


# The desk -------------------------------------------------------------------------------------------------------------


def test_the_desk_lists_passes_and_returns_the_same(staff, three):
    page = words(staff.get("/desk/claims"))
    assert "3 条等初审" in page
    done = staff.post("/desk/claims/pass", data={"record": three[:2]}, follow_redirects=True)
    assert "通过 2 条" in words(done)
    refused = staff.post(f"/desk/claims/{three[2]}/return", data={"reason": ""})
    assert (refused.status_code, "请写明退回的原因" in words(refused)) == (422, True)
    staff.post(f"/desk/claims/{three[2]}/return", data={"reason": "没有巡逻记录"})
    assert [record.state for record in claims()] == ["passed", "passed", "returned"]


def test_the_day_of_a_courtyard_goes_on_one_sheet(staff, yard, three):
    today = clock.today().isoformat()
    page = words(staff.get(f"/desk/claims/day?courtyard={yard.street.courtyard.id}&date={today}"))
    assert "记了 3 条" in page
    assert "李*家 A-02" in BeautifulSoup(page, "html.parser").get_text()
    empty = words(staff.get(f"/desk/claims/day?courtyard={yard.street.courtyard.id}&date=2026-01-05"))
    assert "没有记录" in empty
    assert "选一个院落" in words(staff.get("/desk/claims/day"))
    assert staff.get("/desk/claims/day?courtyard=999999").status_code == 404


# Claiming for others --------------------------------------------------------------------------------------------------


def test_a_grid_worker_finds_a_household_and_claims_for_it(staff, yard):
    found = staff.get("/phone/claims/new?q=lq")
    assert "李*家" in words(found)
    assert "王大妈" in words(staff.get(f"/phone/claims/new/{yard.neighbour.id}"))
    done = staff.post(
        f"/phone/claims/new/{yard.neighbour.id}", data=yard.fields(brought_by="女儿"), follow_redirects=True
    )
    assert "已申报，等初审。" in words(done)
    assert "女儿送来" in words(done)
    (record,) = claims()
    assert (record.brought_by, record.recorder_id, record.recorder_household_id) == ("女儿", yard.worker.id, None)


def test_who_brought_it_must_be_said(staff, yard):
    answer = staff.post(f"/phone/claims/new/{yard.neighbour.id}", data=yard.fields(note="开会"))
    assert answer.status_code == 422
    assert "请写明是谁送来的" in words(answer)
    assert 'value="开会"' in words(answer)


def test_staff_mend_and_take_back_what_they_claimed(app, client, staff, yard):
    address = f"/phone/claims/new/{yard.neighbour.id}"
    staff.post(address, data=yard.fields(brought_by="本人", _once="a"))
    staff.post(address, data=yard.fields("4.2", brought_by="本人", _once="b"))
    first, second = claims()
    lead = sign_in(client, make_user(post="grid_lead", area=yard.street.tree.community))
    lead.post(f"{INBOX}/{first.id}/return", data={"reason": "哪一次会议"})
    assert "哪一次会议" in words(staff.get("/phone/claims/new"))
    assert "哪一次会议" in words(staff.get(f"{address}?mends={first.id}"))
    staff.post(f"{address}?mends={first.id}", data=yard.fields(brought_by="本人", note="11 月", _once="c"))
    staff.post(f"/phone/claims/{second.id}/withdraw", data={"_once": "w"})
    assert [record.state for record in claims()] == ["returned", "withdrawn", "waiting"]
    assert lead.post(f"/phone/claims/{second.id}/withdraw").status_code == 404
    assert lead.get(f"{address}?mends={first.id}").status_code == 404


def test_staff_have_a_draft_of_their_own_for_one_household(staff, yard):
    address = f"/phone/claims/new/{yard.neighbour.id}"
    staff.post(f"{address}/draft", data=yard.fields(note="没写完", _once="d"))
    assert 'value="没写完"' in words(staff.get(address))
    assert 'value="没写完"' not in words(staff.get(f"/phone/claims/new/{yard.resident.id}"))


def test_nobody_claims_for_households_next_door_and_clerks_do_not_review(app, client, yard):
    clerk = sign_in(client, make_user(post="clerk", area=yard.street.tree.community))
    assert clerk.get(f"/phone/claims/new/{yard.resident.id}").status_code == 200
    assert clerk.get("/phone/claims/new").status_code == 200
    assert clerk.get(INBOX).status_code == 403
    outside = sign_in(app.test_client(), make_user(post="clerk"))
    assert outside.get(f"/phone/claims/new/{yard.resident.id}").status_code == 404
    assert outside.post(f"/phone/claims/new/{yard.resident.id}/draft").status_code == 404
