"""Today's page: what waits, what happened, what is odd."""

from __future__ import annotations

import pytest

from tests.conftest import KEY
from tests.factories import (
    give_points,
    make_community,
    make_courtyard,
    make_household,
    make_item,
    make_scheme,
    make_shop,
    make_user,
)
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.records import service as records
from webapp.redemption.service import vouchers
from webapp.schemes.queries import current_rules


@pytest.fixture
def tree(app):
    return make_community()


@pytest.fixture
def clerk(tree, client):
    return sign_in(client, make_user(post="clerk", area=tree.community))


def test_a_quiet_day_says_what_will_appear(clerk):
    page = clerk.get("/desk")
    assert page.status_code == 200
    assert "没有等着领取的券" in page.text
    assert "今天还没有记实" in page.text


def test_a_new_community_is_told_what_to_do_first_until_it_is_done(tree, clerk):
    page = clerk.get("/desk").text
    assert "先做下面几步" in page
    assert page.count("还没做") == 3
    make_scheme(area=tree.community)
    page = clerk.get("/desk").text
    assert (page.count("还没做"), page.count("已做")) == (2, 1)
    make_courtyard(area=tree.micro_grid)
    assert "先做下面几步" not in clerk.get("/desk").text


def test_waiting_vouchers_and_todays_records_are_there(tree, clerk):
    scheme = make_scheme(area=tree.community)
    household = make_household(area=tree.micro_grid, name="赵金锁")
    give_points(household, scheme, 100)
    item = make_item(area=tree.community, scheme=scheme, name="大米", left=3)
    vouchers.redeem(
        actor=SYSTEM,
        household_id=household.id,
        item_id=item.id,
        quantity=1,
        expected=Points.whole(20),
        key=KEY,
        now=clock.now(),
    )
    rule = next(rule for rule in current_rules(scheme.id, clock.today()) if rule.title == "参加居民会议")
    records.make(
        actor=SYSTEM,
        holder_id=household.id,
        rule_version_id=rule.version_id,
        points=rule.lowest,
        source="inspection",
        client_key="k" * 32,
        now=clock.now(),
    )
    page = clerk.get("/desk").text
    assert "1 张券" in page
    assert "参加居民会议" in page
    assert "赵*锁家" in page
    assert "赵金锁" not in page
    assert "大米只剩 2" in page


def test_coverage_counts_what_was_inspected_this_month(tree, clerk):
    scheme = make_scheme(area=tree.community, code="shop")
    shops = [make_shop(area=tree.micro_grid) for _ in range(4)]
    make_courtyard(area=tree.micro_grid)
    rule = next(rule for rule in current_rules(scheme.id, clock.today()) if rule.proof == "none")
    records.make(
        actor=SYSTEM,
        holder_id=shops[0].id,
        rule_version_id=rule.version_id,
        points=rule.lowest,
        source="inspection",
        client_key="k" * 32,
        now=clock.now(),
    )
    page = clerk.get("/desk").text
    assert "1 / 4" in page
    assert "25%" in page
    assert "0 / 1" in page


def test_another_communitys_day_is_not_shown(tree, clerk):
    other = make_community(street=tree.street, name="永安社区")
    scheme = make_scheme(area=other.community)
    make_item(area=other.community, scheme=scheme, name="别处的米", left=1)
    assert "别处的米" not in clerk.get("/desk").text


def test_inspectors_without_a_desk_are_refused(tree, client):
    sign_in(client, make_user(post="inspector", area=tree.community))
    assert client.get("/desk").status_code == 403
