"""The desk's menu: under headings, each post its own entries, the current page's group open, also on a refusal."""

from __future__ import annotations

import re

import pytest

from tests.factories import make_community, make_scheme, make_user
from tests.personas import sign_in


def opened(page: str) -> list[str]:
    return re.findall(r'<details name="menu" open>\s*<summary><span>(.+?)</span>', page)


def labels(page: str) -> list[str]:
    side = page.split("</nav>", maxsplit=1)[0]
    return re.findall(r"<span>([^<]+)</span>", side.split("side-user")[0])


def current(page: str) -> list[str]:
    return re.findall(r'aria-current="page">.*?<span>(.+?)</span>', page.split("</nav>", maxsplit=1)[0], re.DOTALL)


@pytest.fixture
def tree(app):
    return make_community(name="昌宁社区")


@pytest.fixture
def secretary(tree, client):
    return sign_in(client, make_user(post="secretary", area=tree.community))


def test_the_entries_stand_under_their_headings_and_each_post_sees_its_own(app, tree, secretary):
    hers = labels(secretary.get("/desk").text)
    assert [one for one in hers if one in ("今天", "日常", "每月", "名册", "设置")] == [
        "今天",
        "日常",
        "每月",
        "名册",
        "设置",
    ]
    assert hers.index("每月") < hers.index("月度审核") < hers.index("名册") < hers.index("院落与住户")
    clerk = sign_in(app.test_client(), make_user(post="clerk", area=tree.community))
    his = labels(clerk.get("/desk").text)
    assert "月度审核" not in his
    assert "审计日志" not in his
    assert "公示" in his


@pytest.mark.parametrize(
    ("path", "group", "entry"),
    [
        ("/desk", "日常", "今天"),
        ("/desk/records", "日常", "记实"),
        ("/desk/lapses", "日常", "积分台账"),
        ("/desk/honours/kinds", "每月", "评优"),
        ("/desk/people", "名册", "院落与住户"),
        ("/desk/users", "设置", "人员与任职"),
        ("/desk/schemes/presets", "设置", "积分办法"),
    ],
)
def test_the_group_of_the_page_is_open_and_no_other(secretary, path, group, entry):
    page = secretary.get(path).text
    assert opened(page) == [group]
    assert current(page) == [entry]


def test_a_page_whose_address_says_nothing_belongs_to_its_list_all_the_same(tree, secretary):
    scheme = make_scheme(area=tree.community)
    answer = secretary.post(f"/desk/schemes/{scheme.id}/drafts/new", data={"name": "试一试", "note": ""})
    page = secretary.get(answer.location).text
    assert (opened(page), current(page)) == (["设置"], ["积分办法"])


def test_a_refusal_keeps_the_menu_of_who_has_signed_in(app, tree, secretary):
    missing, strange = secretary.get("/desk/no-such-page"), secretary.get("/desk/records/987654")
    assert (missing.status_code, strange.status_code) == (404, 404)
    clerk = sign_in(app.test_client(), make_user(post="clerk", area=tree.community))
    refused = clerk.get("/desk/reviews")
    assert refused.status_code == 403
    for answer in (missing, strange, refused):
        assert 'href="/desk/objections"' in answer.text
        assert "昌宁社区" in answer.text
        assert "/sign-out" in answer.text
    assert "月度审核" in missing.text
    assert "月度审核" not in refused.text


def test_a_failure_keeps_the_menu_and_asks_the_database_nothing(secretary, monkeypatch):
    def broken() -> None:
        raise RuntimeError("no such table")

    monkeypatch.setattr("webapp.reviews.queries.objections_waiting", lambda *_: broken())
    answer = secretary.get("/desk/objections")
    assert answer.status_code == 500
    assert "系统出了点问题" in answer.text
    assert 'href="/desk/records"' in answer.text
    assert "昌宁社区" not in answer.text


def test_who_has_not_signed_in_gets_no_menu(client):
    assert "/desk/records" not in client.get("/desk/no-such-page").text
