"""通知 for the notice board: the month's dates, whom to ask, where to look."""

from __future__ import annotations

from tests.factories import make_community, make_user
from tests.personas import sign_in
from webapp.core import clock
from webapp.extensions import db


def _at_desk(client, post="secretary"):
    tree = make_community()
    user = make_user(post=post, area=tree.community, name="王建国")
    db.session.commit()
    sign_in(client, user)
    return tree


def _address(tree, month: int) -> str:
    return f"/desk/reviews/{tree.community.id}/{month}/announcement"


def test_before_the_publication_it_leaves_room_for_the_meeting_and_counts_the_days(client):
    tree = _at_desk(client)
    page = client.get(_address(tree, clock.month_of(clock.now()))).text
    for words in ("通　知", "会议时间：＿＿＿", "公示以后 <b>7 天</b>以内", "26日到", "25日", "有事找谁"):
        assert words in page


def test_who_serves_is_named_masked(client):
    tree = _at_desk(client)
    page = client.get(_address(tree, clock.month_of(clock.now()))).text
    assert "王*国" in page
    assert "王建国" not in page


def test_on_the_large_sheet_it_is_the_same(client):
    tree = _at_desk(client)
    page = client.get(_address(tree, clock.month_of(clock.now())) + "?size=a3").text
    assert "announcement a3" in page
    assert "换成 A4" in page


def test_a_month_to_come_and_another_community_are_not_found(client):
    tree = _at_desk(client)
    other = make_community(name="别的社区")
    db.session.commit()
    assert client.get(_address(tree, 209901)).status_code == 404
    assert client.get(_address(other, clock.month_of(clock.now()))).status_code == 404
