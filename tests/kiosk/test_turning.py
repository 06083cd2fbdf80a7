"""Lists that are turned like pages: every line once, lying and standing, whatever the size of type."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from tests import factories
from webapp.core import clock
from webapp.extensions import db

LINES = 31


@pytest.fixture
def month(kiosk) -> int:
    """A month of which the household's book has more lines than two screens hold."""
    now = clock.now().replace(day=20) - timedelta(days=62)
    for _ in range(LINES):
        factories.give_points(kiosk.household, kiosk.scheme, 1, now=now)
    db.session.commit()
    return clock.month_of(now)


def shown(page: str, layout: str) -> list[str]:
    """The lines that one layout shows: lying hides those that only fit standing."""
    lines = re.findall(r'<li class="line( standing)?">.*?why/(\d+)', page, re.DOTALL)
    return [seq for surplus, seq in lines if layout == "standing" or not surplus]


def step(page: str, layout: str, words: str) -> str | None:
    found = re.search(rf'<nav class="turn {layout}".*?</nav>', page, re.DOTALL)
    link = found and re.search(rf'href="([^"]+)">(?:<svg.*?</svg>)?{words}', found[0], re.DOTALL)
    return unescape(link[1]) if link else None


@pytest.mark.parametrize("large", ["0", "1"], ids=["standard", "large"])
@pytest.mark.parametrize("layout", ["lying", "standing"])
def test_every_line_is_shown_once_on_the_way_there_and_back(visiting, month, layout, large):
    visiting.set_cookie("large", large)
    where, screens = f"/kiosk/months/{month}", []
    while where:
        page = visiting.get(where).text
        screens.append(shown(page, layout))
        assert f"第 {len(screens)}/" in page
        where, last = step(page, layout, "下一页"), page
    assert [seq for screen in screens for seq in screen] == [str(seq) for seq in range(max_seq(screens), 0, -1)][:LINES]
    assert len({len(screen) for screen in screens[:-1]}) == 1
    for screen in reversed(screens[:-1]):
        last = visiting.get(step(last, layout, "上一页") or "").text
        assert shown(last, layout) == screen
    assert step(last, layout, "上一页") is None


def max_seq(screens: list[list[str]]) -> int:
    return max(int(seq) for screen in screens for seq in screen)


def test_more_lines_stand_than_lie(visiting, month):
    page = visiting.get(f"/kiosk/months/{month}").text
    assert len(shown(page, "lying")) < len(shown(page, "standing"))


@pytest.mark.parametrize("layout", ["lying", "standing"])
def test_a_size_of_type_that_is_changed_on_the_way_begins_a_whole_screen(visiting, month, layout):
    second = step(visiting.get(f"/kiosk/months/{month}").text, layout, "下一页")
    visiting.set_cookie("large", "1")
    page = visiting.get(second).text
    while step(page, layout, "上一页"):
        page = visiting.get(step(page, layout, "上一页")).text
    assert shown(page, layout) == shown(visiting.get(f"/kiosk/months/{month}").text, layout)


@pytest.mark.parametrize("asked", ["start=-5", "start=99999999999", "start=x", "start=30&tall=1", "tall=7"])
def test_nonsense_in_the_address_shows_a_screen_with_lines(visiting, month, asked):
    assert shown(visiting.get(f"/kiosk/months/{month}?{asked}").text, "lying")
