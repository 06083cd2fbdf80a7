"""What happened comes into the book once, by somebody who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import (
    make_appointment,
    make_community,
    make_courtyard,
    make_person,
    make_scheme,
    make_shop,
    make_user,
)
from tests.personas import open_sign_in
from tests.records.conftest import PHOTO, actor_of, make_street
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import (
    Conflict,
    InsufficientPoints,
    NotAllowed,
    NotFound,
)
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import explain
from webapp.ledger.queries import find_account, hold_of_cause, last_entries
from webapp.records import queries, service
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
