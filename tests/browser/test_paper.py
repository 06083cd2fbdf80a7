"""What a secretary hangs up: the right size of paper, whole borders, heads and page numbers on every page."""

from __future__ import annotations

from collections.abc import Iterator

import pypdfium2
import pytest
from flask import render_template
from playwright.sync_api import Browser, Page

from tests.browser.tools import DESK, serving, watched_page
from tests.codebase.sources import ROOT
from tests.factories import make_courtyard, make_household, make_user
from tests.records.conftest import actor_of, make_street
from tests.reviews.conftest import PUBLISHED, publish
from webapp.core import clock
from webapp.extensions import db
from webapp.kiosk.paper import Paper, PaperRow
from webapp.reviews import sealing, service
from webapp.reviews.models import CommunityMonth
from webapp.users.passwords import slow_hash
from webapp.users.service.residents import actor_of as resident_of

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"
SIZES = {"a4": (210, 297), "a3": (297, 420)}
LINES = 60  # more than a sheet of A3 holds


@pytest.fixture
def month(app) -> Iterator[CommunityMonth]:
    """Sixty lines, and an objection to one of them."""
    with clock.travel(PUBLISHED):
        street = make_street()
        area = street.tree.community
        for number in range(LINES // 3):
            yard = make_courtyard(area=street.tree.micro_grid, name=f"文林路{number + 1}号院（原供销社家属院）")
            home = make_household(courtyard=yard, name="欧阳娜娜")
            for code in ("1.1", "1.6", "3.2"):
                street.make(home, "household", code, now=clock.now())
        secretary = make_user(
            post="secretary", area=area, name="王大山", login="secretary", password_hash=slow_hash(PASSWORD)
        )
        row = publish(street, actor_of(secretary, "secretary", area.path), 202611, PUBLISHED)
        actor = resident_of(home.id, home.name, "127.0.0.1")
        given = {"month_id": row.id, "line": 2, "kind": "not_me", "reason": ""}
        service.lodge(actor=actor, now=PUBLISHED, **given)
        db.session.commit()
        yield row


@pytest.fixture
def desk(app, month, chromium: Browser) -> Iterator[Page]:
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        page.goto("/sign-in")
        page.get_by_label("登录名").fill("secretary")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/desk**")
        yield page


def printed(page: Page, address: str) -> pypdfium2.PdfDocument:
    page.goto(address)
    return pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))


def size_of(sheet: pypdfium2.PdfPage) -> tuple[int, ...]:
    return tuple(round(side / 72 * 25.4) for side in sheet.get_size())


def words(sheet: pypdfium2.PdfPage) -> str:
    return str(sheet.get_textpage().get_text_bounded())


def right_border_is_whole(sheet: pypdfium2.PdfPage) -> bool:
    """Whether the table ends with a line as thick as its first one: three dots in, it still goes from above to below."""
    picture = sheet.render(scale=4).to_pil().convert("L").point(lambda dot: 255 if dot < 180 else 0)
    above = picture.crop((0, 0, picture.width, int(picture.height * 0.93)))  # without the page's number
    left, top, right, bottom = above.getbbox()
    lines = [above.crop((x, top, x + 1, bottom)).histogram()[255] for x in (left + 2, right - 3)]
    return min(lines) > 0.6 * (bottom - top)


@pytest.mark.parametrize("size", SIZES)
def test_a_publication_hangs_with_its_seal_and_its_head_on_every_sheet(desk, month, size):
    paper = printed(desk, f"/desk/publications/{month.community_id}/{month.month}/sheet?size={size}")
    assert len(paper) == 2
    for number, sheet in enumerate(paper, start=1):
        assert size_of(sheet) == SIZES[size]
        assert f"第 {number} 页 / 共 {len(paper)} 页" in words(sheet)
        assert sealing.code_of(month.signature) in words(sheet)
    for sheet in list(paper)[:-1]:
        assert "院落或地点" in words(sheet)
        assert right_border_is_whole(sheet)
    last = words(paper[len(paper) - 1])
    for said in ("异议登记簿", "不是我家的", "制表人", "（盖章）"):
        assert said in last
    assert "欧阳娜娜" not in "".join(words(sheet) for sheet in paper)


@pytest.mark.parametrize("size", SIZES)
def test_the_table_of_the_meeting_and_the_ranking_fit_their_paper(desk, month, size):
    minutes = printed(desk, f"/desk/reviews/{month.community_id}/{month.month}/minutes?size={size}")
    ranking = printed(desk, f"/desk/rankings/sheet?month={month.month}&size={size}")
    for paper, last in ((minutes, "居民代表："), (ranking, "（盖章）")):
        assert {size_of(sheet) for sheet in paper} == {SIZES[size]}
        assert last in words(paper[len(paper) - 1])
    assert right_border_is_whole(ranking[0])


def test_the_objection_form_is_one_sheet_with_whole_borders(desk, month):
    paper = printed(desk, f"/desk/objections/form/{month.id}")
    assert [size_of(sheet) for sheet in paper] == [SIZES["a4"]]
    assert right_border_is_whole(paper[0])
    assert "0571-5550100" in words(paper[0])


def test_a_day_of_a_courtyard_is_one_numbered_sheet(desk, month):
    yard = db.session.scalar(db.text("SELECT min(id) FROM courtyard WHERE id IN (SELECT courtyard_id FROM household)"))
    paper = printed(desk, f"/desk/claims/day?courtyard={yard + 2}&date=2026-11-25")
    assert [size_of(sheet) for sheet in paper] == [SIZES["a4"]]
    assert "第 1 页 / 共 1 页" in words(paper[0])


#: A long name, what is left of a long address, and a row of three: none may reach beyond the paper.
SLIP = Paper(
    (
        PaperRow("title", "善治积分 余额小票（副本 1）"),
        PaperRow("big", "洗衣液 2 千克装（薰衣草香）"),
        PaperRow("text", "占用 15　待审核 12　本月 38.5"),
        PaperRow("line", "11月20日 照看独居老人、帮扶邻居", "+4"),
        PaperRow("middle", "扫码核对本条，或打开 jifen.changning.example.cn/verify"),
    )
)
WIDER = "Array.from(document.querySelectorAll('.slip, .slip *'), one => one.scrollWidth - one.clientWidth > 1 && one.clientWidth ? one.outerHTML : '').filter(Boolean)"


@pytest.mark.parametrize(("size", "wide"), [("80", 80), ("58", 58), ("a4", 210)])
def test_nothing_of_a_slip_reaches_beyond_its_paper(app, chromium: Browser, size, wide):
    styles = "".join((ROOT / "static" / "css" / name).read_text() for name in ("tokens.css", "kiosk.css", "print.css"))
    with app.test_request_context():
        slip = render_template("kiosk/_paper.html", paper=SLIP, size=size)
    page = chromium.new_page(viewport={"width": 1366, "height": 768})
    page.set_content(f'<html lang="zh-CN"><style>{styles}</style><body class="kiosk"><main>{slip}</main></html>')
    page.emulate_media(media="print")
    assert page.evaluate(WIDER) == []
    sheets = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True))
    assert (len(sheets), size_of(sheets[0])[0]) == (1, wide)
    page.close()
