"""What is typed into a search box never stands in an address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests import factories, personas
from tests.codebase.sources import ROOT
from webapp.extensions import db

#: Lists with a search box -> a field that narrows besides.
LISTS = {
    "/desk/households": {"state": "all"},
    "/desk/people": {"state": "all"},
    "/desk/users": {},
    "/desk/accounts": {"state": "held"},
    "/desk/records": {"first": "2026-01-01"},
    "/desk/audit": {},
    "/desk/vouchers": {"state": "issued"},
    "/desk/codes": {"kind": "household"},
}
SOUGHT = "欧阳建国"


@pytest.fixture
def secretary(app, client):
    tree = factories.make_community()
    for number in range(60):
        factories.make_household(area=tree.micro_grid, name=f"{SOUGHT}{number}")
    factories.make_household(area=tree.micro_grid, name="刘长梅")
    user = factories.make_user(post="secretary", area=tree.community)
    factories.make_appointment(person=user.person, post="clerk", area=tree.community)
    db.session.commit()
    personas.sign_in(client, user)
    return client


def find(client, to: str, **fields: str):
    return client.post("/find", data={"to": to, "q": SOUGHT, **fields})


@pytest.mark.parametrize("to", LISTS)
def test_a_search_leads_to_the_list_without_its_text_in_any_address(secretary, to):
    answer = find(secretary, to, **LISTS[to])
    page = secretary.get(answer.location)

    assert answer.status_code == 303
    assert SOUGHT not in parse_qs(urlsplit(answer.location).query)["q"][0]
    assert f'value="{SOUGHT}"' in page.text, "the box keeps what was typed"
    addresses = re.findall(r'(?:href|action|hx-get|hx-post)="([^"]*)"', page.text)
    assert not [one for one in addresses if SOUGHT in one or "%E6%AC%A7" in one]


def test_the_list_is_narrowed_and_its_further_pages_and_export_are_too(secretary):
    page = secretary.get(find(secretary, "/desk/households").location).text
    second = re.search(r'href="([^"]*page=2[^"]*)"', page)[1].replace("&amp;", "&")

    assert "共 60 户" in page
    assert "刘*梅" not in secretary.get(second).text
    assert "第 2 / 2 页" in secretary.get(second).text
    export = secretary.get(re.search(r'href="([^"]*/export[^"]*)"', page)[1].replace("&amp;", "&")).text
    assert f'value="{SOUGHT}"' in export


def test_an_empty_search_leads_back_to_the_whole_list(secretary):
    assert secretary.post("/find", data={"to": "/desk/households", "q": "  "}).location == "/desk/households"


@pytest.mark.parametrize("to", ["", "//evil.example", "https://evil.example/", "/\\evil.example"])
def test_a_search_leads_to_our_own_pages_only(secretary, to):
    answer = find(secretary, to)

    assert answer.status_code == 422
    assert "请返回列表重新搜索" in answer.text


@pytest.mark.parametrize("broken", ["~", "~x", "~AAAA", "~" + "A" * 500, "~\x00"])
def test_a_broken_address_is_no_search(secretary, broken):
    answer = secretary.get("/desk/households", query_string={"q": broken})

    assert answer.status_code == 200
    assert "共 61 户" in answer.text


def test_no_page_sends_typed_text_by_address_but_rules_and_courtyard_numbers():
    found = set()
    for template in (ROOT / "templates").rglob("*.html"):
        for form in re.findall(r"<form[^>]*method=\"get\".*?</form>", template.read_text(encoding="utf-8"), re.S):
            if re.search(r'<input(?![^>]*type="(?:hidden|radio|checkbox|date|month|number)")', form):
                found.add(template.relative_to(ROOT / "templates").as_posix())
    assert found == {"inspections/_rules.html", "kiosk/services.html"}
