"""Following every link of a page as a browser without scripts would: one page of each kind of address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.exceptions import HTTPException

from tests.attacks.people import AT_KIOSK, HEAD, KIOSK, NOBODY, PHONE, Someone

STARTS = {NOBODY: ("/", "/sign-in", "/home/sign-in", "/verify", "/q/"), PHONE: ("/home/",), HEAD: ("/home/",)}
STARTS |= {KIOSK: ("/kiosk/",), AT_KIOSK: ("/kiosk/balance",), "inspector": ("/phone/",)}
#: What is not there, may not be opened or cannot be: an answer like any other.
ERRORS = (
    "/nowhere",
    "/desk/nowhere",
    "/kiosk/nowhere",
    "/desk",
    "/phone/",
    "/home/",
    "/sign-out",
    "/static/nothing.js",
)


def links(text: str) -> Iterator[str]:
    """Addresses that a page leads to or loads from."""
    page = BeautifulSoup(text, "html.parser")
    for element in page.find_all(True):
        for name in ("href", "hx-get", "src"):
            if element.get(name):
                yield str(element[name])
        if element.name == "form" and str(element.get("method", "get")).lower() == "get" and element.get("action"):
            yield str(element["action"])


def crawl(app: Flask, who: Someone, more: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """(address, answer) of one page of each kind."""
    adapter, seen = app.url_map.bind("localhost"), set()
    queue = [*STARTS.get(who.post, ("/desk",)), *more, *ERRORS]
    while queue:
        address = queue.pop(0)
        path = urlsplit(address).path
        try:
            kind = adapter.match(path, method="GET")[0]
        except HTTPException:
            kind = path
        if not address.startswith("/") or kind in seen:
            continue
        seen.add(kind)
        answer = who.ask("GET", address)
        yield address, answer
        if answer.mimetype == "text/html":
            queue += links(answer.get_data(as_text=True))
        if answer.status_code in (302, 303):
            queue.append(answer.location)
