"""申报 at the kiosk: one decision a screen, sent once; what became of it; refusals lead back with the rest kept."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest

from tests.conftest import both_databases
from tests.factories import make_user
from tests.kiosk.conftest import PHOTO, Kiosk
from tests.records.conftest import actor_of, version_of
from webapp.claims.models import ClaimDraft
from webapp.claims.service import claim, save_draft
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.photo_store import PhotoStore
from webapp.extensions import db
from webapp.kiosk import claiming
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import photos_of
from webapp.schemes.models import RuleVersion
from webapp.schemes.queries import terms

NEW = "/kiosk/claims/new"


def rule(kiosk: Kiosk, code: str) -> RuleVersion:
    return version_of(kiosk.scheme, code)


def asked(kiosk: Kiosk, code: str, days: int = 0, **more: str) -> str:
    """The address after a rule and a day were tapped."""
    day = clock.today() - timedelta(days=days)
    return "&".join([f"{NEW}?rule={rule(kiosk, code).rule_id}&day={day}", *(f"{k}={v}" for k, v in more.items())])


def fields(page: str) -> dict[str, str]:
    """What the form of the last page would send."""
    form = re.search(r'<form id="claim".*?</form>', page, re.DOTALL)
    assert form is not None, page
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))


def sent() -> list[Record]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Record).where(Record.source == "claim").order_by(Record.id.desc())))


def hand_in(kiosk: Kiosk, client, code: str = "2.1", days: int = 0):
    return client.post(NEW, data=fields(client.get(asked(kiosk, code, days)).text))


# The way through ------------------------------------------------------------------------------------------------------


@both_databases
def test_from_the_category_to_the_result_each_page_asks_one_thing_and_it_is_sent_once(kiosk, visiting):
    before = len(sent())
    page = visiting.get(NEW).text
    assert "做了哪类事" in page
    page = visiting.get(f"{NEW}?category=1").text
    assert "参加居民会议" in page
    assert f"rule={rule(kiosk, '2.1').rule_id}" in page
    page = visiting.get(f"{NEW}?category=1&rule={rule(kiosk, '2.1').rule_id}").text
    assert "哪一天的事" in page
    assert "昨天" in page
    page = visiting.get(asked(kiosk, "2.1", 1)).text
    assert "加 5 分" in page
    form = fields(page)
    first, again = visiting.post(NEW, data=form), visiting.post(NEW, data=form)
    assert first.status_code == 303
    assert again.location == first.location
    assert len(sent()) == before + 1
    made = sent()[0]
    assert (made.state, made.points, made.happened_on) == ("waiting", 50, clock.today() - timedelta(days=1))
    assert made.recorder_household_id == kiosk.household.id
    page = visiting.get(first.location).text
    assert "已报上去，等初审" in page
    assert "院长、网格员或网格长初审" in page


def test_a_rule_with_a_range_asks_for_the_points(kiosk, visiting):
    page = visiting.get(asked(kiosk, "3.1")).text
    assert "多少分" in page
    assert "points=35" in page
    page = visiting.get(asked(kiosk, "3.1", points="35")).text
    assert "加 3.5 分" in page
    assert "多少分" in visiting.get(asked(kiosk, "3.1", points="900")).text, "nothing outside the range"


def test_a_rule_that_wants_a_note_offers_phrases_and_what_is_typed_stands_sealed_in_the_address(kiosk, visiting):
    page = visiting.get(asked(kiosk, "5.2")).text
    assert "和邻居一起做的" in page
    data = {"rule": rule(kiosk, "5.2").rule_id, "day": clock.today(), "words": "扶王奶奶下楼"}
    answer = visiting.post("/kiosk/claims/note", data={**data, "phrase": ["网格员在场", "和邻居一起做的"]})
    assert answer.status_code == 303
    assert "王" not in answer.location
    page = visiting.get(answer.location).text
    assert "和邻居一起做的；网格员在场；扶王奶奶下楼" in page
    back = visiting.get(f"{answer.location}&step=note").text
    assert 'value="扶王奶奶下楼"' in back
    assert back.count(" checked") == 2
    assert visiting.post(NEW, data=fields(page)).status_code == 303
    assert sent()[0].note == "和邻居一起做的；网格员在场；扶王奶奶下楼"


def test_without_a_word_or_with_too_many_the_note_is_asked_again_and_what_is_typed_stays(kiosk, visiting):
    data = {"rule": rule(kiosk, "5.2").rule_id, "day": clock.today()}
    answer = visiting.post("/kiosk/claims/note", data=data)
    assert answer.status_code == 422
    assert "请点一句，或写一句话" in answer.text
    answer = visiting.post("/kiosk/claims/note", data={**data, "words": "好" * 101})
    assert answer.status_code == 422
    assert "最多 100 个字" in answer.text
    assert "好" * 101 in answer.text


def test_a_rule_that_wants_a_photo_says_so_before_it_is_chosen_and_cannot_be(kiosk, visiting):
    page = visiting.get(f"{NEW}?category=0").text
    assert claiming.NEEDS_PHOTO in page
    number = rule(kiosk, "1.3").rule_id
    assert f"rule={number}" not in page
    assert "做了哪类事" in visiting.get(f"{NEW}?rule={number}&day={clock.today()}").text


@pytest.mark.parametrize(
    "given", ["rule=x&day=y", "category=99", "rule=999999&day=2026-01-01&points=-5&note=zz", "step=no"]
)
def test_nonsense_in_the_address_begins_anew(visiting, given):
    assert "做了哪类事" in visiting.get(f"{NEW}?{given}").text


def test_a_draft_on_the_phone_stays(kiosk, visiting):
    phone = Actor(kind="resident", label="李*梅家", household_id=kiosk.household.id)
    save_draft(actor=phone, payload="{}", now=clock.now())
    db.session.commit()
    assert hand_in(kiosk, visiting).status_code == 303
    assert db.session.scalar(db.select(db.func.count()).select_from(ClaimDraft)) == 1


# Refusals -------------------------------------------------------------------------------------------------------------


def test_a_day_whose_cap_is_full_is_said_and_another_can_be_chosen(kiosk, visiting):
    """4.2 once a day: today is full, yesterday is not; whoever sends it meanwhile comes back to the days."""
    form = fields(visiting.get(asked(kiosk, "4.2")).text)
    assert hand_in(kiosk, visiting, "4.2").status_code == 303
    answer = visiting.post(NEW, data=form)
    assert answer.status_code == 409
    assert "到上限" in answer.text
    assert "哪一天的事" in answer.text
    assert f"rule={form['rule']}" in answer.text, "the rest is kept"
    assert answer.text.count('aria-disabled="true"') == 1


def test_a_rule_that_is_full_for_the_month_is_dashed_with_why(kiosk, visiting):
    with clock.travel(clock.now().replace(day=20)):
        kiosk.show_card(visiting)
        for days in (0, 1):
            assert hand_in(kiosk, visiting, "2.1", days).status_code == 303
        page = visiting.get(f"{NEW}?category=1").text
    assert "本月已记 2 次，到上限了" in page
    assert f"rule={rule(kiosk, '2.1').rule_id}&" not in page


def test_closed_days_cannot_be_tapped_and_a_month_closed_meanwhile_is_refused_in_words(kiosk, visiting):
    form = fields(visiting.get(asked(kiosk, "2.1", 2)).text)
    records.close_days(community_id=kiosk.tree.community.id, until=clock.today() - timedelta(days=1))
    db.session.commit()
    answer = visiting.post(NEW, data=form)
    assert answer.status_code >= 400
    assert "账已经关了" in answer.text
    assert answer.text.count("已经关账") == 7
    assert "哪一天的事" in answer.text


def test_a_day_to_come_is_refused_and_the_days_are_shown(kiosk, visiting):
    form = fields(visiting.get(asked(kiosk, "2.1")).text)
    answer = visiting.post(NEW, data={**form, "day": clock.today() + timedelta(days=1)})
    assert answer.status_code == 422
    assert "日期不能晚于今天" in answer.text
    assert "哪一天的事" in answer.text


def test_a_rule_changed_meanwhile_leads_back_to_the_rules(kiosk, visiting):
    form = fields(visiting.get(asked(kiosk, "2.1")).text)
    rule(kiosk, "2.1").valid_to = clock.today() - timedelta(days=1)
    db.session.commit()
    answer = visiting.post(NEW, data=form)
    assert answer.status_code == 422
    assert "已经修改或停用" in answer.text
    assert "做了哪类事" in answer.text


def test_a_household_that_is_no_longer_active_claims_nothing(kiosk, visiting):
    form = fields(visiting.get(asked(kiosk, "2.1")).text)
    kiosk.household.active = False
    db.session.commit()
    assert visiting.get(NEW).status_code == 401, "its visit is over"
    assert visiting.post(NEW, data=form).status_code == 401
    assert not [one for one in sent() if one.rule_version_id == rule(kiosk, "2.1").id]


def test_nobody_claims_without_saying_who_they_are(at_kiosk):
    for path in (NEW, "/kiosk/claims", "/kiosk/claims/1"):
        assert at_kiosk.get(path).status_code == 401


# What became of it ----------------------------------------------------------------------------------------------------


def test_the_list_says_where_each_claim_stands_and_why_one_came_back(kiosk, visiting):
    hand_in(kiosk, visiting)
    made = sent()[0]
    lead = make_user(post="grid_worker", area=kiosk.tree.community)
    actor = actor_of(lead, "grid_worker", kiosk.tree.community.path)
    assert "等初审" in visiting.get("/kiosk/claims").text
    records.give_back(actor=actor, record_id=made.id, reason="会议签到表上没有您", now=clock.now())
    db.session.commit()
    page = visiting.get("/kiosk/claims").text
    assert "已退回" in page
    assert "会议签到表上没有您" in page
    page = visiting.get(f"/kiosk/claims/{made.id}").text
    assert "原因：会议签到表上没有您" in page
    assert "撤回" not in page


def test_a_claim_is_withdrawn_while_it_waits_and_not_after(kiosk, visiting):
    hand_in(kiosk, visiting)
    made = sent()[0]
    where = f"/kiosk/claims/{made.id}/withdraw"
    assert "不报「参加居民会议」了吗" in visiting.get(where).text
    assert "已经撤回" in visiting.post(where, follow_redirects=True).text
    again = visiting.post(where)
    assert again.status_code == 409
    assert "不能自己撤回" in again.text
    assert sent()[0].state == "withdrawn"


def test_another_households_claim_is_not_found(kiosk, visiting):
    hand_in(kiosk, visiting)
    made = sent()[0]
    kiosk.show_card(visiting, kiosk.neighbour)
    assert visiting.get(f"/kiosk/claims/{made.id}").status_code == 404
    assert visiting.post(f"/kiosk/claims/{made.id}/withdraw").status_code == 404
    assert "还没有报过" in visiting.get("/kiosk/claims").text


def test_the_balance_leads_to_claiming(visiting):
    assert f'href="{NEW}"' in visiting.get("/kiosk/balance").text


def test_a_note_goes_apart_and_together_again():
    note = claiming.note_of(["院里组织的", "我自己做的", "没有这句"], "扫雪")
    assert note == "我自己做的；院里组织的；扫雪"
    assert claiming.note_parts(note) == (["我自己做的", "院里组织的"], "扫雪")


def test_who_comes_first_is_named_as_the_scheme_says(kiosk):
    found = terms(kiosk.scheme.id)
    assert claiming.reviewers(found._replace(first_reviewers="grid_worker")) == "网格员"
    assert claiming.reviewers(found._replace(reviews=1)) == ""


# Sent again -----------------------------------------------------------------------------------------------------------


def given_back(kiosk: Kiosk, client, code: str = "2.1", **more: str) -> Record:
    """What was claimed at the kiosk comes back with a reason."""
    client.post(NEW, data=fields(client.get(asked(kiosk, code, 1, **more)).text))
    return come_back(kiosk, sent()[0])


def come_back(kiosk: Kiosk, made: Record) -> Record:
    lead = make_user(post="grid_worker", area=kiosk.tree.community)
    actor = actor_of(lead, "grid_worker", kiosk.tree.community.path)
    records.give_back(actor=actor, record_id=made.id, reason="请写明是哪一次会", now=clock.now())
    db.session.commit()
    return made


@both_databases
def test_a_claim_that_came_back_begins_with_what_stood_in_it_and_is_sent_again_once(kiosk, visiting):
    old = given_back(kiosk, visiting)
    page = visiting.get(f"/kiosk/claims/{old.id}").text
    assert f'href="{NEW}?mends={old.id}"' in page
    page = visiting.get(f"{NEW}?mends={old.id}").text
    assert "退回的原因：请写明是哪一次会" in page
    assert "参加居民会议" in page
    form = fields(page)
    assert (form["mends"], form["day"]) == (str(old.id), old.happened_on.isoformat())
    answer = visiting.post(
        "/kiosk/claims/note", data={**form, "note": "", "phrase": "社区组织的", "words": "十一月那次"}
    )
    form = fields(visiting.get(answer.location).text)
    first, again = visiting.post(NEW, data=form), visiting.post(NEW, data=form)
    assert first.location == again.location
    new = sent()[0]
    assert (new.mends_id, new.state, new.note) == (old.id, "waiting", "社区组织的；十一月那次")
    page = visiting.get(f"/kiosk/claims/{old.id}").text
    assert "已经补好再报了" in page
    assert "mends=" not in page
    assert visiting.get(f"{NEW}?mends={old.id}").location == f"/kiosk/claims/{old.id}"


def test_each_thing_of_it_can_be_changed_and_the_rest_stays(kiosk, visiting):
    old = given_back(kiosk, visiting, "3.1", points="35")
    page = visiting.get(f"{NEW}?mends={old.id}").text
    assert "加 3.5 分" in page
    steps = dict(re.findall(r'href="(/kiosk/claims/new[^"]*)">改<span class="vh">：(\w+)', page))
    assert set(steps.values()) == {"做了什么", "哪一天", "多少分", "说明"}
    days = visiting.get(next(url for url, word in steps.items() if word == "哪一天").replace("&amp;", "&")).text
    assert "哪一天的事" in days
    assert days.count(f"mends={old.id}") >= 7
    assert days.count("points=35") >= 7
    other = visiting.get(f"{NEW}?mends={old.id}&rule={rule(kiosk, '2.1').rule_id}&day={clock.today()}").text
    assert "加 5 分" in other


def test_photos_of_a_claim_from_a_phone_stay_and_its_rule_may_be_kept(kiosk, visiting):
    out = BytesIO()
    PHOTO.save(out, "JPEG")
    photo = PhotoStore(visiting.application.config["VAR_DIR"] / "photos").put(out.getvalue())
    made = claim(
        actor=Actor(kind="resident", label="李*梅家", household_id=kiosk.household.id),
        holder_ids=[kiosk.household.id],
        rule_version_id=rule(kiosk, "1.3").id,
        points=None,
        happened_on=clock.today(),
        note="",
        photos=(photo,),
        form_key="a-form-of-the-phone",
        now=clock.now(),
    )
    db.session.commit()
    old = come_back(kiosk, made[0])
    page = visiting.get(f"{NEW}?mends={old.id}").text
    assert "原来的 1 张还在" in page
    assert visiting.post(NEW, data=fields(page)).status_code == 303
    assert photos_of(sent()[0].id) == (photo,)


def test_a_rule_that_ended_meanwhile_is_chosen_anew(kiosk, visiting):
    old = given_back(kiosk, visiting)
    rule(kiosk, "2.1").valid_to = clock.today() - timedelta(days=2)
    db.session.commit()
    page = visiting.get(f"{NEW}?mends={old.id}").text
    assert "原来那一条细则停用了" in page
    assert "做了哪类事" in page


def test_what_waits_and_what_others_claimed_is_not_sent_again(kiosk, visiting):
    hand_in(kiosk, visiting)
    waiting = sent()[0]
    assert visiting.get(f"{NEW}?mends={waiting.id}").location == f"/kiosk/claims/{waiting.id}"
    old = come_back(kiosk, waiting)
    form = fields(visiting.get(f"{NEW}?mends={old.id}").text)
    kiosk.show_card(visiting, kiosk.neighbour)
    assert visiting.get(f"{NEW}?mends={old.id}").status_code == 404
    assert visiting.post(NEW, data=form).status_code == 404
