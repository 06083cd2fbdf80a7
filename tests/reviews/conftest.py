"""A published month with three lines: a good deed and a deduction of 刘红梅's household, and one line of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.conftest import KEY
from tests.factories import make_household, make_user
from tests.records.conftest import Street, actor_of, make_street
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.ledger.verify import WrongRowError, verify, verify_all
from webapp.places.models import Household
from webapp.records.models import Record
from webapp.reviews import queries, service
from webapp.reviews.models import CommunityMonth, Objection
from webapp.users.models import User
from webapp.users.service.residents import actor_of as resident_of

PUBLISHED = datetime(2026, 11, 25, 15, tzinfo=clock.LOCAL)
#: The first moment at which it is too late: the window's last day, 2 December, counts to its end.
TOO_LATE = datetime(2026, 12, 3, tzinfo=clock.LOCAL)
GOOD, BAD, SHOP = 1, 2, 3


@dataclass
class Month:
    """``recorder`` wrote the lines, ``secretary`` published them; ``lead`` had no hand in them."""

    street: Street
    row: CommunityMonth
    neighbour: Household
    lead: Actor
    secretary: User

    @property
    def household(self) -> Household:
        return self.street.household

    def record(self, number: int) -> Record:
        line = queries.line_of(self.row.id, number)
        return db.session.get_one(Record, line.record_id)

    def lodge(self, number: int = GOOD, household: Household | None = None, **more: object) -> Objection:
        whose = household or self.neighbour
        given = {"month_id": self.row.id, "line": number, "kind": "not_happened", "reason": "", **more}
        actor = given.pop("actor", None) or resident_of(whose.id, whose.name, "127.0.0.1")
        now = given.pop("now", PUBLISHED + timedelta(hours=1))
        return service.lodge(actor=actor, now=now, **given)


def publish(street: Street, actor: Actor, month: int, now: datetime) -> CommunityMonth:
    given = {"actor": actor, "community": street.tree.community, "month": month, "now": now}
    service.note_meeting(**given, attendees="王书记、李网格员", minutes="")
    row = service.publish(**given)
    while not service.go_on(month_id=row.id, key=KEY, now=now).done:
        pass
    return row


def make_month() -> Month:
    street = make_street()
    street.courtyard.name = "文林路 3 号院"
    at = datetime(2026, 11, 20, 9, tzinfo=clock.LOCAL)
    street.make(street.household, "household", "1.1", 30, now=at)
    street.make(street.household, "household", "1.6", now=at)
    street.make(street.shop, "shop", "1.1", now=at)
    secretary = make_user(post="secretary", area=street.tree.community, name="王大山")
    row = publish(street, actor_of(secretary, "secretary", street.tree.community.path), 202611, PUBLISHED)
    lead = make_user(post="grid_lead", area=street.tree.community, name="赵公正")
    neighbour = make_household(courtyard=street.courtyard, name="李强", number="A-02")
    return Month(street, row, neighbour, actor_of(lead, "grid_lead", street.tree.community.path), secretary)


@pytest.fixture
def month(app) -> Month:
    return make_month()


LATER = PUBLISHED + timedelta(days=2)
ANSWER = "查了照片和值班记录，那天没有打扫"


def account(month: Month, holder=None, scheme: str = "household"):
    return find_account((holder or month.household).id, month.street.schemes[scheme].id)


def clean() -> None:
    """``ledger verify`` finds nothing."""
    db.session.commit()
    verify_all(db.engine)


def as_intruder() -> Any:
    """A connection of somebody who owns the database: no triggers, no foreign keys."""
    db.session.commit()
    connection = db.session.connection()
    if connection.dialect.name == "sqlite":
        triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    else:
        for table in ("publication_line", "community_month", "ranking", "ranked_place", "record"):
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    return connection


def found(connection: Any) -> str:
    with pytest.raises(WrongRowError) as wrong:
        verify(connection)
    return str(wrong.value)
