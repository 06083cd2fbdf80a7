"""The desk in a real browser: the menu by keyboard and without scripts, and axe on the pages of the month and the rules."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.tools import DESK, keep, serving, sign_in, too_small, violations, watched_page
from tests.factories import make_station, make_user
from tests.honours.conftest import MET, MONTH, make_hall
from tests.rankings.conftest import at
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.schemes.models import Rule
from webapp.schemes.queries import current_rules, rule_version
from webapp.simulator import service
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"


@pytest.fixture
def town(app):
    """A community with a month's frozen rankings, a draft of its rules, and its secretary."""
    with clock.travel(MET):
        hall = make_hall()
        hall.town.freeze(MONTH, now=at(25))
        community, scheme = hall.town.tree.community, hall.town.homes
        make_station(area=community)
        draft = service.begin(scheme=scheme, name="2027 年修订", note="", actor=SYSTEM, now=clock.now())
        rule = next(one for one in current_rules(scheme.id, clock.today()) if not one.veto)
        version = rule_version(rule.version_id)
        wanted = service.as_before(version, highest=version.highest + Points.whole(1))
        service.change_line(
            draft=draft, rule=db.session.get_one(Rule, rule.rule_id), wanted=wanted, actor=SYSTEM, now=clock.now()
        )
        make_user(post="secretary", area=community, login="secretary", password_hash=slow_hash(PASSWORD))
        found = {"community": community.id, "scheme": scheme.id, "draft": draft.id, "rule": rule.rule_id}
        db.session.commit()
        yield found


def check(page: Page, name: str) -> None:
    keep(page, f"desk-{name}")
    assert violations(page) == [], name
    assert too_small(page, 24) == [], name
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"


def test_pages_of_the_month_and_of_the_rules_are_accessible(app, town, chromium: Browser):
    pages = {
        "drafts": f"/desk/schemes/{town['scheme']}/drafts",
        "draft-new": f"/desk/schemes/{town['scheme']}/drafts/new",
        "draft": f"/desk/drafts/{town['draft']}",
        "draft-line": f"/desk/drafts/{town['draft']}/rules/{town['rule']}",
        "replay": f"/desk/drafts/{town['draft']}/replay",
        "adopt": f"/desk/drafts/{town['draft']}/adopt",
        "rankings": "/desk/rankings",
        "leagues": f"/desk/rankings/{town['community']}/settings",
        "lapses": "/desk/lapses",
        "boards": "/desk/boards",
        "board-new": "/desk/boards/new",
        "rounds": "/desk/rounds",
        "round-new": "/desk/rounds/new",
        "honours": "/desk/honours",
        "kinds": "/desk/honours/kinds",
        "objections": "/desk/objections",
        "answered": "/desk/objections?state=settled",
        "review": "/desk/reviews",
        "missing": "/desk/no-such-page",
    }
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        sign_in(page, "secretary", PASSWORD, "/desk")
        for name, path in pages.items():
            page.goto(path)
            check(page, name)


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.usefixtures("town")
def test_the_menu_opens_by_keyboard_with_and_without_scripts_and_fits(app, chromium: Browser, scripts):
    with (
        serving(app) as address,
        watched_page(chromium, address, DESK, java_script_enabled=scripts) as page,
    ):
        sign_in(page, "secretary", PASSWORD, "/desk")
        menu = page.get_by_role("navigation", name="工作台菜单")
        expect(menu.get_by_role("link", name="记实")).to_be_visible()
        expect(menu.get_by_role("link", name="商铺")).to_be_hidden()
        menu.locator("summary", has_text="名册").focus()
        page.keyboard.press("Enter")
        expect(menu.get_by_role("link", name="商铺")).to_be_visible()
        expect(menu.get_by_role("link", name="记实")).to_be_hidden()
        if scripts:
            check(page, "menu-open")
            assert page.evaluate("(nav => nav.scrollHeight <= nav.clientHeight)(document.querySelector('.side'))")
            page.keyboard.press("Enter")
            expect(menu.get_by_role("link", name="商铺")).to_be_hidden()
            check(page, "menu-closed")
        page.goto("/desk/people")
        expect(menu.get_by_role("link", name="院落与住户")).to_have_attribute("aria-current", "page")
