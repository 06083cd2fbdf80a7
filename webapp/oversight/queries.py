"""What the desk shows first: what waits, what happened today, what is odd, what has not been visited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, func, select

from webapp.extensions import db
from webapp.inspections.queries import Coverage, coverage
from webapp.ledger.queries import locked_accounts
from webapp.places.models import Area, Holder, Station
from webapp.places.queries import within
from webapp.ratings.queries import Flood, floods
from webapp.records.models import LIVE, Record
from webapp.records.queries.desk import Filter, listed, sharing_photos
from webapp.redemption.models import Item, Voucher
from webapp.redemption.queries import vouchers_statement
from webapp.schemes.queries import schemes_in

LATEST = 8
LOW = 5  # of a thing: time to buy


@dataclass(frozen=True)
class Today:
    """Everything on today's page. ``earned`` and ``deducted`` are tenths of today's records."""

    waiting: Sequence[Voucher]
    waiting_count: int
    records: Sequence[Row[Any]]
    records_count: int
    earned: int
    deducted: int
    reused: set[int]
    coverage: list[Coverage]
    floods: list[Flood]
    low_stock: Sequence[Item]
    locked: int


def today_of(scope: Sequence[str], day: date) -> Today:
    """The day's figures within areas."""
    waiting = vouchers_statement(tuple(scope), state="issued")
    latest = db.session.execute(listed(scope, Filter(first=day, last=day)).limit(LATEST)).all()
    count, earned, deducted = _records_of(scope, day)
    return Today(
        waiting=db.session.scalars(waiting.limit(LATEST)).all(),
        waiting_count=_count(waiting),
        records=latest,
        records_count=count,
        earned=earned,
        deducted=deducted,
        reused=sharing_photos([row[0].id for row in latest]),
        coverage=coverage(scope, day),
        floods=floods(tuple(scope), limit=LATEST),
        low_stock=_low_stock(scope),
        locked=locked_accounts(scope),
    )


def _count(statement: Any) -> int:
    return int(db.session.scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0)


def _records_of(scope: Sequence[str], day: date) -> tuple[int, int, int]:
    """(how many, tenths given, tenths deducted) of the day's records that still count."""
    statement = (
        select(
            func.count(),
            func.coalesce(func.sum(Record.points).filter(Record.points > 0), 0),
            func.coalesce(func.sum(Record.points).filter(Record.points < 0), 0),
        )
        .select_from(Record)
        .join(Holder.__table__, Holder.__table__.c.id == Record.holder_id)
        .join(Area, Area.id == Holder.__table__.c.area_id)
        .where(within(scope), Record.happened_on == day, Record.state.in_(LIVE))
    )
    count, earned, deducted = db.session.execute(statement).one()
    return int(count), int(earned), int(deducted)


def _low_stock(scope: Sequence[str]) -> Sequence[Item]:
    statement = (
        select(Item)
        .join(Area, Area.id == Item.area_id)
        .where(within(scope), Item.active, Item.left <= LOW)
        .order_by(Item.left, Item.position)
        .limit(LATEST)
    )
    return db.session.scalars(statement).all()


@dataclass(frozen=True)
class FirstSteps:
    """What a new community has already; ``missing``: nobody can record or visit anything yet."""

    schemes: bool
    courtyards: bool
    stations: bool

    @property
    def missing(self) -> bool:
        return not (self.schemes and self.courtyards)


def first_steps(scope: Sequence[str]) -> FirstSteps:
    """How far the setting up of somebody's areas has come."""
    courtyards = (
        select(Holder.id)
        .join(Area, Area.id == Holder.area_id)
        .where(Holder.kind == "courtyard", within(scope))
        .limit(1)
    )
    stations = select(Station.id).join(Area, Area.id == Station.area_id).where(within(scope)).limit(1)
    return FirstSteps(
        schemes=bool(schemes_in(tuple(scope))),
        courtyards=db.session.scalar(courtyards) is not None,
        stations=db.session.scalar(stations) is not None,
    )
