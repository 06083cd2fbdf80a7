"""The looks in a real Chromium: every pattern page is accessible, big enough to touch, small enough to send, and behaves."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect
from werkzeug.serving import make_server

from tests.browser.patterns import NAMES, ROOT, make_app
from tests.browser.tools import chromium_program, patient

pytestmark = pytest.mark.browser

LYING, STANDING, HANDHELD, OFFICE, NARROW = (1366, 768), (1080, 1920), (390, 844), (1366, 768), (1024, 768)
SIZES = {
    "kiosk": (LYING, STANDING),
    "phone": (HANDHELD, (320, 640)),
    "desk": (OFFICE, NARROW),
    "print": ((1000, 1000),),
}
LEAST = {"kiosk": 60, "phone": 48, "desk": 24, "print": 24}  # CSS px of a target
BUDGET = 25_000  # bytes of the kiosk's first visit, gzipped
PAGES = [(name, size) for name in NAMES for size in SIZES[name.split("-")[0]]]
REFUSALS = ["kiosk", "phone", "desk"]

TOO_SMALL = """least => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]):not(.vh), select, textarea, label:has(input.vh)')]
  .filter(el => el.offsetParent && !el.closest('[inert]'))
  .map(el => [el.outerHTML.slice(0, 80), el.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < least || box.height < least) && box.bottom > 0)
  .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = make_server("127.0.0.1", 0, make_app(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page that fails the test when the browser complains: a refused inline style, a broken script."""
    page, complaints = patient(context.new_page()), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    assert [text for text in complaints if "ERR_INTERNET_DISCONNECTED" not in text] == []


def open_at(page: Page, address: str, path: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(f"{address}/{path}")


def violations(page: Page, *, strict: bool = False) -> list[str]:
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] + ["wcag2aaa"] * strict
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}}).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize(("name", "size"), PAGES)
def test_a_pattern_page_has_no_axe_violation_and_no_target_that_is_too_small(
    page: Page, address: str, name: str, size: tuple[int, int]
) -> None:
    surface = name.split("-", maxsplit=1)[0]
    open_at(page, address, name, size)
    assert violations(page, strict=surface == "kiosk") == []
    assert page.evaluate(TOO_SMALL, LEAST[surface]) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"


@pytest.mark.parametrize("surface", REFUSALS)
@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_refusal_says_what_to_do_and_has_no_axe_violation(
    page: Page, address: str, surface: str, status: int
) -> None:
    open_at(page, address, f"refusal/{surface}/{status}", SIZES[surface][0])
    assert violations(page, strict=surface == "kiosk") == []
    way_out = "footer .foot-right .btn" if surface == "kiosk" else "main .result .btn"
    expect(page.locator(way_out)).to_be_visible()


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("kiosk") and name != "kiosk-slip"])
@pytest.mark.parametrize("large", [False, True])
def test_a_kiosk_screen_at_1366_by_768_needs_no_scrolling_even_in_large_type(
    context: BrowserContext, page: Page, address: str, name: str, large: bool
) -> None:
    if large:
        context.add_cookies([{"name": "large", "value": "1", "url": address}])
    open_at(page, address, name, LYING)
    assert page.locator("html.large").count() == int(large)
    assert page.evaluate("(m => m.scrollHeight - m.clientHeight)(document.querySelector('main'))") <= 0


def test_the_first_visit_of_the_kiosk_is_within_its_budget(page: Page, address: str) -> None:
    bodies: list[bytes] = []
    page.on("response", lambda response: bodies.append(response.body()))
    page.goto(f"{address}/kiosk-home", wait_until="networkidle")
    assert len(bodies) == 3, "the page, its style and its script"
    assert sum(len(gzip.compress(body)) for body in bodies) <= BUDGET


def test_the_kiosks_own_files_stay_small() -> None:
    static = ROOT / "static"
    assert (static / "css/kiosk.css").stat().st_size <= 10_000
    assert (static / "js/app.js").stat().st_size <= 12_000


def test_pages_work_with_scripts_off(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{address}/kiosk-number")
    expect(page.locator(".pad")).to_be_hidden()
    expect(page.get_by_label("六位查询密码")).to_be_editable()
    page.goto(f"{address}/phone-rate")
    page.get_by_text("非常满意").locator("..").click()
    expect(page.locator("#stars-5")).to_be_checked()
    context.close()


def test_the_number_pad_types_and_deletes(page: Page, address: str) -> None:
    page.goto(f"{address}/kiosk-number")
    field = page.get_by_label("六位查询密码")
    page.get_by_role("button", name="清空").click()
    for key in "1234567":
        page.get_by_role("button", name=key, exact=True).click()
    expect(field).to_have_value("123456")  # never longer than the field takes
    page.get_by_role("button", name="删一位").click()
    expect(field).to_have_value("12345")


def type_like_a_scanner(page: Page, code: str) -> None:
    page.evaluate(
        """code => [...code, 'Enter'].forEach(key => (document.activeElement || document.body)
             .dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true, cancelable: true})))""",
        code,
    )


def test_a_scanned_card_is_sent_once_wherever_the_focus_is(page: Page, address: str) -> None:
    page.goto(f"{address}/kiosk-home")
    page.evaluate(
        """() => { window.sent = []; const form = document.querySelector('[data-scan-form]');
             form.addEventListener('submit', e => { e.preventDefault(); sent.push(form.code.value) }) }"""
    )
    type_like_a_scanner(page, "HTTP://H/Q/ABCDEF2345")
    type_like_a_scanner(page, "HTTP://H/Q/ABCDEF2345")
    assert page.evaluate("sent") == ["HTTP://H/Q/ABCDEF2345"]


def test_typing_by_hand_is_not_taken_for_a_scan(page: Page, address: str) -> None:
    page.goto(f"{address}/kiosk-home")
    page.evaluate(
        """() => { window.sent = 0; document.querySelector('[data-scan-form]')
             .addEventListener('submit', e => { e.preventDefault(); sent++ }) }"""
    )
    page.keyboard.type("1234567", delay=90)
    page.keyboard.press("Enter")
    assert page.evaluate("sent") == 0


def test_after_sixty_seconds_the_kiosk_asks_and_thirty_later_it_is_home(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/kiosk-balance")
    page.clock.run_for(30_000)
    expect(page.locator("[data-idle-left]")).to_have_text(re.compile(r"^(29|30) 秒后自动退出$"))
    page.clock.run_for(31_000)
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page, strict=True) == []
    with page.expect_request("**/kiosk/leave") as left:
        page.clock.run_for(31_000)
    assert left.value.method == "POST"
    page.wait_for_url("**/kiosk/leave")
    assert "李" not in page.content()


def test_going_on_keeps_the_visit_alive_on_the_server(page: Page, address: str) -> None:
    page.clock.install()
    page.goto(f"{address}/kiosk-balance")
    page.clock.run_for(61_000)
    with page.expect_request("**/kiosk/stay") as stayed:
        page.get_by_role("button", name="继续").click()
    assert stayed.value.method == "POST"
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.clock.run_for(30_000)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_visit_that_ends_without_network_leaves_no_data_on_the_screen(
    context: BrowserContext, page: Page, address: str
) -> None:
    page.clock.install()
    page.goto(f"{address}/kiosk-balance")
    context.set_offline(True)
    page.clock.run_for(95_000)
    expect(page.locator("#main")).to_have_count(0)
    assert "128" not in page.locator("body").inner_text()


def test_a_lost_network_stops_the_kiosk_and_comes_back_by_itself(
    context: BrowserContext, page: Page, address: str
) -> None:
    page.goto(f"{address}/kiosk-number")
    context.set_offline(True)
    expect(page.locator("#network")).to_be_visible()
    expect(page.get_by_role("button", name="确定")).to_be_disabled()
    page.get_by_role("link", name="首页").click()
    assert page.url.endswith("/kiosk-number")
    context.set_offline(False)
    expect(page.locator("#network")).to_be_hidden(timeout=8000)
    expect(page.get_by_role("button", name="确定")).to_be_enabled()


def test_a_double_tap_sends_a_form_once(page: Page, address: str) -> None:
    page.goto(f"{address}/phone-rate")
    page.evaluate(
        """() => { window.sent = 0; addEventListener('submit', e => { if (!e.defaultPrevented) sent++; e.preventDefault() }) }"""
    )
    page.evaluate("() => { const b = document.querySelector('.actions .btn'); b.click(); b.click(); }")
    assert page.evaluate("sent") == 1


def test_on_the_desk_slash_searches_and_escape_leaves(page: Page, address: str) -> None:
    page.goto(f"{address}/desk-review")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("[data-search]")).not_to_be_focused()


def test_a_photo_is_made_small_before_it_is_sent_and_can_be_taken_away(
    page: Page, address: str, tmp_path: Path
) -> None:
    from PIL import Image

    picture = tmp_path / "big.png"
    Image.effect_noise((2600, 1300), 90).convert("RGB").save(picture)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{address}/phone-score")
    places = page.locator(".photo")
    expect(places.nth(1)).to_be_hidden()
    page.locator("input[type=file]").first.set_input_files(picture)
    expect(places.first.locator("img")).to_be_visible()
    expect(places.nth(1)).to_be_visible()
    sent = page.evaluate(
        """async () => { const f = document.querySelector('input[type=file]').files[0];
             const p = await createImageBitmap(f); return [f.type, p.width, p.height] }"""
    )
    assert sent == ["image/jpeg", 1280, 640]
    page.get_by_label("去掉这张照片").click()
    assert page.evaluate("document.querySelector('input[type=file]').files.length") == 0


def test_the_slip_prints_on_one_page_of_its_own_height(page: Page, address: str) -> None:
    page.goto(f"{address}/kiosk-slip")
    page.evaluate("window.print = () => { window.printed = true }")
    page.get_by_role("button", name="再打一次").click()
    assert page.evaluate("printed") is True
    pdf = page.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)\s*\]", pdf)
    assert len(boxes) == 1
    wide, high = (float(side) / 72 * 25.4 for side in boxes[0])
    assert 79 < wide < 81
    assert 70 < high < 160


def camera_showing(text: str, file: Path) -> None:
    """A film of one still for Chromium's false camera: a plate held into the picture."""
    import qrcode
    from PIL import Image

    plate = qrcode.make(text, border=4).convert("RGB").resize((360, 360))
    still = Image.new("RGB", (640, 480), "#8a9a8a")
    still.paste(plate, (140, 60))
    frame = file.with_suffix(".jpg")
    still.save(frame, quality=90)
    file.write_bytes(frame.read_bytes() * 20)


@pytest.mark.parametrize(
    ("code", "leads_to"), [("HTTP://{host}/Q/000123-XXZAM374", "/q/000123-XXZAM374"), ("https://evil.example/q/1", "")]
)
def test_the_scanner_in_the_page_follows_our_own_plates_only(
    driver: Playwright, address: str, tmp_path: Path, code: str, leads_to: str
) -> None:
    film = tmp_path / "camera.mjpeg"
    camera_showing(code.format(host=address.removeprefix("http://")), film)
    camera = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    browser = driver.chromium.launch(
        executable_path=chromium_program(),
        args=["--no-sandbox", *camera, f"--use-file-for-fake-video-capture={film}"],
    )
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{address}/phone-day")
    page.get_by_role("button", name="扫门牌").click()
    if leads_to:
        page.wait_for_url(f"**{leads_to}")
    else:
        expect(page.get_by_text("这不是本社区的门牌码")).to_be_visible()
        page.get_by_role("button", name="不扫了").click()
        expect(page.locator(".scanner")).to_have_count(0)
    browser.close()
