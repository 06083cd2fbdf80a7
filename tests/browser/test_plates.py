"""Printed plates and cards read: every code of a sheet, from a picture at 150 dpi, slightly blurred and turned."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page

from tests.browser.tools import DESK, PHONE, keep, serving, too_small, violations, watched_page
from tests.factories import (
    make_appointment,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_user,
)
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.places.models import Area, Holder
from webapp.qrcodes import queries, service
from webapp.qrcodes.models import Code
from webapp.users.passwords import slow_hash

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery 7"
DPI = 150


@pytest.fixture
def page(app, chromium: Browser) -> Iterator[Page]:
    """A clerk at the desk of a community with 26 courtyards in five colours and 21 households."""
    tree = make_community(grids=5, micro_grids=1)
    for number in range(26):
        yard = make_courtyard(
            area=tree.micro_grids[number % 5],
            number=f"{number // 6 + 1}-{number:02}",
            name=f"{number // 6 + 1} 排 {number} 号院",
        )
        head = make_person(area=tree.community, name="李玉梅")
        make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard)
    worker = make_person(area=tree.community, name="曹建锋")
    make_appointment(person=worker, post="grid_worker", area=tree.community)
    for number in range(21):
        make_household(area=tree.micro_grid, number=f"03-12-{number:02}", name="欧阳秀英")
    make_user(post="clerk", area=tree.community, login="clerk", password_hash=slow_hash(PASSWORD))
    with serving(app) as address, watched_page(chromium, address, DESK) as page:
        page.goto("/desk/codes")
        page.get_by_label("登录名").fill("clerk")
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        page.wait_for_url("**/desk/codes")
        yield page


def print_all(page: Page, kind: str, layout: str) -> list[Image.Image]:
    """Press 全部打印 and turn the sheet into pictures, as a scanner's camera might see them."""
    page.goto(f"/desk/codes?kind={kind}")
    page.get_by_label("版式").select_option(layout)
    page.get_by_role("button", name="全部打印").click()
    page.wait_for_url("**/desk/codes/sheet**")
    document = pypdfium2.PdfDocument(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
    keep(page, f"sheet-{layout}")
    pictures = [document[i].render(scale=DPI / 72).to_pil().convert("L") for i in range(len(document))]
    return [
        picture.rotate(2.5, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC).filter(
            ImageFilter.GaussianBlur(1.0)
        )
        for picture in pictures
    ]


def wanted(page: Page, kind: str) -> set[str]:
    address = page.url.split("/desk")[0]
    db.session.rollback()
    codes = db.session.query(Code).join(Code.holder).filter_by(kind=kind).all()
    return {queries.address(address, code.token) for code in codes if code.state == "active"}


@pytest.mark.parametrize(
    ("kind", "layout", "pages", "count"),
    [("courtyard", "12", 3, 26), ("courtyard", "door", 13, 26), ("household", "card", 3, 21)],
)
def test_every_code_of_a_sheet_is_read_from_its_picture(page, kind, layout, pages, count):
    pictures = print_all(page, kind, layout)

    read = [found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)]
    assert len(pictures) == pages
    assert len(read) == count
    assert set(read) == wanted(page, kind)


def give_longest_words(kind: str) -> None:
    """As long as the forms allow: 60 characters of name, 20 of number, a head and a grid worker of long names."""
    statement = (
        db.update(Holder)
        .where(Holder.kind == kind)
        .values(name="昌宁县城关街道槐树巷老机械厂家属院" * 3 + "东侧平房北排")
    )
    db.session.execute(statement.execution_options(synchronize_session=False))
    people = db.update(Holder).where(Holder.kind == "person").values(name="阿布都热合曼·买买提依明江")
    db.session.execute(people.execution_options(synchronize_session=False))
    db.session.execute(db.update(Area).values(name=Area.name + "槐树巷老机械厂家属院东侧平房片区网格"))
    db.session.commit()


@pytest.mark.parametrize(("kind", "layout"), [("courtyard", "12"), ("courtyard", "door"), ("household", "card")])
def test_the_longest_names_leave_code_and_digits_where_they_are(page, kind, layout):
    give_longest_words(kind)
    pictures = print_all(page, kind, layout)
    keep(page, f"sheet-{layout}-long")

    assert {found.text for picture in pictures for found in zxingcpp.read_barcodes(picture)} == wanted(page, kind)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.plates article')].flatMap(plate => {
            const edge = plate.getBoundingClientRect(), code = plate.querySelector('svg').getBoundingClientRect()
            return [...plate.querySelectorAll('small, h2, b, i')].filter(part => {
                const box = part.getBoundingClientRect()
                const over = box.left < code.right - 1 && box.right > code.left + 1
                    && box.top < code.bottom - 8 && box.bottom > code.top + 8
                return box.bottom > edge.bottom + 1 || box.right > edge.right + 1 || !box.height || over
            }).map(part => part.tagName + ' ' + part.textContent)
        })"""
    )
    assert outside == []


def test_the_desk_of_codes_is_accessible(page):
    page.goto("/desk/codes")
    assert violations(page) == []
    page.get_by_role("button", name="全部打印").click()
    page.wait_for_url("**/desk/codes/sheet**")
    assert violations(page) == []


def test_the_public_page_of_a_courtyard_is_accessible_on_a_phone(app, chromium):
    tree = make_community(phone="0358-5550100")
    yard = make_courtyard(area=tree.micro_grid)
    head = make_person(area=tree.community, name="李玉梅")
    make_appointment(person=head, post="courtyard_head", area=yard.area, courtyard=yard, phone="0358-5550111")
    service.make_missing(holder_ids=[yard.id], actor=SYSTEM, now=clock.now())
    token = queries.active_code(yard.id).token
    with serving(app) as address, watched_page(chromium, address, PHONE) as page:
        for path in (f"/q/{token}", "/q/", "/sign-in"):
            page.goto(path)
            keep(page, f"public{path.replace('/', '-')[:6]}")
            assert violations(page) == []
            assert too_small(page, 44) == []
