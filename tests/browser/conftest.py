"""One Chromium for all browser tests of a run: Playwright's sync API can only be started once at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright itself, for tests that need a browser with switches of their own."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(driver: Playwright) -> Iterator[Browser]:
    """The system's Chromium; make a context of your own in it. Playwright itself keeps it from calling home."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "Chromium is missing: make test installs it"
    browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
    yield browser
    browser.close()
