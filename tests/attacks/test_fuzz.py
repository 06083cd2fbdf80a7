"""Every view, as everybody, with hostile strings and bodies: no answer is an error of the server.

The requests are made of honest ones: links and filled-in forms that the pages themselves offer at each door.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from tests.attacks.crawl import Found, crawl, invented
from tests.attacks.hostile import every_name, spoil
from tests.attacks.village import DOORS, Village, settle
from tests.attacks.visitor import FORM, Sent, send
from tests.conftest import both_databases
from webapp.extensions import WriterBusy
from webapp.web.application import Application

SEED = 20261125
HONEST = 0.1  # a tenth goes as the page made it: it leads to where the hostile ones shall follow
#: Forms that close, end or take away what others need go last.
ENDS = re.compile(r"close|end_|revoke|active|move|abandon|drop|withdraw|sign_out|leave|password|publish")
NAMES = re.compile(r"""(?:args|values|asked|form)\.get(?:list)?\(\s*"(\w+)"|(\w+) = \w*Field\(""")
ROOT = Path(__file__).resolve().parents[2]


def field_names() -> tuple[str, ...]:
    """Every name that a view or a form of ours reads."""
    sources = (path.read_text(encoding="utf-8") for path in sorted((ROOT / "webapp").rglob("*.py")))
    return tuple(
        sorted({"".join(found) for text in sources for found in NAMES.findall(text)} | {"_once", "csrf_token"})
    )


@dataclass
class Trial:
    """What was sent to an application and what came back that should not."""

    app: Application
    village: Village
    random: Random
    names: tuple[str, ...] = field(default_factory=field_names)
    entered: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)  # kind of fault -> its first request
    sent: int = 0
    last: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """See which views are entered, and what the handler of unexpected errors is given."""
        for endpoint, view in self.app.view_functions.items():
            monkeypatch.setitem(self.app.view_functions, endpoint, self._seen(endpoint, view))
        handlers = self.app.error_handler_spec[None][None]
        for kind in (Exception, OperationalError, WriterBusy):
            monkeypatch.setitem(handlers, kind, self._noted(handlers[kind]))

    def _seen(self, endpoint: str, view: Any) -> Any:
        @wraps(view)
        def seen(*args: Any, **kwargs: Any) -> Any:
            self.last.append(endpoint)
            return view(*args, **kwargs)

        return seen

    def _noted(self, handler: Any) -> Any:
        def noted(error: Exception) -> Any:
            self.trouble.append(where_from(error))
            return handler(error)

        return noted

    def attack(self, who: str, *, pages: int, each: int) -> None:
        """Spoil the requests that the pages offer at one door, and some for all other views."""
        found = crawl(self.app, self.village, who, pages)
        cookies = self.village.cookies(who)
        for endpoint, base in self._targets(found):
            allowed = self.village.may(who, self.app.view_functions[endpoint].permission)
            for sent in self._surely(base[0]) if allowed else ():
                self.try_one(who, sent, cookies)
            for number in range(each if allowed else 1):
                honest = base[number % len(base)]
                sent = honest if self.random.random() < HONEST else spoil(honest, self.random, self.names)
                answered = self.try_one(who, sent, cookies)
                if allowed and endpoint not in answered:
                    cookies = self.village.cookies(who)

    def _surely(self, base: Sent) -> list[Sent]:
        """What each view meets whatever the dice say: every name that is read anywhere, a key where none is expected, a
        header that is no address."""
        if base.method == "GET":
            return [every_name(base, self.random, self.names, value) for value in ("", "9" * 20)]
        alone = base.plus("a once-key alone", body=b"_once=k", content_type=FORM)
        return [alone, alone.plus("no origin", headers=(("Origin", "http://["),))]

    def _targets(self, found: Found) -> list[tuple[str, list[Sent]]]:
        """Each view with honest requests for it; forms last, those that end something at the very end."""
        made = []
        for rule in self.app.url_map.iter_rules():
            for method in sorted(rule.methods & {"GET", "POST"}):
                if rule.endpoint in ("static", "assets.styles"):
                    continue
                base = found.get((rule.endpoint, method)) or [invented(rule, method, found, self.app, self.random)]
                made.append((rule.endpoint, method, base))
        made.sort(key=lambda one: (one[1], bool(ENDS.search(one[0]))))
        return [(endpoint, base) for endpoint, _, base in made]

    def try_one(self, who: str, sent: Sent, cookies: str) -> set[str]:
        """The views that were entered."""
        self.last.clear()
        self.trouble.clear()
        self.sent += 1
        address = f"10.{self.random.randrange(256)}.{self.random.randrange(256)}.{self.random.randrange(256)}"
        try:
            answer = send(self.app, sent, cookies, address)
        except Exception as error:
            self._blame(f"nobody caught {where_from(error)}", who, sent)
            return set(self.last)
        self.statuses[answer.status_code] += 1
        told = "\n".join(self.trouble)
        if answer.status_code >= 500 and not (answer.status_code == 503 and not told):
            self._blame(f"{answer.status_code} {told}", who, sent)
        elif b"Traceback (most recent call last)" in answer.data:
            self._blame("a traceback is shown", who, sent)
        self.entered.update(self.last)
        return set(self.last)

    def _blame(self, fault: str, who: str, sent: Sent) -> None:
        self.faults.setdefault(fault, f"{who}: {sent}")


def where_from(error: BaseException) -> str:
    """The kind of error and the last lines of ours that it came through."""
    trace, ours = error.__traceback__, []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "/webapp/" in file:
            ours.append(f"{file.rpartition('/webapp/')[2]}:{trace.tb_lineno}")
        trace = trace.tb_next
    return f"{type(error).__name__}: {str(error)[:160]} at {' < '.join(reversed(ours[-3:]))}"


@both_databases
def test_no_hostile_request_is_answered_with_an_error_of_the_server(
    app, database_url, monkeypatch, scale, figure, caplog
):
    caplog.set_level(logging.CRITICAL)
    doors = scale(small=1, routine=3, full=len(DOORS))
    chosen = DOORS if doors == len(DOORS) else ("secretary", "resident", "kiosk")[:doors]
    trial = Trial(app, settle(app), Random(SEED))
    trial.watch(monkeypatch)
    for who in chosen:
        trial.attack(who, pages=scale(small=30, routine=100, full=400), each=scale(small=1, routine=2, full=16))
    views = {rule.endpoint for rule in app.url_map.iter_rules()} - {"static", "assets.styles"}
    figure(
        f"S1 fuzz: {trial.sent} requests to {len(trial.entered)} of {len(views)} views as {len(chosen)} on "
        f"{database_url.split(':')[0]}, {len(trial.faults)} kinds of server errors; {dict(sorted(trial.statuses.items()))}"
    )
    assert not trial.faults, "\n" + "\n".join(f"{fault}\n    {first}" for fault, first in trial.faults.items())
