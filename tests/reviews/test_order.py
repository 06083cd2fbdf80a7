"""Lines hang as a wall is read: courtyard by courtyard, then by day."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.conftest import both_databases
from tests.factories import make_courtyard, make_household, make_shop
from tests.records.conftest import Street, make_street
from tests.reviews.test_month import publish
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.extensions import db
from webapp.ledger.verify import verify
from webapp.places.models import Holder
from webapp.records.models import Record
from webapp.reviews import queries, sealing
from webapp.reviews.models import PublicationLine
from webapp.reviews.queries.order import natural
from webapp.reviews.service import publishing


@pytest.fixture
def street(app) -> Street:
    return make_street()


def at(day: int, hour: int = 9) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=clock.LOCAL)


def records_of(street: Street) -> list[tuple[Holder, str, int]]:
    """(holder, scheme, day) as they should hang: the first area's yards by number, its shop, the next areas."""
    here, next_door, other_grid = (street.tree.micro_grids[place] for place in (0, 1, 2))
    third, twelfth = make_courtyard(area=here, number="Y3"), make_courtyard(area=here, number="Y12")
    near, far = make_courtyard(area=next_door, number="Y1"), make_courtyard(area=other_grid, number="Y0")
    home, home_too, neighbour = (
        make_household(courtyard=third),
        make_household(courtyard=third),
        make_household(courtyard=twelfth),
    )
    return [
        (home, "household", 18),
        (home_too, "household", 19),
        (third, "courtyard", 20),
        (home, "household", 21),
        (neighbour, "household", 3),
        (make_shop(area=here, number="S2"), "shop", 22),
        (make_shop(area=here, number="S10"), "shop", 2),
        (make_household(courtyard=near), "household", 1),
        (make_household(courtyard=far), "household", 1),
    ]


@both_databases
def test_lines_stand_area_by_area_courtyard_by_courtyard_and_by_day(street, monkeypatch):
    monkeypatch.setattr(publishing, "LISTED_AT_ONCE", 2)  # the order goes on from step to step
    wanted = records_of(street)
    made = {}
    for holder, scheme, day in reversed(wanted):
        made[(holder.id, day)] = street.make(holder, scheme, "1.1", now=at(day)).id
    row = publish(street, SYSTEM, at(25, 15))
    lines = [line.record_id for line in queries.all_lines(row)]
    assert lines == [made[(holder.id, day)] for holder, _, day in wanted]
    verify(db.session.connection())


def test_numbers_are_compared_by_their_size():
    assert sorted(["Y12", "Y3", "Y03A"], key=natural) == ["Y3", "Y03A", "Y12"]


def as_older_software_published(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of the records' numbers, with a seal that names neither schemes nor the seal before."""

    def by_number(row, count):
        listed = set(db.session.scalars(db.select(PublicationLine.record_id)))
        found = db.session.scalars(db.select(Record).where(Record.state == "posted").order_by(Record.id))
        return [one for one in found if one.id not in listed][:count]

    new = sealing.content
    monkeypatch.setattr(queries, "to_list", by_number)
    monkeypatch.setattr(
        sealing,
        "content",
        lambda **all_: new(**{name: all_[name] for name in all_ if name not in ("before", "schemes")}),
    )


@both_databases
def test_an_older_publication_is_still_right(street, monkeypatch):
    with monkeypatch.context() as older:
        as_older_software_published(older)
        wanted = records_of(street)
        made = [street.make(holder, scheme, "1.1", now=at(day)).id for holder, scheme, day in reversed(wanted)]
        row = publish(street, SYSTEM, at(25, 15))
    assert [line.record_id for line in queries.all_lines(row)] == made
    assert '"before"' not in row.content
    verify(db.session.connection())
