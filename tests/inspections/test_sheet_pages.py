"""The form of the inspection sheet: items with weights, points by rank, the least size of a league."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from tests.inspections.tools import text_of


def typed_sheet(page: str) -> dict[str, str]:
    """What stands in the form, as a browser would send it."""
    form = BeautifulSoup(page, "html.parser").select_one("form.form")
    sent = {field["name"]: field.get("value", "") for field in form.select("input[type=text]")}
    sent |= {field["name"]: field["value"] for field in form.select("input[type=number][value]")}
    sent |= {field["name"]: field["value"] for field in form.select("input[type=radio][checked]")}
    for field in form.select("select"):
        chosen = field.select_one("option[selected]") or field.select_one("option")
        sent[field["name"]] = chosen["value"]
    return sent


def test_a_sheet_is_changed_into_a_new_version(desk, yards):
    scheme = yards.street.schemes["courtyard"].id
    address = f"/desk/sheets/{scheme}/edit"
    sent = typed_sheet(text_of(desk.get(address)))
    assert sent["items-0-name"] == "院内地面"
    sent |= {
        "items-0-full": "15",
        "items-0-step": "5",
        "rewards-3-by": "share",
        "rewards-3-last": "50",
        "rewards-3-points": "0.5",
    }
    refused = desk.post(address, data=sent)
    assert refused.status_code == 422
    assert "超出细则「卫生大检查名次加分」的范围" in text_of(refused)
    assert 'value="15"' in text_of(refused)
    done = desk.post(address, data=sent | {"rewards-3-points": "1"}, follow_redirects=True)
    assert "第 2 版" in text_of(done)
    assert "前 0～50% +1 分" in text_of(done)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"items-0-full": "很多"}, "分值请填数字"),
        ({"items-0-step": "3"}, "整数倍"),
        ({"leagues": "八"}, "请填整数"),
        ({"leagues": "8、4"}, "从小到大"),
        ({"coverage": "101"}, "1 到 100"),
        ({"coverage": ""}, "1 到 100"),
        ({"least": "0"}, "1 到 50"),
        ({"least": ""}, "1 到 50"),
        ({"rewards-0-first": "x"}, "请填整数"),
        ({"rewards-0-points": ""}, "分值请填数字"),
        ({"plus_rule": "0"}, "请选按哪条细则入账"),
    ],
)
def test_a_sheet_that_cannot_be_comes_back_with_what_was_typed(desk, yards, change, words):
    address = f"/desk/sheets/{yards.street.schemes['courtyard'].id}/edit"
    answer = desk.post(address, data=typed_sheet(text_of(desk.get(address))) | change)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert 'value="楼道和公共区域"' in text_of(answer)


def test_the_schemes_page_leads_to_its_sheet_and_other_schemes_have_none(desk, yards):
    scheme, shop = yards.street.schemes["courtyard"].id, yards.street.schemes["shop"].id
    assert f'href="/desk/sheets/{scheme}"' in text_of(desk.get(f"/desk/schemes/{scheme}"))
    assert "/desk/sheets/" not in text_of(desk.get(f"/desk/schemes/{shop}"))
    assert desk.get(f"/desk/sheets/{shop}").status_code == 404
