"""The rankings at the kiosk: what was published, ten a screen, and one's own place."""

from __future__ import annotations

import pytest

from tests import factories
from tests.kiosk.conftest import frozen
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.ledger.book import Cause
from webapp.ledger.service import Posting, post


def test_rankings_show_ten_a_screen_courtyards_first_and_ones_own_place_above(kiosk, visiting):
    for number in range(12):
        yard = factories.make_courtyard(area=kiosk.tree.micro_grid, name=f"{number + 1} 号院")
        home = factories.make_household(courtyard=yard)
        factories.give_points(home, kiosk.scheme, 200 + number)
    frozen(kiosk)

    first = visiting.get("/kiosk/rankings").text
    assert f"{clock.today().month} 月院落排行" in first
    assert "第 1/2 页" in first
    assert first.count('class="card rank') == 10
    assert "您的院落第 13 名，共 13 个院落" in first
    assert 'class="card rank me"' in visiting.get("/kiosk/rankings?page=2").text
    assert f"{clock.today().year} 年院落排行" in visiting.get("/kiosk/rankings?period=year").text


def test_only_what_was_published_is_ranked_at_the_kiosk(kiosk, at_kiosk):
    assert "还没有公示过排行" in at_kiosk.get("/kiosk/rankings").text
    frozen(kiosk)
    before = at_kiosk.get("/kiosk/rankings").text
    factories.give_points(kiosk.household, kiosk.scheme, 77)

    assert "3 排 12 号院" in before
    assert "您的院落" not in before
    assert at_kiosk.get("/kiosk/rankings").text == before


def test_a_household_below_zero_stands_there_without_a_name_but_reads_its_own_place(kiosk, visiting):
    for home in (kiosk.household, kiosk.neighbour):
        posting = Posting(
            amount=Points.whole(-999),
            kind="record",
            cause=Cause("fine", home.id),
            title="乱倒垃圾",
            happened_on=clock.today(),
            guarded=False,
        )
        post(holder_id=home.id, scheme_id=kiosk.scheme.id, posting=posting, actor=SYSTEM, now=clock.now())
    frozen(kiosk)

    page = visiting.get(f"/kiosk/rankings?scheme={kiosk.scheme.id}").text
    assert page.count("不写名字") == 2
    assert "王*国家" not in page
    assert "您家第" in page


def test_rankings_hold_this_community_only(kiosk, at_kiosk):
    neighbour = factories.make_community(name="桥西社区", street=kiosk.tree.street)
    scheme = factories.make_scheme(area=neighbour.community)
    yard = factories.make_courtyard(area=neighbour.micro_grid, name="外面的院子")
    factories.give_points(factories.make_household(courtyard=yard), scheme, 50)
    frozen(kiosk)

    assert "外面的院子" not in at_kiosk.get(f"/kiosk/rankings?scheme={scheme.id}").text
    assert at_kiosk.get(f"/kiosk/services/{yard.id}").status_code == 404


@pytest.mark.parametrize("query", ["scheme=x", "period=decade", "league=没有这组", "page=99", "improved=1&period=year"])
def test_nonsense_in_the_address_shows_a_ranking_all_the_same(kiosk, at_kiosk, query):
    frozen(kiosk)
    assert at_kiosk.get(f"/kiosk/rankings?{query}").status_code == 200


def test_a_month_that_was_not_published_is_not_found(kiosk, at_kiosk):
    frozen(kiosk)
    assert at_kiosk.get("/kiosk/rankings?month=202001").status_code == 404
