"""What hangs on the notice board, at the kiosk."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from tests.conftest import KEY, both_databases
from tests.kiosk.conftest import Kiosk
from tests.records.conftest import version_of
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.places.models import Household
from webapp.records.service import make
from webapp.reviews import queries, service


def record(kiosk: Kiosk, household: Household, code: str) -> None:
    rule = version_of(kiosk.scheme, code)
    make(
        actor=SYSTEM,
        holder_id=household.id,
        rule_version_id=rule.id,
        points=Points(rule.lowest),
        source="inspection",
        note="现场核实",
        photos=["ab" * 32],
        client_key=f"{household.id}-{code}",
        now=clock.now(),
    )


def publish(kiosk: Kiosk) -> None:
    """The running month, as the working group will publish it on its last day."""
    terms = queries.terms_of(kiosk.tree.community)
    month = queries.month_on(clock.today(), terms)
    now = datetime.combine(queries.last_day(month, terms), time(15), tzinfo=clock.LOCAL)
    given: dict[str, Any] = {"actor": SYSTEM, "community": kiosk.tree.community, "month": month, "now": now}
    service.note_meeting(**given, attendees="书记", minutes="")
    row = service.publish(**given)
    while not service.go_on(month_id=row.id, key=KEY, now=now).done:
        pass
    db.session.commit()


@pytest.fixture
def published(kiosk: Kiosk) -> Kiosk:
    """A good deed and a deduction of the household, and a deduction of its neighbour."""
    record(kiosk, kiosk.household, "3.2")
    record(kiosk, kiosk.household, "1.6")
    record(kiosk, kiosk.neighbour, "1.1")
    publish(kiosk)
    return kiosk


def test_without_a_publication_home_shows_the_ranking_and_the_page_says_so(kiosk, client):
    kiosk.pair(client)
    assert "院落排行" in client.get("/kiosk/").text
    assert "还没有公示" in client.get("/kiosk/publication").text


@both_databases
def test_home_leads_to_the_publication_with_the_days_that_are_left(published, client):
    published.pair(client)
    assert "月公示" in client.get("/kiosk/").text
    page = client.get("/kiosk/publication").text
    assert "捐款捐物" in page
    assert "封账签名" in page


def test_a_deduction_stands_there_without_a_name_but_the_household_sees_its_own(published, client):
    published.pair(client)
    pages = [client.get(f"/kiosk/publication?start={start}").text for start in (0, 5)]
    line = next(page.split("堆放杂物")[1].split("</li>")[0] for page in pages if "堆放杂物" in page)
    assert "李" not in line
    published.show_card(client)
    own = client.get("/kiosk/publication?mine=1").text
    assert "堆放杂物" in own
    assert "王*国家" not in own
    assert "李*梅家" in own.split("堆放杂物")[1].split("</li>")[0]


def test_only_the_visitor_sees_the_own_lines(published, client):
    published.pair(client)
    assert "我家的" not in client.get("/kiosk/publication?mine=1").text
