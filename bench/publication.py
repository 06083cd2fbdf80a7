"""The pages of a published month of 3,000 lines: what each weighs with gzip, and its CPU against the kiosk's balance page."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime, time
from typing import NamedTuple

from sqlalchemy import select

from bench.county import chunks, county, fill, secretary
from bench.harness import Result, Side, cost_ratio, table
from bench.pages import household_at_kiosk
from bench.town import KEY, Request, call, cookie_of, environ, facts
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db, start_writing
from webapp.places.models import Area, Household
from webapp.records import service as records
from webapp.reviews import queries, service
from webapp.reviews.models import CommunityMonth, Objection
from webapp.reviews.service.publishing import POSTED_AT_ONCE
from webapp.users.service import phones
from webapp.web.application import Application

LINES, OBJECTIONS, TIMES = 3_000, 15, 40
LARGEST, DEAREST = 60.0, 2.0  # kB with gzip; times the balance page
#: Pages of the office carry the whole menu with its counts, and fifty lines: known to cost more, held to what they cost.
DEAREST_AT_DESK = 13.0
CALLS = 50  # then the count of calls from one address begins again


def run() -> list[Result]:
    app = county()
    row = _published(app)
    pages = dict(_pages(app, row))
    sizes = {name: _size(app, request) for name, request in pages.items()}
    for name, size in sizes.items():
        print(f"  {name}: {size / 1000:.1f} kB with gzip")
    largest = max(sizes, key=lambda name: sizes[name])
    weight = sizes[largest] / 1000
    return [
        Result(
            f"publication of {LINES:,} lines, its heaviest page ({largest}), kB with gzip",
            weight,
            LARGEST / 2,
            LARGEST,
            "lower",
            f"{weight:.1f} kB",
            "",
        ),
        *(_cost(name, _side(app, request), _side(app, _balance(app))) for name, request in pages.items()),
    ]


def _cost(name: str, page: Side, balance: Side) -> Result:
    floor = DEAREST_AT_DESK if name.startswith("desk") else DEAREST
    words = f"publication, {name}: CPU against the kiosk balance page"
    return cost_ratio(words, page, balance, times=TIMES, aim=1.5, floor=floor)


class Month(NamedTuple):
    community_id: int
    month: int
    token: str


def _published(app: Application) -> Month:
    """Each line is a record that a working group confirmed; the month is published by the verbs."""
    ids = fill(app, LINES)
    start_writing()
    with app.app_context():
        community = db.session.scalars(select(Area).where(Area.kind == "community")).first()
        assert community is not None
        for batch in chunks(ids, POSTED_AT_ONCE):
            records.confirm(actor=secretary(), record_ids=batch, now=clock.now())
            db.session.commit()
        terms = queries.terms_of(community)
        month = queries.month_on(clock.today(), terms)
        now = datetime.combine(queries.last_day(month, terms), time(15), tzinfo=clock.LOCAL)
        given = {"actor": SYSTEM, "community": community, "month": month, "now": now}
        service.note_meeting(**given, attendees="王书记", minutes="")
        row = service.publish(**given)
        while not service.go_on(month_id=row.id, key=KEY, now=now).done:
            db.session.commit()
        db.session.commit()
        assert row.lines >= LINES, row.lines
        _object(row)
        found = Month(row.community_id, row.month, row.token)
        db.session.remove()
    return found


def _object(row: CommunityMonth) -> None:
    """Some lines that somebody objects to: the register hangs below the list."""
    lines = queries.all_lines(row)[: OBJECTIONS * 100 : 100]
    for number, line in enumerate(lines, start=1):
        given = {"month_id": row.id, "line": line.number, "record_id": line.record_id, "number": number}
        whose = {"channel": "desk", "brought_by": "刘红梅", "kind": "points", "opened_at": clock.now()}
        db.session.add(Objection(**given, **whose))
    db.session.commit()


def _balance(app: Application) -> Request:
    """A household stands at a kiosk. Anew for each row: a visit ends when nothing is heard of it for a minute."""
    request, _ = household_at_kiosk(app, facts(app)["households"][0]["number"])
    _size(app, request)
    return request


def _pages(app: Application, row: Month) -> Iterator[tuple[str, Request]]:
    """What a visitor opens: by the link, at a kiosk, on a household's phone, at the desk."""
    device = _balance(app)["HTTP_COOKIE"].split("; ")[0]
    desk, home = cookie_of(app, "secretary"), _phone(app)
    yield "the link", environ(f"/p/{row.token}")
    yield "the link's last page", environ(f"/p/{row.token}", query="page=9999")
    yield "the link's rankings", environ(f"/p/{row.token}/rankings")
    yield "kiosk", environ("/kiosk/publication", cookie=device)
    yield "kiosk's last screen", environ("/kiosk/publication", cookie=device, query="page=9999")
    yield "kiosk's rankings", environ("/kiosk/rankings", cookie=device)
    yield "a household's phone", environ("/home/publication", cookie=home, query="all=1")
    yield "a household's rankings", environ("/home/rankings", cookie=home)
    yield "desk", environ(f"/desk/publications/{row.community_id}/{row.month}", cookie=desk)
    yield "desk's rankings", environ("/desk/rankings", cookie=desk, query=f"month={row.month}")


def _phone(app: Application) -> str:
    start_writing()
    with app.app_context():
        household = db.session.scalars(select(Household.id)).first()
        token = phones.start(household_id=household or 0, network="127.0.0.1", now=clock.now())
        db.session.commit()
        db.session.remove()
    return f"resident={token}"


def _side(app: Application, request: Request) -> Side:
    def calls(times: int) -> None:
        for number in range(times):
            if number % CALLS == 0:
                app.extensions["limits"].storage.reset()
            status, _, _ = call(app, dict(request))
            assert status == 200, status

    return calls


def _size(app: Application, request: Request) -> int:
    app.extensions["limits"].storage.reset()
    status, headers, body = call(app, dict(request))
    assert status == 200, (status, request["PATH_INFO"], body[:300])
    if "shanzhi=" in headers.get("Set-Cookie", ""):  # the first page of a browser: it gets its session cookie
        others = [one for one in request["HTTP_COOKIE"].split("; ") if one and not one.startswith("shanzhi=")]
        request["HTTP_COOKIE"] = "; ".join([*others, headers["Set-Cookie"].split(";")[0]])
    return len(gzip.compress(body, 6))


if __name__ == "__main__":
    found = run()
    print(table(found))
    raise SystemExit(any(result.failed for result in found))
