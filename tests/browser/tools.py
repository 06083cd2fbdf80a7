"""What browser tests share: a served application, pages that notice complaints, accessibility and sizes of targets."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize
from werkzeug.serving import make_server

from webapp.extensions import db
from webapp.web.application import Application

KIOSK_LYING = ViewportSize(width=1366, height=768)
KIOSK_STANDING = ViewportSize(width=1080, height=1920)
PHONE = ViewportSize(width=390, height=844)
DESK = ViewportSize(width=1366, height=768)

TOO_SMALL = """least => [...document.querySelectorAll(
    'a[href], button, input:not([type=hidden]):not(.vh), select, textarea, label:has(input.vh)')]
  .filter(el => el.offsetParent && !el.closest('[inert]'))
  .map(el => [el.outerHTML.slice(0, 80), el.getBoundingClientRect()])
  .filter(([, box]) => box.width && (box.width < least || box.height < least) && box.bottom > 0)
  .map(([html, box]) => `${Math.round(box.width)}x${Math.round(box.height)} ${html}`)"""

#: The bar at a phone's bottom edge covers half of whatever is scrolled under it at the moment: axe would call that too small.
BAR = """how => document.querySelectorAll('.phone .actions').forEach((bar) => { bar.style.position = how; })"""


def chromium_program() -> str:
    """Where the system keeps its Chromium."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing: make test installs it"
    return program


@contextmanager
def serving(app: Application) -> Iterator[str]:
    """The application at an address on 127.0.0.1, with its real CSRF check; the test's own data is committed first."""
    db.session.commit()
    app.config["WTF_CSRF_ENABLED"] = True
    server = make_server("127.0.0.1", 0, app, threaded=True)
    app.config["BASE_URL"] = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()


def started(page: Page) -> None:
    """Wait until the page's script runs, which is after its first paint: what is typed before, nobody takes."""
    page.locator("html[data-started]").wait_for(state="attached")


def patient(page: Page) -> Page:
    """A page whose ``goto`` returns when the script runs (where there is one)."""
    go = page.goto

    def goto(url: str, **more: Any) -> Any:
        answer = go(url, **more)
        if page.locator('script[src*="/js/app.js"]').count():
            started(page)
        return answer

    page.goto = goto  # type: ignore[method-assign]  # for this page only
    return page


@contextmanager
def watched_page(chromium: Browser, address: str, viewport: ViewportSize, **more: Any) -> Iterator[Page]:
    """A page of a browser of its own. The test fails when the page complains (a script error, a refused style) or asks
    anybody but our server for anything; refused forms (4xx) are not complaints."""
    context = chromium.new_context(viewport=viewport, base_url=address, **more)
    page, complaints = context.new_page(), list[str]()
    if more.get("java_script_enabled", True):
        patient(page)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: None if _ours(request.url, address) else complaints.append(request.url))
    yield page
    context.close()
    assert [words for words in complaints if "the server responded with a status of 4" not in words] == []


def _ours(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:", "about:"))


def violations(page: Page, *, strict: bool = False) -> list[str]:
    """What axe finds, as (rule, element); ``strict`` adds WCAG AAA, which kiosks keep."""
    page.evaluate(BAR, "static")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] + ["wcag2aaa"] * strict
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}}).response["violations"]
    page.evaluate(BAR, "")
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page in ``screenshots/`` for a designer's eye, when SCREENSHOTS is set."""
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"screenshots/{name}.png", full_page=True)


def too_small(page: Page, least: int) -> list[str]:
    """Targets narrower or lower than ``least`` CSS px."""
    return list(page.evaluate(TOO_SMALL, least))


def sign_in(page: Page, login: str, password: str, first: str) -> None:
    """Open a page and go through the sign-in of staff that stands before it."""
    page.goto(first)
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码").fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{first}")
