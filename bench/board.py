"""The wall screen's memory in Chromium over a thousand turns: JS heap and DOM nodes after a forced collection.

Both sides are taken at the same page of the wall, after the rounds that end at turn 100 or later and at turn 1,000 or later. The
turns are the real ones (the right arrow key turns at once), only without the wait between them.
"""

from __future__ import annotations

from playwright.sync_api import CDPSession, Page, ViewportSize, sync_playwright

from bench.bytes import served
from bench.harness import Result
from bench.town import facts, town
from tests.browser.tools import chromium_program
from webapp.web.application import Application

EARLY, LATE = 100, 1000  # turns
TELEVISION = ViewportSize(width=1920, height=1080)
CALLS = 500  # then the count of calls from this one network begins again


def run() -> list[Result]:
    app = town()
    with sync_playwright() as playwright, served(app) as address:
        chromium = playwright.chromium.launch(
            executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu"]
        )
        page = chromium.new_page(viewport=TELEVISION)
        page.goto(f"{address}{facts(app)['boards'][0]['path']}")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        pages = int(page.inner_text(".page").split("/")[1])
        first, last = (-(-turns // pages) * pages for turns in (EARLY, LATE))
        _turn(app, page, first)
        heap, nodes = _held(devtools)
        _turn(app, page, last - first)
        late_heap, late_nodes = _held(devtools)
        chromium.close()
    print(
        f"  turn {first}: {heap / 1e6:.2f} MB, {nodes} nodes; turn {last}: {late_heap / 1e6:.2f} MB, {late_nodes} nodes"
    )
    after = f"after {last:,} turns against {first}"
    return [
        Result(
            f"wall screen's JS heap {after}",
            late_heap / heap,
            1.05,
            1.10,
            "lower",
            f"{late_heap / 1e6:.2f} MB",
            f"{heap / 1e6:.2f} MB",
        ),
        Result(f"wall screen's DOM nodes {after}", late_nodes / nodes, 1.0, 1.05, "lower", f"{late_nodes}", f"{nodes}"),
    ]


def _turn(app: Application, page: Page, times: int) -> None:
    for number in range(times):
        if number % CALLS == 0:
            app.extensions["limits"].storage.reset()
        before = int(page.evaluate("document.documentElement.dataset.turns"))
        page.keyboard.press("ArrowRight")
        page.wait_for_function("turns => document.documentElement.dataset.turns == turns", arg=before + 1)


def _held(devtools: CDPSession) -> tuple[int, int]:
    """Bytes of the JS heap and DOM nodes that are still held after two collections."""
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    metrics = {one["name"]: int(one["value"]) for one in devtools.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"], metrics["Nodes"]
