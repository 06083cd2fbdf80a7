"""What happened comes into the book once, by somebody who may, as often as the rule allows."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import (
    make_appointment,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_scheme,
    make_shop,
    make_user,
)
from tests.personas import open_sign_in
from tests.records.conftest import PHOTO, actor_of, make_street, version_of
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import (
    Conflict,
    InsufficientPoints,
    Invalid,
    LimitReached,
    NotAllowed,
    NotFound,
)
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import explain
from webapp.ledger.queries import find_account, hold_of_cause, last_entries
from webapp.records import queries, service
from webapp.schemes.service import RuleText, change_rule, end_rule
from webapp.users.gate import who_is


@both_databases
def test_a_clean_frontage_gives_the_shop_two_points_at_once(street):
    record = street.make(street.shop, "shop", "1.1")

    assert (record.state, record.place) == ("posted", "红色网格 · 一片区")
    account = find_account(street.shop.id, street.schemes["shop"].id)
    line = last_entries(account.id, 1)[0]
    assert (line.amount, line.title, line.cause) == (Points(20), "门前整洁、无垃圾", Cause("record", record.id))
    assert line.category_id
    assert line.actor_label == "李*梅 网格员"


@both_databases
def test_what_a_household_earns_rolls_up_to_its_courtyard(street):
    street.make(street.household, "household", "2.1")

    assert street.balance(street.household, "household") == Points(50)
    assert street.balance(street.courtyard, "courtyard") == Points(50)


def test_a_record_leaves_an_audit_line(street):
    record = street.make(street.shop, "shop", "1.1")
    line = db.session.scalars(db.select(AuditLine).where(AuditLine.action == "record:made")).one()
    assert line.object_id == record.id


# Who may --------------------------------------------------------------------------------------------------------------


def test_a_shop_in_another_community_cannot_be_scored(street):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    shop = make_shop(area=neighbour.micro_grid)
    with pytest.raises(NotFound, match="不在您负责的范围内"):
        street.make(shop, "shop", "1.1")


def test_a_holder_that_does_not_exist_is_not_found(street):
    with pytest.raises(NotFound, match="请重新扫码"):
        street.make(street.shop, "shop", "1.1", holder_id=999_999)


def test_a_post_that_the_rule_does_not_name_is_refused_by_name_of_the_posts_that_may(street):
    path = street.tree.community.path
    clerk = actor_of(make_user(post="clerk", area=street.tree.community), "clerk", path)
    clerk.grants["records.make"] = (path,)  # a right without the post
    with pytest.raises(NotAllowed, match="网格员.*您的岗位不能记"):
        street.make(street.shop, "shop", "1.1", actor=clerk)


def test_a_post_in_another_grid_does_not_help_here(street):
    user = make_user(post="grid_worker", area=street.tree.grids[1])
    elsewhere = actor_of(user, "grid_worker", street.tree.grids[1].path)
    elsewhere.grants["records.make"] = (street.tree.community.path,)  # by another post
    with pytest.raises(NotAllowed, match="您的岗位不能记"):
        street.make(street.shop, "shop", "1.1", actor=elsewhere)


def test_a_post_that_has_ended_does_not_help_any_more(street):
    person = make_person(area=street.tree.community)
    make_appointment(
        person=person, post="grid_worker", area=street.tree.community, ends_on=clock.today() - timedelta(days=1)
    )
    gone = who_is(open_sign_in(make_user(post=None, person=person)), clock.now(), "").actor
    with pytest.raises(NotFound, match="不在您负责的范围内"):
        street.make(street.shop, "shop", "1.1", actor=gone)


# The rule -------------------------------------------------------------------------------------------------------------


def changed(street, code: str, valid_from: date) -> None:
    version = version_of(street.schemes["shop"], code)
    text = RuleText(title="门前整洁", lowest=Points(10), highest=Points(10))
    change_rule(rule=version.rule, text=text, valid_from=valid_from, actor=SYSTEM, now=clock.now())


def test_a_version_that_was_replaced_does_not_judge_any_more(street):
    old = version_of(street.schemes["shop"], "1.1")
    changed(street, "1.1", clock.today())
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", rule_version_id=old.id, points=20)


def test_a_version_that_begins_tomorrow_does_not_judge_yet(street):
    old = version_of(street.schemes["shop"], "1.1")
    changed(street, "1.1", clock.today() + timedelta(days=1))
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", points=10)
    assert street.make(street.shop, "shop", "1.1", rule_version_id=old.id, points=20).points == 20


def test_an_ended_rule_judges_until_the_end_of_its_last_day(street):
    version = version_of(street.schemes["shop"], "1.1")
    end_rule(rule=version.rule, last_day=clock.today(), actor=SYSTEM, now=clock.now())
    street.make(street.shop, "shop", "1.1")
    with pytest.raises(Conflict, match="已经修改或停用"):
        street.make(street.shop, "shop", "1.1", now=clock.now() + timedelta(days=1))


def test_a_rule_of_a_scheme_for_shops_cannot_be_used_on_a_household(street):
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.household, "shop", "1.1")


def test_a_rule_of_another_communitys_scheme_cannot_be_used(street):
    neighbour = make_community(name="东关社区", street=street.tree.street)
    street.schemes["foreign"] = make_scheme(area=neighbour.community, code="shop")
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.shop, "foreign", "1.1")


def test_a_scheme_that_was_stopped_takes_no_records(street):
    street.schemes["shop"].active = False
    db.session.flush()
    with pytest.raises(Conflict, match="不适用于这里"):
        street.make(street.shop, "shop", "1.1")


def test_a_shop_that_was_closed_cannot_be_scored(street):
    street.shop.active = False
    db.session.flush()
    with pytest.raises(Conflict, match="已经停用"):
        street.make(street.shop, "shop", "1.1")


def test_a_rule_that_does_not_exist_is_not_found(street):
    with pytest.raises(NotFound):
        street.make(street.shop, "shop", "1.1", rule_version_id=999_999)


@pytest.mark.parametrize("points", [-60, -15, 0, 20, 50])
def test_points_outside_the_range_of_the_rule_are_refused(street, points):
    with pytest.raises(Invalid, match="−5 到 −2 分之间") as refused:
        street.make(street.shop, "shop", "1.8", points)
    assert refused.value.field == "points"


def test_a_fixed_score_cannot_be_changed(street):
    with pytest.raises(Invalid, match="只能记 2 分"):
        street.make(street.shop, "shop", "1.1", 30)


def test_a_half_point_within_the_range_is_kept_to_the_tenth(street):
    street.make(street.shop, "shop", "8.2", 35)
    assert str(street.balance(street.shop, "shop")) == "3.5"


# Proof ----------------------------------------------------------------------------------------------------------------


def test_a_rule_that_wants_a_photo_is_refused_without_one(street):
    with pytest.raises(Invalid, match="要附照片") as refused:
        street.make(street.shop, "shop", "1.2", photos=[])
    assert refused.value.field == "photos"


@pytest.mark.parametrize("note", ["", "  ", "\u200b"])
def test_a_rule_that_wants_a_note_is_refused_without_words(street, note):
    with pytest.raises(Invalid, match="要写说明"):
        street.make(street.shop, "shop", "2.1", note=note)


def test_three_photos_are_kept_and_a_fourth_is_refused(street):
    names = [f"{n}" * 64 for n in "1234"]
    record = street.make(street.shop, "shop", "1.2", photos=names[:3])
    assert queries.photos_of(record.id) == tuple(names[:3])
    with pytest.raises(Invalid, match="照片最多 3 张"):
        street.make(street.shop, "shop", "1.7", photos=names)


def test_a_note_of_301_characters_is_refused_and_one_of_300_is_kept(street):
    assert len(street.make(street.shop, "shop", "1.1", note="好" * 300).note) == 300
    with pytest.raises(Invalid, match="最多 300 个字"):
        street.make(street.shop, "shop", "1.3", note="好" * 301)


def test_a_source_that_is_none_is_refused(street):
    with pytest.raises(Invalid, match="来源不对"):
        street.make(street.shop, "shop", "1.1", source="gift")


def test_nothing_can_have_happened_in_the_future(street):
    with pytest.raises(Invalid, match="不能晚于现在"):
        street.make(street.shop, "shop", "1.1", happened_at=clock.now() + timedelta(minutes=1))


# Recusal --------------------------------------------------------------------------------------------------------------


def lives_in(street, household) -> None:
    street.person.household_id = household.id
    db.session.flush()


def test_nobody_scores_their_own_household(street):
    lives_in(street, street.household)
    with pytest.raises(NotAllowed, match="这是您自己家，按规定要回避"):
        street.make(street.household, "household", "2.1")


def test_nobody_scores_the_courtyard_they_live_in(street):
    lives_in(street, street.household)
    with pytest.raises(NotAllowed, match="您就住在这个院落，按规定要回避"):
        street.make(street.courtyard, "courtyard", "1.2")


def test_a_neighbour_in_the_same_courtyard_may_be_scored(street):
    lives_in(street, street.household)
    neighbour = make_household(courtyard=street.courtyard)
    assert street.make(neighbour, "household", "2.1").state == "posted"


def test_nobody_scores_the_courtyard_they_head_nor_a_household_of_it(street):
    make_appointment(person=street.person, post="courtyard_head", courtyard=street.courtyard)
    with pytest.raises(NotAllowed, match="这是您负责的院落，按规定要回避"):
        street.make(street.courtyard, "courtyard", "1.2")
    with pytest.raises(NotAllowed, match="这一户在您负责的院落，按规定要回避"):
        street.make(street.household, "household", "2.1")


def test_nobody_scores_their_own_shop(street):
    street.shop.owner_id = street.person.id
    db.session.flush()
    with pytest.raises(NotAllowed, match="这是您自己家的店，按规定要回避"):
        street.make(street.shop, "shop", "1.1")


def test_nobody_scores_a_shop_of_their_own_household(street):
    lives_in(street, street.household)
    street.shop.owner_id = make_person(household=street.household).id
    db.session.flush()
    with pytest.raises(NotAllowed, match="这是您自己家的店"):
        street.make(street.shop, "shop", "1.1")


def test_nobody_scores_themselves_or_the_people_they_live_with(street):
    street.schemes["neighbour"] = make_scheme(area=street.tree.community, code="neighbour")
    lives_in(street, street.household)
    relative = make_person(household=street.household)
    with pytest.raises(NotAllowed, match="不能给自己记分"):
        street.make(street.person, "neighbour", "1.3")
    with pytest.raises(NotAllowed, match="这是您家里的人"):
        street.make(relative, "neighbour", "1.3")


def test_people_without_a_household_are_not_taken_for_relatives(street):
    street.schemes["neighbour"] = make_scheme(area=street.tree.community, code="neighbour")
    other = make_person(area=street.tree.community)
    assert street.make(other, "neighbour", "1.3").state == "passed"


# Audience -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "rule", "words"),
    [
        ("party-member", "1.1", "党员"),
        ("volunteer", "1.2", "志愿者"),
        ("staff", "1.1", "社区工作者"),
        ("courtyard-head", "1.1", "院长"),
    ],
)
def test_a_scheme_takes_only_those_it_is_for(street, code, rule, words):
    street.schemes[code] = make_scheme(area=street.tree.community, code=code)
    resident = make_person(household=street.household)
    with pytest.raises(Conflict, match=f"只给{words}记分"):
        street.make(resident, code, rule)


@pytest.mark.parametrize(
    ("code", "rule", "points"),
    [
        ("household", "2.1", 50),
        ("courtyard", "1.2", 20),
        ("courtyard-head", "1.3", 80),
        ("shop", "1.1", 20),
        ("neighbour", "1.4", 5),
        ("party-member", "1.1", 50),
        ("volunteer", "1.1", 40),
        ("staff", "1.1", 50),
    ],
)
@both_databases
def test_each_preset_posts_through_a_record(app, code, rule, points):
    street = make_street()
    if code not in street.schemes:
        street.schemes[code] = make_scheme(area=street.tree.community, code=code)
    holder = {"household": street.household, "courtyard": street.courtyard, "shop": street.shop}.get(code)
    if holder is None:
        holder = make_person(household=street.household, party_member=True, volunteer=True, staff=True)
        make_appointment(person=holder, post="courtyard_head", courtyard=make_courtyard(area=street.tree.micro_grid))
    scheme = street.schemes[code]

    record = street.make(holder, code, rule, points)
    if scheme.inspections_post != "at_once":
        assert record.state == "passed"
        assert queries.waiting_sum(holder.id) == Points(points)
        assert service.confirm(actor=SYSTEM, record_ids=[record.id], now=clock.now()).done == 1
    if scheme.inspections_post == "publication":
        assert service.post_confirmed(actor=SYSTEM, record_ids=[record.id], now=clock.now()).done == 1

    assert record.state == "posted"
    assert street.balance(holder, code) == Points(points + scheme.base)


# Caps -----------------------------------------------------------------------------------------------------------------


def test_a_rule_of_once_a_day_counts_once_a_day(street, at):
    street.make(street.shop, "shop", "1.1", now=at(20, 8))
    with pytest.raises(LimitReached, match="今天已记 1 次，到上限了"):
        street.make(street.shop, "shop", "1.1", now=at(20, 23))
    street.make(street.shop, "shop", "1.1", now=at(21, 0))


def test_another_shop_has_caps_of_its_own(street, at):
    street.make(street.shop, "shop", "1.1", now=at(20))
    street.make(make_shop(area=street.tree.micro_grid), "shop", "1.1", now=at(20))


def test_a_rule_of_four_times_a_month_stops_at_the_fifth_and_starts_anew_next_month(street, at):
    for day in (1, 8, 15, 22):
        street.make(street.shop, "shop", "1.4", now=at(day))
    with pytest.raises(LimitReached, match="本月已记 4 次，到上限了"):
        street.make(street.shop, "shop", "1.4", now=at(29))
    street.make(street.shop, "shop", "1.4", now=at(1, month=12))


def test_a_rule_of_four_times_a_year_stops_at_the_fifth(street, at):
    for month in (9, 10, 11, 12):
        street.make(street.shop, "shop", "2.5", now=at(2, month=month))
    with pytest.raises(LimitReached, match="今年已记 4 次，到上限了"):
        street.make(street.shop, "shop", "2.5", now=at(30, month=12))


def test_a_record_that_was_taken_back_does_not_use_up_the_cap(street):
    record = street.make(street.shop, "shop", "1.1")
    service.undo(actor=street.inspector, record_id=record.id, now=clock.now())
    assert street.make(street.shop, "shop", "1.1").state == "posted"


def test_what_waits_counts_towards_the_cap(street):
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    member = make_person(household=street.household, party_member=True)
    street.make(member, "party-member", "1.1")
    with pytest.raises(LimitReached):
        street.make(member, "party-member", "1.1")


@both_databases
def test_two_inspectors_at_the_same_moment_cannot_exceed_a_cap(app):
    street = make_street()
    db.session.commit()
    shop_id, version_id = street.shop.id, version_of(street.schemes["shop"], "1.1").id
    db.session.remove()
    gate, done = threading.Barrier(4), []

    def record(number: int) -> None:
        with app.app_context():
            gate.wait()
            try:
                service.make(
                    actor=street.inspector,
                    holder_id=shop_id,
                    rule_version_id=version_id,
                    points=Points(20),
                    source="inspection",
                    client_key=f"at-once-{number}",
                    now=clock.now(),
                )
                db.session.commit()
                done.append("recorded")
            except LimitReached:
                db.session.rollback()
                done.append("refused")

    threads = [threading.Thread(target=record, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done) == ["recorded", "refused", "refused", "refused"]


# Exactly once ---------------------------------------------------------------------------------------------------------


@both_databases
def test_the_same_record_sent_twice_is_one_record(street):
    first = street.make(street.shop, "shop", "1.1", client_key="same")
    again = street.make(street.shop, "shop", "1.1", client_key="same")
    assert again.id == first.id
    assert street.balance(street.shop, "shop") == Points(20)


@pytest.mark.parametrize("other", [{"note": "补一句"}, {"photos": [PHOTO]}, {"points": 20, "code": "1.5"}])
def test_the_same_key_with_other_content_is_refused(street, other):
    street.make(street.shop, "shop", "1.1", client_key="same")
    code = other.pop("code", "1.1")
    with pytest.raises(Conflict, match="内容不一样"):
        street.make(street.shop, "shop", code, client_key="same", **other)


@both_databases
def test_the_same_key_for_another_shop_is_refused(street):
    street.make(street.shop, "shop", "1.1", client_key="same")
    with pytest.raises(Conflict):
        street.make(make_shop(area=street.tree.micro_grid), "shop", "1.1", client_key="same")


# The floor and vetoes -------------------------------------------------------------------------------------------------


def test_a_deduction_below_the_floor_of_the_scheme_is_refused(street):
    with pytest.raises(InsufficientPoints, match="最多还能减 0 分"):
        street.make(street.household, "household", "1.6")


def test_a_shop_may_go_below_zero(street):
    street.make(street.shop, "shop", "1.6")
    assert street.balance(street.shop, "shop") == Points(-20)


@both_databases
def test_a_veto_writes_no_points_but_locks_the_account(street):
    record = street.make(street.shop, "shop", "3.5")
    account = find_account(street.shop.id, street.schemes["shop"].id)
    assert (account.locked, account.entries) == (True, 0)
    assert hold_of_cause(Cause("record", record.id)).reason == "一票否决：拒不配合检查"


# Claims ---------------------------------------------------------------------------------------------------------------


def test_claims_of_a_household_wait_for_the_publication(street):
    record = street.make(street.household, "household", "2.1", source="claim")
    assert record.state == "waiting"
    assert [line.id for line in queries.waiting_lines(street.household.id)] == [record.id]
    assert street.balance(street.household, "household") == Points(0)


# Why ------------------------------------------------------------------------------------------------------------------


def test_every_line_says_why_it_is_there(street):
    record = street.make(street.household, "household", "1.1", 30, note="院门口扫得很干净")
    found = explain(Cause("record", record.id))
    assert (found.title, found.rule_code, found.rule_version) == ("门前屋后干净", "1.1", 1)
    assert found.detail == "门前、屋后、楼道无垃圾、无杂物、无积水。"
    assert (found.photos, found.note, found.recorder) == ((PHOTO,), "院门口扫得很干净", "李*梅 网格员")
    assert explain(Cause("up:record", record.id)) == found
    assert explain(Cause("base", record.id)) is None
    assert explain(Cause("record", 999_999)) is None
