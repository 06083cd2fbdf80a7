"""Honours in a real browser: the meeting's page, the list, the certificate on one lying A4, the page behind its code."""

from __future__ import annotations

import io

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tools import DESK, PHONE, keep, serving, too_small, violations, watched_page
from tests.factories import make_user
from tests.honours.conftest import MET, MONTH, make_hall
from tests.rankings.conftest import at
from webapp.core import clock
from webapp.extensions import db
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@pytest.fixture
def kind_id(app):
    with clock.travel(MET):
        made = make_hall()
        made.town.freeze(MONTH, now=at(25))
        make_user(post="secretary", area=made.town.tree.community, login="secretary", password_hash=slow_hash(PASSWORD))
        found = made.kind.id
        db.session.commit()
        yield found


def check(page: Page, name: str, least: int = 24) -> None:
    keep(page, name)
    assert violations(page) == []
    assert too_small(page, least) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


def test_a_meeting_chooses_prints_a_certificate_and_anybody_checks_it(app, kind_id, chromium: Browser):
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        page.goto("/desk/honours/kinds")
        page.get_by_label("登录名").fill("secretary")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.get_by_role("link", name="评选 2026 年 11 月").wait_for()
        check(page, "honours-kinds")
        page.get_by_role("link", name="明星党员").click()
        check(page, "honours-kind")
        page.goto(f"/desk/honours/kinds/{kind_id}/choose/{MONTH}")
        check(page, "honours-choose")
        page.get_by_label("选刘*梅家").check()
        page.get_by_role("button", name="定下来，生成荣誉").click()
        expect(page.get_by_label("选刘*梅家")).to_be_checked()
        page.get_by_label("会议记录").fill("支委会 9 人到会，全票同意")
        page.get_by_role("button", name="定下来，生成荣誉").click()
        page.get_by_role("heading", name="文明家庭评选结果").wait_for()
        check(page, "honours-choice")
        page.goto("/desk/honours")
        check(page, "honours-list")
        page.get_by_role("link", name="证书").click()
        page.get_by_text("特发此证").wait_for()
        check(page, "honours-certificate")
        paper = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True)))
        assert [round(side / 72 * 25.4) for side in paper[0].get_size()] == [297, 210]
        assert len(paper) == 1
        page.goto("/desk/honours/1/withdraw")
        check(page, "honours-withdraw")
        page.set_viewport_size(PHONE)
        page.goto(f"/honours/{code()}")
        expect(page.get_by_text("有效", exact=True)).to_be_visible()
        check(page, "honours-check", 24)


def code() -> str:
    found = str(db.session.execute(db.text("SELECT code FROM honour")).scalar_one())
    db.session.rollback()
    return found
