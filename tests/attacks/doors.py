"""Every door at which a secret is given, as a guesser meets it: what to send, and what an answer says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

LIMITS = (Path(__file__).resolve().parents[2] / "docs/limits.md").read_text(encoding="utf-8")
#: What docs/limits.md promises, not what the code says.
WRONG_GUESSES = {kind: int(most) for kind, most in re.findall(r"^\| `(\w+)` \| (\d+) \| \d+ minutes", LIMITS, re.M)}
CALLS_A_MINUTE = {view: int(most) for view, most in re.findall(r"^\| `(\w+\.\w+)` \| (\d+)/minute", LIMITS, re.M)}

Send = Callable[[FlaskClient, str, str, str], TestResponse]
_SERIAL = count(1)


def post(client: FlaskClient, path: str, form: dict[str, str], network: str) -> TestResponse:
    """With a made-up forwarding address, another each time: it must not matter."""
    return client.post(path, data=form, environ_base={"REMOTE_ADDR": network}, headers=made_up())


def get(client: FlaskClient, path: str, network: str) -> TestResponse:
    return client.get(path, environ_base={"REMOTE_ADDR": network}, headers=made_up())


def made_up() -> dict[str, str]:
    number = next(_SERIAL)
    address = f"203.0.{number // 250 % 250}.{number % 250}"
    return {"X-Forwarded-For": address, "X-Real-IP": address, "Forwarded": f"for={address}"}


def staff(client: FlaskClient, login: str, password: str, network: str) -> TestResponse:
    return post(client, "/sign-in", {"login": login, "password": password}, network)


def phone(client: FlaskClient, number: str, pin: str, network: str) -> TestResponse:
    return post(client, "/home/sign-in", {"number": number, "pin": pin}, network)


def kiosk_pin(client: FlaskClient, number: str, pin: str, network: str) -> TestResponse:
    return post(client, "/kiosk/number/pin", {"number": number, "pin": pin}, network)


def card_pin(client: FlaskClient, card: str, pin: str, network: str) -> TestResponse:
    """The card is held to the scanner, and the PIN asked for before anything is spent."""
    post(client, "/kiosk/card", {"code": card}, network)
    return post(client, "/kiosk/pin", {"pin": pin}, network)


@dataclass(frozen=True)
class Door:
    """``known``: an account that exists, with its secret. ``kiosk``: the browser must be a paired kiosk."""

    send: Send
    known: str
    secret: str
    kiosk: bool = False


def told(answer: TestResponse, *typed: str) -> str:
    """What the page says to the guesser: without what differs from page to page or was typed."""
    page = re.sub(r'(csrf-token" content|csrf_token" value|_once" value|name="ticket" value)="[^"]*"', "", answer.text)
    for word in typed:
        page = page.replace(word, "")
    return f"{answer.status_code} {re.sub(r'[0-9]+ 分钟', '… 分钟', page)}"


def opened(answer: TestResponse) -> bool:
    return answer.status_code == 303


def looked_at(answers: list[TestResponse]) -> int:
    """How many guesses were compared with the secret, rather than turned away unread."""
    assert {answer.status_code for answer in answers} <= {303, 404, 410, 422, 429}
    return sum(answer.status_code != 429 for answer in answers)


def answer_of(pages: list[Any], *, without: tuple[str, ...] = ()) -> set[str]:
    return {told(page, *without) for page in pages}
