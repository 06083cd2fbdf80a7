"""Schemes at the desk in a real Chromium: found by typing, changed, imported; accessible at the office's size."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from tests import factories
from tests.browser.tools import DESK, keep, serving, sign_in, too_small, violations, watched_page
from tests.factories import CommunityTree
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.core.sheets import write_table
from webapp.extensions import db
from webapp.schemes import queries, service
from webapp.schemes.models import Rule, Scheme
from webapp.schemes.service import sheet
from webapp.users.passwords import slow_hash
from webapp.web.application import Application

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@pytest.fixture
def tree(app: Application) -> CommunityTree:
    tree = factories.make_community()
    factories.make_user(post="secretary", area=tree.community, login="shuji", password_hash=slow_hash(PASSWORD))
    return tree


@pytest.fixture
def scheme(tree: CommunityTree) -> Scheme:
    """The household scheme with a rule that is ended, and one that is about to change."""
    factories.make_scheme(area=tree.community, code="shop")
    scheme = factories.make_scheme(area=tree.community)
    ended = db.session.scalars(select(Rule).where(Rule.scheme_id == scheme.id, Rule.code == "1.3")).one()
    last = factories.CREATED_AT + timedelta(days=20)
    service.end_rule(rule=ended, last_day=clock.local_date(last), actor=SYSTEM, now=last)
    rule = db.session.scalars(select(Rule).where(Rule.scheme_id == scheme.id, Rule.code == "1.2")).one()
    text = service.RuleText("垃圾分类投放，定时定点", Points(15), Points(15), proof="photo")
    later = clock.today() + timedelta(days=10)
    service.change_rule(rule=rule, text=text, valid_from=later, actor=SYSTEM, now=clock.now())
    return scheme


def fits(page: Page, name: str) -> None:
    """Accessible, with targets of a size, and not wider than the screen; a picture is kept."""
    keep(page, f"schemes-{name}")
    assert violations(page) == []
    assert too_small(page, 24) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= DESK["width"]


def test_every_page_is_accessible_and_fits(chromium: Browser, app: Application, scheme: Scheme) -> None:
    rule = db.session.scalars(select(Rule.id).where(Rule.scheme_id == scheme.id, Rule.code == "1.2")).one()
    base, category = f"/desk/schemes/{scheme.id}", queries.categories(scheme.id)[0].id
    pages = {
        "list": "/desk/schemes",
        "presets": "/desk/schemes/presets",
        "new": "/desk/schemes/new",
        "scheme": base,
        "category": f"{base}?category={category}",
        "none": f"{base}?q=zzz",
        "settings": f"{base}/edit",
        "category-new": f"{base}/categories/new",
        "rule-new": f"{base}/rules/new",
        "rule": f"{base}/rules/{rule}",
        "rule-edit": f"{base}/rules/{rule}/edit",
        "rule-end": f"{base}/rules/{rule}/end",
        "import": f"{base}/import",
    }
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        sign_in(page, "shuji", PASSWORD, "/desk/schemes")
        for name, path in pages.items():
            page.goto(path)
            fits(page, name)


def test_a_rule_is_found_by_typing_and_changed(chromium: Browser, app: Application, scheme: Scheme) -> None:
    base = f"/desk/schemes/{scheme.id}"
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        sign_in(page, "shuji", PASSWORD, "/desk/schemes")
        page.get_by_role("link", name="善治积分·居民", exact=True).click()
        page.get_by_role("searchbox").fill("乱扔")
        page.wait_for_url("**q=**")
        expect(page.locator("#list")).not_to_contain_text("门前屋后干净")
        expect(page.get_by_role("button", name="导出细则 1 条")).to_be_visible()
        page.get_by_role("link", name="修改细则 1.5").click()
        page.get_by_label("最少几分").fill("9")
        page.get_by_label("院长").check()
        page.get_by_role("button", name="保存新版本").click()
        expect(page.locator("#highest-error")).to_have_text("最多不能比最少还少。")
        expect(page.get_by_label("最少几分")).to_have_value("9")
        expect(page.get_by_label("院长")).to_be_checked()
        fits(page, "rule-refused")
        page.get_by_label("最少几分").fill("1")
        page.get_by_role("button", name="保存新版本").click()
        expect(page.get_by_text("细则 1.5 的新版本已保存，今天起生效。")).to_be_visible()
        expect(page.locator("#list")).to_contain_text("扣 1 到 5 分")
        page.get_by_role("link", name="社会综治").click()
        expect(page.locator("#list")).not_to_contain_text("门前屋后干净")
        page.goto(base)
        with page.expect_download() as download:
            page.get_by_role("button", name="导出细则").click()
        assert "细则" in download.value.suggested_filename


def test_rules_are_mended_and_imported(chromium: Browser, app: Application, scheme: Scheme) -> None:
    good = {"category_code": "1", "code": "1.20", "title": "清扫楼道", "lowest": Points(5), "recorders": "书记"}
    bad, base = {**good, "code": "1.21", "recorders": "保安"}, f"/desk/schemes/{scheme.id}"
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        sign_in(page, "shuji", PASSWORD, "/desk/schemes")
        for rows in ([good, bad], [good]):
            page.goto(f"{base}/import")
            book = write_table("细则", sheet.COLUMNS, rows)
            file = {"name": "细则.xlsx", "mimeType": "application/octet-stream", "buffer": book}
            page.get_by_label("表格文件").set_input_files(file)
            page.get_by_role("button", name="上传并预览").click()
            page.wait_for_url("**/import/**")
            fits(page, f"preview-{len(rows)}")
        page.get_by_role("button", name="确认导入 1 条").click()
        expect(page.get_by_text("导入完成：新增 1 条，修改 0 条。")).to_be_visible()
        expect(page.get_by_role("link", name="清扫楼道", exact=True)).to_be_visible()
