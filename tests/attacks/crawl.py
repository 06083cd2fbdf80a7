"""What the pages themselves offer at a door: links and filled-in forms, by the view that they lead to."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html.parser import HTMLParser
from random import Random
from urllib.parse import quote, urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect, Rule

from tests.attacks.village import Village
from tests.attacks.visitor import FORM, Sent, send
from webapp.core import clock
from webapp.web.application import Application

STARTS = (
    b"/",
    b"/desk",
    b"/phone/",
    b"/home/",
    b"/kiosk/",
    b"/kiosk/balance",
    b"/sign-in",
    b"/home/sign-in",
    b"/verify",
    b"/q/",
)
KEPT = 2  # requests of one view
BOUNDARY = "----------the-edge-of-a-part"
#: (endpoint, method) -> requests that lead there.
Found = dict[tuple[str, str], list[Sent]]


class Page(HTMLParser):
    """Links and forms of a page; each form as (method, action, enctype, [(name, value, type)])."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[tuple[str, str, str, list[tuple[str, str, str]]]] = []
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value or "" for name, value in attrs}
        self.links += [of[name] for name in ("href", "src", "hx-get") if of.get(name)]
        if tag == "form":
            method, action = of.get("method", "get").upper(), of.get("action", "")
            self.forms.append((method, action, of.get("enctype", ""), []))
        elif tag == "select":
            self._select = of.get("name", "")
        elif tag == "option" and self._select:
            if of.get("value") and self.forms:
                self.forms[-1][3].append((self._select, of["value"], "select"))
                self._select = ""
        elif tag in ("input", "textarea", "button") and of.get("name") and self.forms:
            self.forms[-1][3].append((of["name"], of.get("value", ""), of.get("type", tag)))


def crawl(app: Application, village: Village, who: str, most: int) -> Found:
    """Read at most ``most`` pages, each view's first ones."""
    found: Found = {}
    cookies = village.cookies(who)
    seen, queue, read = set(STARTS), deque(STARTS), 0
    while queue and read < most:
        address = queue.popleft()
        read += 1
        path, _, query = address.partition(b"?")
        answer = send(app, Sent("GET", path, query), cookies)
        if "html" not in answer.content_type:
            continue
        for link, sent in offered(answer.get_data(as_text=True), path):
            key = where(app, sent)
            known = found.setdefault(key, []) if key else None
            if known is None or len(known) >= KEPT or sent in known:
                continue
            known.append(sent)
            if link and link not in seen:
                seen.add(link)
                queue.append(link)
    return found


def offered(html: str, path: bytes) -> Iterator[tuple[bytes, Sent]]:
    """(address to read, or nothing; the request) of each link and form on a page."""
    page = Page(html)
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc or not parts.path.startswith("/"):
            continue
        address, query = quote(parts.path, safe="/%").encode(), quote(parts.query, safe="=&%~").encode()
        yield address + (b"?" + query if query else b""), Sent("GET", address, query)
    for method, action, enctype, fields in page.forms:
        target = quote(urlsplit(action).path, safe="/%").encode() or path
        typed = [(name, filled(name, value, kind)) for name, value, kind in fields if kind != "file"]
        if method == "GET":
            yield b"", Sent("GET", target, urlencode(typed).encode())
        elif "multipart" in enctype:
            files = [name for name, _, kind in fields if kind == "file"]
            yield b"", multipart(Sent("POST", target), typed, [(name, "a.jpg", b"no picture") for name in files])
        else:
            yield b"", Sent("POST", target, body=urlencode(typed).encode(), content_type=FORM)


def filled(name: str, value: str, kind: str) -> str:
    """What somebody would type who fills the form in well."""
    if value or kind in ("hidden", "button", "submit"):
        return value
    return {"number": "1", "date": clock.today().isoformat(), "month": "2026-10", "tel": "13800000000"}.get(
        kind, "测试"
    )


def multipart(sent: Sent, fields: list[tuple[str, str]], files: list[tuple[str, str, bytes]]) -> Sent:
    body = b"".join(part(f'name="{name}"', value.encode("utf-8", "replace")) for name, value in fields)
    body += b"".join(part(f'name="{name}"; filename="{file}"', data) for name, file, data in files)
    end = f"--{BOUNDARY}--\r\n".encode()
    return sent.plus("", body=body + end, content_type=f"multipart/form-data; boundary={BOUNDARY}")


def part(named: str, data: bytes) -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: form-data; {named}\r\n\r\n".encode() + data + b"\r\n"


def where(app: Application, sent: Sent) -> tuple[str, str] | None:
    """The view that answers; None if there is none."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(sent.path.decode(), method=sent.method)
    except (HTTPException, RequestRedirect):
        return None
    return str(endpoint), sent.method


def invented(rule: Rule, method: str, known: Found, app: Application, random: Random) -> Sent:
    """A request for a view that no page led to: with ids and codes that stand in the addresses of others."""
    words: dict[str, list[str]] = {}
    for requests in known.values():
        for sent in requests:
            for name, value in app.url_map.bind("localhost").match(sent.path.decode(), method=sent.method)[1].items():
                words.setdefault(name, []).append(str(value))

    def word(match: re.Match[str]) -> str:
        return quote(random.choice(words.get(match[2], ["1"])), safe="")

    path = re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>", word, rule.rule)
    return Sent(method, path.encode(), content_type=FORM if method == "POST" else "", what="invented")
