"""One Chromium for all browser tests of a run: Playwright's sync API can only be started once at a time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser.tools import chromium_program


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright itself, for tests that need a browser with switches of their own."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """The system's Chromium; make a context of your own in it. Playwright itself keeps it from calling home."""
    browser = driver.chromium.launch(executable_path=chromium_program(), args=["--no-sandbox", "--disable-gpu"])
    yield browser
    browser.close()
