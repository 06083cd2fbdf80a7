"""Schemes, rules, accounts with points, goods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.factories.saving import CREATED_AT, serial
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.ledger.book import AccountState, Cause
from webapp.ledger.queries import account_state
from webapp.ledger.service import Posting, open_account, post
from webapp.places.models import (
    Area,
    Holder,
)
from webapp.redemption.models import Item
from webapp.redemption.service import catalogue, stock
from webapp.redemption.service.catalogue import ItemText
from webapp.schemes.models import RuleVersion, Scheme
from webapp.schemes.queries import categories
from webapp.schemes.service import RuleText, add_rule, load_preset


def make_scheme(*, area: Area, code: str = "household") -> Scheme:
    """One of the presets, loaded into an area with what it rolls up to."""
    return load_preset(code, area=area, actor=SYSTEM, now=CREATED_AT)


def make_rule(*, scheme: Scheme, title: str | None = None, points: str = "+2", **more: Any) -> RuleVersion:
    """A rule of the scheme's first category, in force since the scheme is."""
    number = serial()
    text = RuleText(
        title=title or f"细则{number}",
        lowest=Points.parse(points.split("..", maxsplit=1)[0]),
        highest=Points.parse(points.rsplit("..", maxsplit=1)[-1]),
        **more,
    )
    return add_rule(
        category=categories(scheme.id)[0],
        code=f"Z{number}",
        text=text,
        position=99,
        valid_from=clock.local_date(CREATED_AT),
        actor=SYSTEM,
        now=CREATED_AT,
    )


def make_account(*, holder: Holder, scheme: Scheme, points: int = 0, now: datetime | None = None) -> AccountState:
    """The holder's account, with whole points if wanted."""
    account = open_account(holder_id=holder.id, scheme_id=scheme.id, now=now or clock.now())
    if points:
        give_points(holder, scheme, points, now=now)
    return account_state(account.id)


def give_points(holder: Holder, scheme: Scheme, points: int, *, now: datetime | None = None) -> None:
    """Let a holder earn whole points, as a record would."""
    posting = Posting(
        amount=Points.whole(points),
        kind="record",
        cause=Cause("gift", serial()),
        title="参加志愿活动",
        happened_on=clock.local_date(now or clock.now()),
    )
    post(holder_id=holder.id, scheme_id=scheme.id, posting=posting, actor=SYSTEM, now=now or clock.now())


def make_item(
    *, area: Area, scheme: Scheme, left: int = 10, name: str | None = None, price: int = 20, **more: Any
) -> Item:
    """A thing in the catalogue with some of it on the shelf."""
    text = ItemText(name=name or f"洗衣液{serial()}", price=Points.whole(price), **more)
    item = catalogue.add_item(area=area, scheme=scheme, text=text, actor=SYSTEM, now=CREATED_AT)
    if left:
        stock.receive(item=item, quantity=left, note="", actor=SYSTEM, now=CREATED_AT)
    return item
