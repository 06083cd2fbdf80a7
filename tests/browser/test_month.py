"""A whole month by six people on a clock that is moved: claimed, passed, confirmed, published, objected to, answered, closed."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import personas
from tests.browser.test_claims import phone_at_home
from tests.browser.test_inspections import photo
from tests.browser.tools import DESK, PHONE, keep, serving, violations, watched_page
from tests.claims.conftest import Yard, make_yard
from tests.factories import make_user
from tests.reviews.test_seal_program import PROGRAM
from webapp.core import clock
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.ledger.verify import verify_all
from webapp.users.models import User

pytestmark = pytest.mark.browser


def at(day: int, hour: int = 10, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=clock.LOCAL)


@pytest.fixture
def yard(app) -> Iterator[Yard]:
    with clock.travel(at(18)):
        made = make_yard()
        made.street.make(made.resident, "household", "1.1", 50, now=clock.now())
        db.session.commit()
        yield made


@contextmanager
def at_work(app, chromium: Browser, address: str, user: User, viewport=DESK) -> Iterator[Page]:
    client = app.test_client()
    personas.sign_in(client, user)
    cookie = client.get_cookie("shanzhi")
    with watched_page(chromium, address, viewport, has_touch=True) as page:
        page.context.add_cookies([{"name": "shanzhi", "value": cookie.value, "url": address}])
        db.session.rollback()  # the test itself must not hold the writers' turn
        yield page


def step(page: Page, name: str) -> None:
    keep(page, f"month-{name}")
    assert violations(page) == []


def balance(yard: Yard, household) -> int:
    db.session.rollback()
    account = find_account(household.id, yard.street.schemes["household"].id)
    db.session.rollback()
    return account.balance.tenths if account else 0


def claimed(page: Page, rule: str, note: str, *households: str) -> None:
    page.goto("/home/claims/new")
    for name in households:
        page.get_by_text(name).tap()
    folded = page.locator("details:not([open]) > summary", has_text="小区建设")
    if folded.count():
        folded.tap()
    page.get_by_text(rule).tap()
    page.locator("#note").fill(note)
    page.locator(".actions .btn").first.tap()
    page.get_by_text("等初审。").first.wait_for()


def passed(page: Page, count: int) -> None:
    page.goto("/phone/claims")
    ticks = page.get_by_text("勾选", exact=False).locator("xpath=ancestor-or-self::label")
    for place in range(count):
        ticks.nth(place).tap()
    step(page, "grid-worker")
    page.get_by_role("button", name="通过勾选的").tap()
    page.get_by_text(f"通过 {count} 条").wait_for()


def deducted(page: Page, household_id: int, folder: Path) -> None:
    page.goto(f"/phone/score/{household_id}?show=all")
    page.get_by_text("楼道、院内堆放杂物").tap()
    page.locator("input[type=file]").first.set_input_files(photo(folder))
    page.locator(".photo.full img").wait_for()
    page.get_by_role("button", name="记 −2 分").tap()
    page.get_by_role("heading", name="已记 −2 分").wait_for()
    step(page, "inspector")


def confirmed_and_published(page: Page) -> None:
    page.goto("/desk/reviews")
    step(page, "secretary")
    page.get_by_role("button", name="认定所选").click()
    page.get_by_text("已认定 4 条").wait_for()
    page.get_by_role("link", name="会议与参加人员").click()
    page.get_by_label("参加").fill("王书记、李网格员、居民代表刘*梅")
    page.get_by_role("button", name="保存").click()
    page.get_by_role("link", name="公示", exact=True).last.click()
    page.get_by_role("button", name="现在公示").click()
    page.wait_for_url(re.compile("/desk/publications/"))
    step(page, "published")


def sealed(page: Page, folder: Path) -> None:
    """The Excel file holds against the program that docs/seal.md prints."""
    file = folder / "notice.xlsx"
    file.write_bytes(page.request.get(f"{page.url.split('?')[0]}/excel").body())
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("6 lines")


def objected(page: Page) -> None:
    page.goto("/home/publication")
    step(page, "objector")
    page.get_by_role("link").filter(has_text="堆放杂物").click()
    page.get_by_text("没有这回事").click()
    page.get_by_label("说明").fill("那天东西是隔壁工地的")
    page.get_by_role("button", name="提交异议").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("第 1 号")


def answered(page: Page) -> None:
    page.goto("/desk/objections")
    page.get_by_role("link", name="看 ").first.click()
    page.get_by_label("成立，冲正这一条").check()
    page.get_by_label("答复").fill("去看过了，东西是工地的")
    step(page, "answer")
    page.get_by_role("button", name="答复").click()
    expect(page.get_by_text("异议成立")).to_be_visible()


def test_a_whole_month_from_the_first_claim_to_the_closed_book(app, yard: Yard, chromium: Browser, tmp_path: Path):
    area = yard.street.tree.community
    worker, secretary = make_user(post="grid_worker", area=area), make_user(post="secretary", area=area, name="王大山")
    lead = make_user(post="grid_lead", area=area, name="赵公正")
    area_id, home_id = area.id, yard.resident.id
    with serving(app) as address:
        with phone_at_home(chromium, address, yard.head) as head:
            claimed(head, "参加居民会议", "11 月居民大会", "自己家", "刘*梅家", "李*家")
        with phone_at_home(chromium, address, yard.resident) as resident:
            claimed(resident, "提的建议被采纳", "加装楼道灯")
        with at_work(app, chromium, address, yard.worker, PHONE) as inspector:
            deducted(inspector, home_id, tmp_path)
        with at_work(app, chromium, address, worker, PHONE) as passing:
            passed(passing, 4)
        assert balance(yard, yard.resident) == 30

        with clock.travel(at(25)), at_work(app, chromium, address, secretary) as desk:
            confirmed_and_published(desk)
            sealed(desk, tmp_path)
        assert balance(yard, yard.resident) == 30 + 50 + 60
        assert balance(yard, yard.neighbour) == balance(yard, yard.head) == 50

        with clock.travel(at(27)):
            with phone_at_home(chromium, address, yard.resident) as objector:
                objected(objector)
            with at_work(app, chromium, address, lead) as answering:
                answered(answering)
            with phone_at_home(chromium, address, yard.resident) as objector:
                objector.goto("/home/objections")
                objector.get_by_text("去看过了，东西是工地的").first.wait_for()
                step(objector, "answered")
        assert balance(yard, yard.resident) == 160

        with clock.travel(at(20, month=12)), at_work(app, chromium, address, secretary) as desk:
            desk.goto(f"/desk/publications/{area_id}/202611")
            desk.get_by_role("button", name=re.compile("关账")).click()
            desk.get_by_text("已关账：这个月不再收异议").wait_for()
            step(desk, "closed")
            sealed(desk, tmp_path)
    verify_all(db.engine)
