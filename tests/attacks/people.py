"""Everybody who may stand before the software, each with a browser of their own; what they do there does not last."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from tests import factories
from tests.attacks.town import Community, Grid, card_of
from tests.conftest import KEY, Browser
from tests.personas import sign_in, sign_in_resident
from webapp.core import clock
from webapp.extensions import db
from webapp.kiosk import gate
from webapp.kiosk.models import KioskVisit
from webapp.kiosk.service import slips
from webapp.places.models import Area
from webapp.users.models import POSTS, User

NOBODY, PHONE, HEAD, KIOSK, AT_KIOSK = "nobody", "phone", "phone of a head", "kiosk", "kiosk with a household"
#: Posts over a county and over a community; all others are held over a grid.
OF_COUNTY, OF_COMMUNITY = ("administrator", "county_officer"), ("secretary", "group_head", "inspector", "clerk")


@dataclass
class Someone:
    """``post`` is a post, "" for a login without one, or one of the constants above. ``path``: of the area they hold it in."""

    post: str
    path: str
    client: FlaskClient
    staff: bool = False

    def ask(self, method: str, address: str, **given: Any) -> Any:
        """As if nothing had happened before: the browser has the cookies that it had at first."""
        kept = dict(self.client._cookies)  # type: ignore[attr-defined]  # Werkzeug's jar, to be put back
        if self.post == AT_KIOSK:
            self._go_on()
        answer = self.client.open(address, method=method, **given)
        self.client._cookies = kept  # type: ignore[attr-defined]  # the same
        return answer

    def _go_on(self) -> None:
        """Somebody still stands there: the visit's time starts anew."""
        token = self.client.get_cookie("visit").value.split(".")[0]
        self.client.set_cookie("visit", gate.sealed(token, clock.now()))


def browser(app: Flask) -> FlaskClient:
    app.test_client_class = Browser
    return app.test_client()


def staff(app: Flask, community: Community, grid: Grid) -> Iterator[Someone]:
    """One person for each post, and one whose login has none."""
    tree = community.tree
    for post in POSTS:
        area: Area = tree.county if post in OF_COUNTY else tree.community if post in OF_COMMUNITY else grid.area
        yield Someone(post, area.path, sign_in(browser(app), _user(post, area, community, grid)), staff=True)
    nothing = factories.make_user(post=None, area=tree.community)
    yield Someone("", "", sign_in(browser(app), nothing), staff=True)


def _user(post: str, area: Area, community: Community, grid: Grid) -> User:
    if post == "grid_worker":
        return grid.worker
    return community.secretary if post == "secretary" else factories.make_user(post=post, area=area, name="陈立新")


def everybody(app: Flask, community: Community, grid: Grid) -> list[Someone]:
    """The community's own people, and nobody."""
    path = community.tree.community.path
    return [
        Someone(NOBODY, "", browser(app)),
        Someone(PHONE, grid.area.path, sign_in_resident(browser(app), grid.household)),
        Someone(HEAD, grid.area.path, sign_in_resident(browser(app), grid.head)),
        Someone(KIOSK, path, at_kiosk(app, community)),
        Someone(AT_KIOSK, path, at_kiosk(app, community, grid)),
        *staff(app, community, grid),
    ]


def at_kiosk(app: Flask, community: Community, grid: Grid | None = None) -> FlaskClient:
    """A kiosk of the community's station; with a grid, its household has identified itself and printed a slip."""
    from webapp.core.actor import SYSTEM
    from webapp.users.service import devices

    given: dict[str, Any] = {"paper": "80", "printer": "", "actor": SYSTEM, "now": clock.now()}
    _, token = devices.add_device(station=community.station, name="终端", **given)
    client = browser(app)
    assert client.post(f"/kiosk/pair/{token}").status_code == 303
    if grid is not None:
        assert client.post("/kiosk/card", data={"code": card_of(grid.household.id)}).status_code == 303
        assert client.post("/kiosk/pin", data={"pin": grid.pin}).status_code == 303
        _print_slip(client, community, grid)
    return client


def _print_slip(client: FlaskClient, community: Community, grid: Grid) -> None:
    made = client.post("/kiosk/slips")
    assert made.status_code == 303
    slip_id = int(made.location.rsplit("/", 1)[1])
    visit = db.session.scalars(db.select(KioskVisit.id).where(KioskVisit.ended_at.is_(None))).all()[-1]
    slip = slips.of_visit(slip_id=slip_id, visit_id=visit, key=KEY)
    community.values[grid.mark] |= {"slip_id": slip.id, "slip": slip.reference}


@dataclass
class Written:
    """What requests meant to change, although it is undone. ``lines``: of the audit log."""

    rows: int = 0
    tables: set[str] = field(default_factory=set)
    lines: list[dict[str, Any]] = field(default_factory=list)
    _open: set[str] = field(default_factory=set)  # of the transaction that is under way

    def begin(self) -> None:
        """Forget what was before."""
        self.rows, self.tables, self.lines = 0, set(), []
        self._open.clear()

    def note(self, sql: str) -> None:
        found = CHANGES.match(sql)
        if found:
            self._open.add(found[1].lower())

    def commit(self) -> None:
        self.tables |= self._open
        self._open.clear()


CHANGES = re.compile(r"\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)


@contextmanager
def nothing_lasts() -> Iterator[Written]:
    """Each commit is undone instead, so that ten thousand requests all meet the same town. SQLite only."""
    written = Written()
    db.session.commit()
    newest = db.session.scalar(db.text("SELECT max(id) FROM audit_line")) or 0
    db.session.rollback()
    db.engine.dispose()

    def begin(connection: Any) -> None:
        raw = connection.connection
        raw.info["before"] = raw.dbapi_connection.total_changes
        raw.dbapi_connection.set_trace_callback(written.note)
        written._open.clear()

    def undo(raw: Any) -> None:
        written.rows += raw.dbapi_connection.total_changes - raw.info["before"]
        found = raw.dbapi_connection.execute("SELECT * FROM audit_line WHERE id > ?", (newest,))
        names = [column[0] for column in found.description]
        written.lines += [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        written.commit()
        raw.dbapi_connection.rollback()

    event.listen(db.engine, "begin", begin)
    with patch.object(db.engine.dialect, "do_commit", undo):
        yield written
    event.remove(db.engine, "begin", begin)
    db.session.rollback()
    db.engine.dispose()
