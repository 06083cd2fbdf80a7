"""A household claims on its phone, and sees what becomes of it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.claims.conftest import claims, phone_of, proof, words
from tests.conftest import both_databases
from tests.factories import make_household
from tests.records.test_reviewing import at_home as household_actor
from webapp.claims import service
from webapp.claims.models import ClaimDraft
from webapp.core import clock
from webapp.extensions import db
from webapp.records import service as records
from webapp.records.models import RecordPhoto

NEW = "/home/claims/new"


# What may be claimed --------------------------------------------------------------------------------------------------


def test_only_what_gives_points_can_be_claimed_by_category_with_score_caps_and_proof(at_home):
    page = words(at_home.get(NEW))
    assert "人居环境" in page
    assert "门前屋后干净" in page
    assert "要照片 · 每月 4 次" in page
    assert "乱扔垃圾" not in page
    assert "吵架斗殴" not in page


@both_databases
def test_a_household_claims_what_it_did_and_it_waits_for_the_first_review(at_home, yard):
    done = at_home.post(NEW, data=yard.fields(), follow_redirects=True)
    assert "已申报，等初审。" in words(done)
    assert "参加居民会议" in words(done)
    (record,) = claims()
    assert (record.source, record.state, record.holder_id) == ("claim", "waiting", yard.resident.id)
    assert record.recorder_household_id == yard.resident.id
    listed = words(at_home.get("/home/claims"))
    assert "参加居民会议" in listed
    assert "等初审" in listed


def test_the_same_form_sent_twice_claims_once(at_home, yard):
    fields = yard.fields()
    first, second = at_home.post(NEW, data=fields), at_home.post(NEW, data=fields)
    assert (first.status_code, second.status_code, first.location) == (303, 303, second.location)
    assert len(claims()) == 1


def test_caps_that_are_used_show_before_one_claims(at_home, yard):
    at_home.post(NEW, data=yard.fields(_once="a"))
    assert "本月已记 1 次，最多 2 次" in words(at_home.get(NEW))
    at_home.post(NEW, data=yard.fields(_once="b"))
    assert "本月已记 2 次，到上限了" in words(at_home.get(NEW))
    again = at_home.post(NEW, data=yard.fields(_once="c", note="第三次会议"))
    assert again.status_code == 422
    assert "到上限了，不能再记" in words(again)
    assert 'value="第三次会议"' in words(again)
    assert len(claims()) == 2


def test_points_of_a_range_are_chosen(at_home, yard):
    at_home.post(NEW, data=yard.fields("2.4", **{f"points-{yard.rule('2.4')}": "4.5"}))
    assert [record.points for record in claims()] == [45]


@pytest.mark.parametrize(("days", "why"), [(-1, "不能晚于今天"), (32, "最近 31 天")])
def test_a_day_to_come_and_a_day_too_long_ago_are_refused(at_home, yard, days, why):
    day = clock.today() - timedelta(days=days)
    answer = at_home.post(NEW, data=yard.fields(happened_on=day.isoformat(), note="那天"))
    assert answer.status_code == 422
    assert why in words(answer)
    assert 'value="那天"' in words(answer)
    assert claims() == []


def test_what_happened_a_month_ago_is_recorded_on_its_day(at_home, yard):
    day = clock.today() - timedelta(days=31)
    at_home.post(NEW, data=yard.fields(happened_on=day.isoformat()))
    assert [record.happened_on for record in claims()] == [day]


def test_without_a_rule_or_a_date_nothing_is_claimed(at_home, yard):
    assert "请先点选一条细则" in words(at_home.post(NEW, data=yard.fields(rule="")))
    assert "请填是哪一天的事" in words(at_home.post(NEW, data=yard.fields(happened_on="")))
    assert claims() == []


def test_a_photo_is_cleaned_and_kept_and_only_those_concerned_see_it(app, at_home, head, yard):
    at_home.post(NEW, data=yard.fields("1.3", photos=[proof()]))
    name = db.session.scalars(db.select(RecordPhoto.hash)).one()
    assert at_home.get(f"/home/claims/photos/{name}").status_code == 200
    assert head.get(f"/home/claims/photos/{name}?size=thumb").status_code == 200
    assert phone_of(app, yard.neighbour).get(f"/home/claims/photos/{name}").status_code == 404


def test_a_file_that_is_no_photo_is_refused_and_the_rest_kept(at_home, yard):
    import io

    answer = at_home.post(NEW, data=yard.fields("1.3", note="种了月季", photos=[(io.BytesIO(b"no"), "x.jpg")]))
    assert answer.status_code == 422
    assert 'value="种了月季"' in words(answer)
    assert "这不是照片" in words(answer)


def test_nobody_sees_anybody_elses_claim(app, at_home, yard):
    at_home.post(NEW, data=yard.fields())
    (record,) = claims()
    other = phone_of(app, yard.neighbour)
    assert other.get(f"/home/claims/{record.id}").status_code == 404
    assert other.post(f"/home/claims/{record.id}/withdraw").status_code == 404
    assert other.get(f"{NEW}?mends={record.id}").status_code == 404


# Taking back and mending ----------------------------------------------------------------------------------------------


def test_a_claim_is_taken_back_while_it_waits(at_home, yard):
    at_home.post(NEW, data=yard.fields())
    (record,) = claims()
    assert "撤回" in words(at_home.get(f"/home/claims/{record.id}"))
    done = at_home.post(f"/home/claims/{record.id}/withdraw", data={"_once": "w"}, follow_redirects=True)
    assert "已撤回" in words(done)
    assert [one.state for one in claims()] == ["withdrawn"]


def test_a_returned_claim_says_why_and_is_mended_with_what_was_typed_and_its_photos(at_home, head, yard):
    at_home.post(NEW, data=yard.fields("1.3", note="月季", photos=[proof()]))
    (first,) = claims()
    head.post(f"/home/reviews/{first.id}/return", data={"reason": "请写明种在哪里"})
    page = words(at_home.get(f"/home/claims/{first.id}"))
    assert "请写明种在哪里" in page
    assert "补好再报" in page
    form = words(at_home.get(f"{NEW}?mends={first.id}"))
    assert 'value="月季"' in form
    assert "留用原来的 1 张照片" in form
    fields = yard.fields("1.3", note="月季，三单元门前", keep="1", _once="m")
    at_home.post(f"{NEW}?mends={first.id}", data=fields)
    again = claims()[1]
    assert (again.state, again.mends_id) == ("waiting", first.id)
    assert len(db.session.scalars(db.select(RecordPhoto).where(RecordPhoto.record_id == again.id)).all()) == 1
    assert "已重新申报" in words(at_home.get("/home/claims"))
    assert "补好再报" not in words(at_home.get(f"/home/claims/{first.id}"))


# Drafts ---------------------------------------------------------------------------------------------------------------


@both_databases
def test_what_is_typed_is_kept_and_stands_there_when_the_page_opens_again(at_home, yard):
    rule = yard.rule("2.4")
    fields = yard.fields("2.4", note="砌花坛", **{f"points-{rule}": "4.5"})
    fields.pop("_once")
    kept = at_home.post("/home/claims/draft", data=fields, headers={"HX-Request": "true"})
    assert "草稿存于" in words(kept)
    assert "<html" not in words(kept)
    at_home.post("/home/claims/draft", data={**fields, "note": "砌花坛两天"})
    page = words(at_home.get(NEW))
    assert 'value="砌花坛两天"' in page
    assert '<option value="4.5" selected>' in page
    assert "有一份没报完的草稿" in words(at_home.get("/home/claims"))
    assert claims() == []
    assert len(db.session.scalars(db.select(ClaimDraft)).all()) == 1


def test_a_draft_is_gone_once_it_is_sent_or_thrown_away(at_home, yard):
    at_home.post("/home/claims/draft", data=yard.fields(_once="d"))
    at_home.post(NEW, data=yard.fields())
    assert db.session.scalars(db.select(ClaimDraft)).all() == []
    at_home.post("/home/claims/draft", data=yard.fields(_once="e", note="不要了"))
    done = at_home.post("/home/claims/draft", data=yard.fields(_once="f", drop="1"), follow_redirects=True)
    assert "草稿已清空" in words(done)
    assert "不要了" not in words(done)


def test_a_draft_with_nonsense_in_it_is_restored_as_far_as_it_goes(at_home, yard):
    at_home.post("/home/claims/draft", data={"rule": "x", "happened_on": "?", "note": "看得懂", "households": "y"})
    page = at_home.get(NEW)
    assert page.status_code == 200
    assert 'value="看得懂"' in words(page)


def test_a_draft_of_a_new_claim_does_not_fill_in_one_that_is_mended(at_home, head, yard):
    at_home.post(NEW, data=yard.fields(note="开会"))
    (first,) = claims()
    head.post(f"/home/reviews/{first.id}/return", data={"reason": "哪一次"})
    at_home.post("/home/claims/draft", data=yard.fields(_once="d", note="别的事"))
    assert 'value="开会"' in words(at_home.get(f"{NEW}?mends={first.id}"))


def test_old_drafts_are_forgotten(yard):
    actor, now = household_actor(yard.resident), clock.now()
    service.save_draft(actor=actor, payload=json.dumps({}), now=now - timedelta(days=63))
    assert service.forget_old_drafts(now) == 1


# A courtyard's head ---------------------------------------------------------------------------------------------------


@both_databases
def test_a_head_claims_for_several_households_at_once(head, yard):
    fields = yard.fields(households=[yard.resident.id, yard.neighbour.id, yard.head.id])
    done = head.post(NEW, data=fields, follow_redirects=True)
    assert "已给 3 户申报，等初审。" in words(done)
    assert {record.holder_id for record in claims()} == {yard.resident.id, yard.neighbour.id, yard.head.id}
    assert head.post(NEW, data=fields).status_code == 303
    assert len(claims()) == 3


@both_databases
def test_one_household_that_is_refused_stops_all_and_is_named(at_home, head, yard):
    at_home.post(NEW, data=yard.fields(_once="a"))
    at_home.post(NEW, data=yard.fields(_once="b"))
    answer = head.post(NEW, data=yard.fields(households=[yard.resident.id, yard.neighbour.id], note="开会"))
    assert answer.status_code == 422
    assert "刘*梅家：「参加居民会议」本月已记 2 次" in words(answer)
    assert 'value="开会"' in words(answer)
    assert len(claims()) == 2
    assert "刘*梅家 到上限了" in words(head.get(NEW))


def test_a_head_ticks_nobody_outside_the_own_courtyard(head, yard):
    other = make_household(area=yard.street.tree.micro_grid, name="王远方")
    answer = head.post(NEW, data=yard.fields(households=[yard.resident.id, other.id]))
    assert answer.status_code == 422
    assert "不在您负责的院落里" in words(answer)
    assert "王" not in words(answer).replace("王大妈", "")
    assert "请至少勾选一户" in words(head.post(NEW, data=yard.fields(_once="x")))
    assert claims() == []


def test_who_heads_no_courtyard_ticks_nobody_and_reviews_nothing(at_home, yard):
    assert "给哪几户报" not in words(at_home.get(NEW))
    at_home.post(NEW, data=yard.fields(households=[yard.neighbour.id]))
    assert [record.holder_id for record in claims()] == [yard.resident.id]
    assert at_home.get("/home/reviews").status_code == 404
    assert at_home.post("/home/reviews/pass", data={"record": 1}).status_code == 404


# The head's first review ----------------------------------------------------------------------------------------------


def test_a_head_passes_one_and_returns_one(at_home, head, yard):
    at_home.post(NEW, data=yard.fields(_once="a", note="周三"))
    at_home.post(NEW, data=yard.fields("4.2", _once="b"))
    first, second = claims()
    page = words(head.get("/home/reviews"))
    assert "刘*梅家" in page
    assert "2 条等初审" in page
    assert "今天报的" in page
    done = head.post("/home/reviews/pass", data={"only": first.id}, follow_redirects=True)
    assert "通过 1 条，接下来由社区认定。" in words(done)
    done = head.post(f"/home/reviews/{second.id}/return", data={"reason": "没看到人"}, follow_redirects=True)
    assert "已退回 刘*梅家「参加治安巡逻」" in words(done)
    assert [record.state for record in claims()] == ["passed", "returned"]
    assert "都审完了" in words(done)


def test_a_head_does_not_review_what_the_own_household_wrote_and_sees_why(head, yard):
    head.post(NEW, data=yard.fields(households=[yard.resident.id, yard.head.id]))
    page = words(head.get("/home/reviews"))
    assert "不能审核自己记的内容" in page
    assert "通过勾选的" not in page
    ids = [record.id for record in claims()]
    done = head.post("/home/reviews/pass", data={"record": ids}, follow_redirects=True)
    assert "没有通过的，2 条没有通过：刘*梅家「参加居民会议」：不能审核自己记的内容" in words(done)
    assert "院里的初审" in words(head.get("/home/"))


def test_returning_without_a_reason_asks_for_one_in_place(at_home, head, yard):
    at_home.post(NEW, data=yard.fields())
    (record,) = claims()
    answer = head.post(f"/home/reviews/{record.id}/return", data={"reason": " "})
    assert answer.status_code == 422
    assert "请写明退回的原因" in words(answer)
    assert [one.state for one in claims()] == ["waiting"]


def test_a_head_learns_nothing_about_claims_elsewhere(app, head, yard):
    other = make_household(area=yard.street.tree.micro_grid, name="王远方")
    phone_of(app, other).post(NEW, data=yard.fields())
    (record,) = claims()
    done = head.post("/home/reviews/pass", data={"record": record.id}, follow_redirects=True)
    assert "王" not in words(done)
    assert head.post(f"/home/reviews/{record.id}/return", data={"reason": "x"}).status_code == 404
    assert [one.state for one in claims()] == ["waiting"]


def test_where_heads_do_not_review_they_are_shown_nothing(at_home, head, yard):
    yard.street.schemes["household"].first_reviewers = "grid_worker"
    db.session.commit()
    at_home.post(NEW, data=yard.fields())
    assert "没有等初审的" in words(head.get("/home/reviews"))


def test_passed_confirmed_and_posted_show_on_the_claims_page(at_home, head, yard):
    at_home.post(NEW, data=yard.fields())
    (record,) = claims()
    head.post("/home/reviews/pass", data={"only": record.id})
    page = words(at_home.get(f"/home/claims/{record.id}"))
    assert "初审通过" in page
    assert "等认定" in page
    assert records.MOST_AT_ONCE == 500
