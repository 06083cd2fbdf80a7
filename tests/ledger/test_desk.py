"""The book at the desk: finding an account, reading its lines, why each stands there, taking it along as Excel."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from tests.factories import give_points, make_community, make_household, make_scheme, make_user
from tests.ledger.conftest import NOON, Town
from tests.personas import sign_in
from webapp.audit.models import AuditLine
from webapp.core import clock
from webapp.extensions import db
from webapp.ledger.book import Cause
from webapp.ledger.explain import Explanation, register
from webapp.ledger.queries import find_account

OCTOBER = datetime(2026, 10, 9, 4, 0, tzinfo=UTC)


@pytest.fixture
def book(town: Town) -> dict[str, int]:
    """Lines of October and November, one of them reversed; the ids that addresses need."""
    town.post(55, now=OCTOBER, title="登记新租户")
    wrong = town.post(20, title="门前干净", note="拍了照片")
    town.reverse(wrong)
    town.hold(10)
    town.post(-25, holder=town.shop, title="店外堆放杂物")
    accounts = {holder.kind: town.account(holder).id for holder in (town.household, town.courtyard, town.shop)}
    db.session.commit()
    return accounts


@pytest.fixture
def desk(client: FlaskClient, town: Town, book: dict[str, int]) -> FlaskClient:
    return sign_in(client, make_user(post="clerk", area=town.tree.community))


@pytest.fixture(autouse=True)
def november():
    with clock.travel(NOON):
        yield


def words(response) -> str:
    assert response.status_code == 200
    return BeautifulSoup(response.text, "html.parser").get_text(" ", strip=True)


def numbers(response) -> list[str]:
    """The first cells of the list."""
    page = BeautifulSoup(response.text, "html.parser")
    return [cell.get_text(strip=True) for cell in page.select("tbody tr:not(.below) td:first-child")]


# The list of accounts -------------------------------------------------------------------------------------------------


def test_the_list_shows_each_account_with_its_balance_and_masks_names(desk, town):
    shown = words(desk.get("/desk/accounts"))

    assert "刘**" in shown or "刘*梅" in shown
    assert "刘红梅" not in shown
    assert "5.5" in shown
    assert "−2.5" in shown


@pytest.mark.parametrize("typed", ["lhm", "刘红", "NUMBER"])
def test_an_account_is_found_by_number_name_or_initials(desk, town, typed):
    wanted = town.household.number if typed == "NUMBER" else typed

    assert numbers(desk.get("/desk/accounts", query_string={"q": wanted})) == [town.household.number]


def test_the_list_narrows_by_scheme_state_and_area(desk, town):
    by = {"scheme": town.shop_scheme.id}, {"state": "below"}, {"state": "held"}, {"area": town.tree.grids[1].id}
    found = [numbers(desk.get("/desk/accounts", query_string=query)) for query in by]

    assert found == [[town.shop.number], [town.shop.number], [town.household.number], []]


def test_a_locked_account_says_so(desk, town, book):
    town.lock()
    db.session.commit()

    assert numbers(desk.get("/desk/accounts?state=locked")) == [town.household.number]
    assert "这个账户暂停花分" in words(desk.get(f"/desk/accounts/{book['household']}"))


def test_a_search_that_finds_nothing_says_what_to_try(desk):
    assert "没有找到符合条件的账户" in words(desk.get("/desk/accounts?q=没有这个人"))


def test_a_community_without_points_says_that_none_were_posted(client, app):
    sign_in(client, make_user(post="clerk", area=make_community().community))

    assert "还没有积分账户" in words(client.get("/desk/accounts"))
    assert "这个月还没有记分" in words(client.get("/desk/month-totals"))


def test_typing_swaps_only_the_list(desk):
    answer = desk.get("/desk/accounts?q=x", headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert "HX-Request" in answer.headers["Vary"]


# One account ----------------------------------------------------------------------------------------------------------


def test_an_accounts_page_lists_its_lines_newest_first(desk, book):
    answer = desk.get(f"/desk/accounts/{book['household']}")

    assert numbers(answer) == ["3", "2", "1"]
    shown = words(answer)
    for piece in ("冲正：门前干净", "登记新租户", "余额 5.5", "冻结 1", "兑换：1 分"):
        assert piece in shown


def test_lines_narrow_to_the_month_in_which_they_were_posted(desk, book):
    address = f"/desk/accounts/{book['household']}"

    assert numbers(desk.get(f"{address}?month=202610")) == ["1"]
    assert numbers(desk.get(f"{address}?month=202611")) == ["3", "2"]
    assert desk.get(f"{address}?month=209912").status_code == 404


def test_a_long_book_comes_in_pages(desk, town, book):
    for _ in range(60):
        town.post(5)
    db.session.commit()

    first, second = (numbers(desk.get(f"/desk/accounts/{book['household']}?page={page}")) for page in (1, 2))
    assert (len(first), first[0], second[-1]) == (50, "63", "1")


def test_a_month_without_lines_says_so(desk, town, book):
    quiet = make_household(courtyard=town.courtyard)
    account_id = town.post(10, holder=quiet, now=OCTOBER).account_id
    db.session.commit()

    assert "2026 年 11 月没有流水" in words(desk.get(f"/desk/accounts/{account_id}?month=202611"))


# Why ------------------------------------------------------------------------------------------------------------------


def test_why_tells_who_when_and_the_check_code(desk, town, book):
    line = town.lines()[-1]
    shown = words(desk.get(f"/desk/accounts/{book['household']}/entries/1"))

    for piece in ("登记新租户", "系统", "2026-10-09 12:00:00", line.check_code, line.hash, f"record-{line.cause.id}"):
        assert piece in shown


def test_why_leads_from_a_reversed_line_to_its_reversal_and_back(desk, book):
    reversed_line = desk.get(f"/desk/accounts/{book['household']}/entries/2")
    reversal = desk.get(f"/desk/accounts/{book['household']}/entries/3")

    assert "这一笔已经冲正" in words(reversed_line)
    assert f"/desk/accounts/{book['household']}/entries/3" in reversed_line.text
    assert "这一笔冲正 第 2 笔" in words(reversal)


def test_why_leads_from_a_household_to_its_courtyard_and_back(desk, book):
    below = desk.get(f"/desk/accounts/{book['household']}/entries/1")
    above = desk.get(f"/desk/accounts/{book['courtyard']}/entries/1")

    assert f"/desk/accounts/{book['courtyard']}/entries/1" in below.text
    assert "汇总到院落" in words(below)
    assert f"/desk/accounts/{book['household']}/entries/1" in above.text
    assert "住户的那一笔" in words(above)


def test_why_shows_what_the_causing_feature_knows(desk, app, town, book):
    town.post(30, cause=Cause("test", 9), title="调解纠纷")
    db.session.commit()
    register(
        app,
        "test",
        lambda cause: Explanation(
            title="调解邻里纠纷",
            text="社会综治 4.3「调解邻里纠纷」，+8 分",
            rule_version=2,
            detail="双方签字",
            photos=("ab" * 32,),
            place="3 号楼",
            recorder="陈* 网格员",
            reviewed_by="王* 书记",
            note=f"第 {cause.id} 件",
        ),
    )
    answer = desk.get(f"/desk/accounts/{book['household']}/entries/4")

    shown = words(answer)
    for piece in ("社会综治 4.3", "第 2 版", "双方签字", "3 号楼", "陈* 网格员", "王* 书记", "第 9 件"):
        assert piece in shown
    assert f"/photos/{'ab' * 32}?size=thumb" in answer.text


def test_why_opens_below_its_line_without_leaving_the_page(desk, book):
    answer = desk.get(f"/desk/accounts/{book['household']}/entries/1", headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert "校验码" in answer.text


def test_a_line_that_does_not_exist_is_not_found(desk, book):
    assert desk.get(f"/desk/accounts/{book['household']}/entries/99").status_code == 404


# Export ---------------------------------------------------------------------------------------------------------------


def exported(desk, account_id: int, **more: str):
    return desk.post(f"/desk/accounts/{account_id}/export", data={"reason": "住户申请打印流水", **more})


def sheets(response) -> dict[str, list[list]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.data))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_an_export_holds_the_lines_and_the_head_of_the_chain(desk, town, book):
    answer = exported(desk, book["household"])

    lines, notes = sheets(answer).values()
    assert answer.status_code == 200
    assert f"2026-11_积分台账_住户{town.household.number}.xlsx" in unquote(answer.headers["Content-Disposition"])
    assert [row[0] for row in lines[1:]] == [3, 2, 1]
    assert [row[6] for row in lines[1:]] == [-2, 2, 5.5]
    assert lines[1][-1] == town.account().head
    facts = dict(row[:2] for row in notes)
    assert facts["链头校验值"] == town.account().head
    assert facts["导出原因"] == "住户申请打印流水"
    assert "刘红梅" not in str(notes)


def test_an_export_is_narrowed_like_the_page(desk, book):
    lines, notes = sheets(exported(desk, book["household"], month="202610")).values()

    assert [row[0] for row in lines[1:]] == [1]
    assert dict(row[:2] for row in notes)["导出范围"] == "2026 年 10 月入账，1 笔"


def test_an_export_leaves_a_line_with_its_reason_in_the_audit_log(desk, town, book):
    exported(desk, book["household"])

    line = db.session.scalars(select(AuditLine).where(AuditLine.action == "account:exported")).one()
    assert line.object_id == book["household"]
    assert json.loads(line.detail)["reason"] == "住户申请打印流水"


@pytest.mark.parametrize("reason", ["", "看看"])
def test_an_export_without_a_real_reason_is_refused(desk, book, reason):
    answer = exported(desk, book["household"], reason=reason)

    assert answer.status_code == 422
    assert "请写明" in answer.text
    assert db.session.scalars(select(AuditLine).where(AuditLine.action == "account:exported")).all() == []


def test_nothing_in_an_export_is_a_formula(desk, town, book):
    town.post(10, title="=1+1", note="@SUM(A1)")
    db.session.commit()

    lines = next(iter(sheets(exported(desk, book["household"])).values()))
    assert (lines[1][5], lines[1][9]) == ("=1+1", "@SUM(A1)")


# Months ---------------------------------------------------------------------------------------------------------------


def test_a_months_totals_show_each_scheme_with_its_sum(desk):
    shown = words(desk.get("/desk/month-totals?month=202611"))

    for piece in ("善治积分·居民", "善治积分·院长", "商铺积分", "合计"):
        assert piece in shown
    assert "登记新租户" not in shown


def test_a_month_in_which_nothing_was_posted_says_so(desk):
    assert "这个月还没有记分" in words(desk.get("/desk/month-totals?month=202609"))


# Whose ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbour(town: Town) -> dict[str, int]:
    """A household with points in the community next door."""
    tree = make_community(name="邻近社区", street=town.tree.street)
    scheme, household = make_scheme(area=tree.community), make_household(area=tree.grid, name="赵四")
    give_points(household, scheme, 5, now=NOON)
    found = {"account": find_account(household.id, scheme.id).id, "community": tree.community.id, "area": tree.grid.id}
    db.session.commit()
    return found


def test_another_communitys_book_does_not_exist_for_this_desk(desk, neighbour):
    addresses = [
        f"/desk/accounts/{neighbour['account']}",
        f"/desk/accounts/{neighbour['account']}/entries/1",
        f"/desk/accounts/{neighbour['account']}/export",
        f"/desk/accounts?area={neighbour['area']}",
        f"/desk/month-totals?community={neighbour['community']}",
    ]

    assert [desk.get(address).status_code for address in addresses] == [404] * 5
    assert exported(desk, neighbour["account"]).status_code == 404
    assert "赵" not in words(desk.get("/desk/accounts"))


def test_a_county_officer_sees_both_communities(client, town, book, neighbour):
    sign_in(client, make_user(post="county_officer", area=town.tree.county))

    assert client.get(f"/desk/accounts/{neighbour['account']}").status_code == 200
    assert client.get(f"/desk/month-totals?community={neighbour['community']}").status_code == 200
    assert client.get(f"/desk/accounts/{book['household']}").status_code == 200


def test_who_may_not_export_is_refused(client, town, book):
    sign_in(client, make_user(post="grid_worker", area=town.tree.community))

    assert client.get(f"/desk/accounts/{book['household']}").status_code == 200
    assert client.get(f"/desk/accounts/{book['household']}/export").status_code == 403
    assert exported(client, book["household"]).status_code == 403
