"""A county seat's list of 3,600 shops at the desk: its pages against those of a town with a few dozen."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from bench.harness import Result, cost_ratio
from bench.pages import pages_of
from bench.plates import county_seat
from bench.town import Request, call, cookie_of, environ, facts, town
from webapp.web.application import Application

SHOPS = "/desk/shops"
TIMES = 40


def run() -> list[Result]:
    seat, small = county_seat(), town()
    last = _last_page(seat)
    print(f"  {last} pages")
    first = _asked(small)
    return [
        _row(
            "first page of 3,600 shops at the desk against a town's (CPU)", seat, _asked(seat), small, first, 1.2, 2.0
        ),
        _row("its last page likewise", seat, _asked(seat, page=str(last)), small, first, 1.5, 2.5),
        _row("a search in it likewise", seat, _search(seat), small, _search(small), 1.5, 3.0),
    ]


def _row(
    name: str, seat: Application, ours: Request, small: Application, baseline: Request, aim: float, floor: float
) -> Result:
    return cost_ratio(name, pages_of(seat, ours), pages_of(small, baseline), times=TIMES, aim=aim, floor=floor)


def _asked(app: Application, **query: str) -> Request:
    return environ(SHOPS, cookie=cookie_of(app, "admin"), query=urlencode(query))


def _search(app: Application) -> Request:
    number = facts(app)["shops"][0]["number"]
    request = _asked(app, q=number)
    assert number in call(app, dict(request))[2].decode()
    return request


def _last_page(app: Application) -> int:
    _, _, body = call(app, _asked(app))
    last = max(int(number) for number in re.findall(r"page=(\d+)", body.decode()))
    _, _, body = call(app, _asked(app, page=str(last)))
    assert f"page={last + 1}" not in body.decode(), "it is the last"
    return last
