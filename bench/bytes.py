"""The kiosk's first visit in Chromium: all bytes as they would travel, and the first paint on a slow machine.

In an installation Caddy compresses; here each answer's body is compressed with gzip as Caddy does (level 5 and up are
within a percent). The first paint is compared with a plain page of the same text, both at a sixth of the CPU's speed.
"""

from __future__ import annotations

import gzip
import json
import re
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import waitress
from flask import Flask
from playwright.sync_api import Browser, Page, Response, ViewportSize, sync_playwright

from bench.harness import ROUNDS, Result, spread
from bench.pages import household_at_kiosk
from bench.town import WSGI, facts, town
from tests.browser.tools import chromium_program

SLOWER = 6
PAINTS = 9  # a round
KIOSK = ViewportSize(width=1366, height=768)
COMPRESSED = ("text/", "application/javascript", "image/svg+xml", "application/json")
PAINT = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0] || null"
DONE = "document.readyState === 'complete'"
REST, PATIENCE = 0.5, 20.0  # seconds


def run() -> list[Result]:
    app = town()
    kiosk, _ = household_at_kiosk(app, facts(app)["households"][0]["number"])
    device = kiosk["HTTP_COOKIE"].split("; ")[0].split("=", 1)[1]
    with sync_playwright() as playwright, served(app) as address:
        chromium = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu"]
        )
        size, parts, text = _first_visit(chromium, address, device)
        with served(_plain(text)) as plain:
            ours, base = _paints(chromium, f"{address}/kiosk/", f"{plain}/", device)
        chromium.close()
    print("  " + ", ".join(f"{name} {count:,}" for name, count in parts))
    print("  ours     " + " ".join(f"{value:.0f}" for value in ours) + f" ms to the first paint, {SLOWER} times slowed")
    print("  baseline " + " ".join(f"{value:.0f}" for value in base) + " ms")
    first, plain_first = statistics.median(ours), statistics.median(base)
    return [
        Result("kiosk's first visit, kB with gzip", size / 1000, 25, 40, "lower", f"{size / 1000:.1f} kB", "40 kB"),
        Result(
            f"first paint {SLOWER} times slowed, against plain HTML of the same text",
            first / plain_first,
            1.2,
            1.35,
            "lower",
            f"{first:.0f} ms",
            f"{plain_first:.0f} ms",
            spread(base),
        ),
    ]


@contextmanager
def served(app: WSGI) -> Iterator[str]:
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()


def _plain(text: str) -> Flask:
    app = Flask("plain")
    body = "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())

    @app.get("/healthz")
    def healthz() -> str:
        return "ok"

    @app.get("/")
    def page() -> str:
        return f'<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>善治</title>{body}</html>'

    return app


def _opened(chromium: Browser, address: str, device: str) -> Page:
    """A page of a browser that has seen nothing yet."""
    context = chromium.new_context(viewport=KIOSK)
    context.add_cookies([{"name": "kiosk", "value": device, "url": address}])
    return context.new_page()


def _first_visit(chromium: Browser, address: str, device: str) -> tuple[int, list[tuple[str, int]], str]:
    """Bytes of all answers, headers and body; each one's; and the text of the page."""
    page = _opened(chromium, address, device)
    answers: list[Response] = []

    def note(answer: Response) -> None:
        answers.append(answer)

    page.on("response", note)
    page.goto(f"{address}/kiosk/", wait_until="networkidle")
    parts = [(re.sub(r"\?.*", "", answer.url.removeprefix(address)), _bytes(answer)) for answer in answers]
    text = page.inner_text("body")
    page.context.close()
    assert len(parts) > 2, "a page without its styles is no first visit"
    return sum(count for _, count in parts), parts, text


def _bytes(answer: Response) -> int:
    body = answer.body()
    if answer.headers.get("content-type", "").startswith(COMPRESSED):
        body = gzip.compress(body, 6)
    return len(body) + sum(len(name) + len(value) + 4 for name, value in answer.headers.items())


def _paints(chromium: Browser, ours: str, plain: str, device: str) -> tuple[list[float], list[float]]:
    """Milliseconds to the first paint, in turn, each in a browser that has seen nothing yet; a round is the median of
    some, because a single one waits for the screen's next frame or does not."""
    _paint(chromium, ours, device), _paint(chromium, plain, device)  # warm up
    mine, theirs = [], []
    for _ in range(ROUNDS):
        pairs = [(_paint(chromium, ours, device), _paint(chromium, plain, device)) for _ in range(PAINTS)]
        mine.append(statistics.median(pair[0] for pair in pairs))
        theirs.append(statistics.median(pair[1] for pair in pairs))
    return mine, theirs


def _paint(chromium: Browser, address: str, device: str) -> float:
    """Nothing of the page is in the browser's store; the tab's process is there, as after the first page of a day."""
    tab = Tab(chromium, address, device)
    tab.open(urljoin(address, "/healthz"))
    tab.send("Emulation.setCPUThrottlingRate", rate=SLOWER)
    tab.open(address)
    found = None
    while found is None:
        found = tab.evaluate(PAINT)
    tab.close()
    return float(found)


class Tab:
    """A tab that nobody listens to. Playwright's own pages report each answer to it from the page's slowed thread,
    which costs a page of several files more than one of a single file: no kiosk has a listener."""

    def __init__(self, chromium: Browser, address: str, device: str) -> None:
        """In a browser context of its own, with the kiosk's cookie."""
        self._browser, self._answers, self._sent = chromium.new_browser_cdp_session(), dict[int, Any](), 0
        self._context = self._browser.send("Target.createBrowserContext")["browserContextId"]
        cookie = {"name": "kiosk", "value": device, "url": address}
        self._browser.send("Storage.setCookies", {"browserContextId": self._context, "cookies": [cookie]})
        place = {"url": "about:blank", "browserContextId": self._context, **KIOSK}
        target = self._browser.send("Target.createTarget", place)["targetId"]
        self._browser.on("Target.receivedMessageFromTarget", self._received)
        attach = {"targetId": target, "flatten": False}
        self._session = self._browser.send("Target.attachToTarget", attach)["sessionId"]

    def _received(self, event: dict[str, Any]) -> None:
        message = json.loads(event["message"])
        self._answers[message.get("id", 0)] = message

    def send(self, method: str, **parameters: Any) -> Any:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        self._browser.send("Target.sendMessageToTarget", {"sessionId": self._session, "message": json.dumps(message)})
        end = time.monotonic() + PATIENCE
        while self._sent not in self._answers:
            assert time.monotonic() < end, f"no answer to {method}"
            self._browser.send("Target.getTargets")  # lets the answer come in
        answer = self._answers.pop(self._sent)
        assert "error" not in answer, answer
        return answer["result"]

    def evaluate(self, words: str) -> Any:
        return self.send("Runtime.evaluate", expression=words, returnByValue=True)["result"].get("value")

    def open(self, address: str) -> None:
        """Returns some time after the page is there: asking disturbs it while it is made."""
        self.send("Page.navigate", url=address)
        end = time.monotonic() + PATIENCE
        while time.sleep(REST) or not self.evaluate(f"location.href === {json.dumps(address)} && {DONE}"):
            assert time.monotonic() < end, f"{address} does not open"

    def close(self) -> None:
        self._browser.send("Target.disposeBrowserContext", {"browserContextId": self._context})
        self._browser.detach()
