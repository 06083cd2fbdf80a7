"""A small town with a book: households in courtyards whose points roll up, and a shop that may go below zero."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_scheme,
    make_shop,
    serial,
)
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.ledger import queries, service
from webapp.ledger.book import AccountState, Cause, EntryLine, HoldLine
from webapp.ledger.service import Posting
from webapp.places.models import Courtyard, Holder, Household, Shop
from webapp.schemes.models import Scheme

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)  # noon of 2026-11-20 in Asia/Shanghai


@dataclass
class Town:
    """The verbs of the book in short: points are tenths, the cause is new unless it is given."""

    tree: CommunityTree
    scheme: Scheme
    courtyard: Courtyard
    household: Household
    shop_scheme: Scheme
    shop: Shop

    @property
    def upper(self) -> Scheme:
        assert self.scheme.rolls_up_to is not None
        return self.scheme.rolls_up_to

    def post(self, tenths: int, *, holder: Holder | None = None, now: datetime = NOON, **more: Any) -> EntryLine:
        holder = holder or self.household
        scheme = {"household": self.scheme, "courtyard": self.upper, "shop": self.shop_scheme}[holder.kind]
        given = {"kind": "record", "cause": Cause("record", serial()), "title": "门前干净", **more}
        posting = Posting(amount=Points(tenths), happened_on=clock.local_date(now), **given)
        return service.post(holder_id=holder.id, scheme_id=scheme.id, posting=posting, actor=SYSTEM, now=now)

    def reverse(self, line: EntryLine, *, now: datetime = NOON) -> EntryLine:
        return service.reverse(entry=line, cause=Cause("undo", serial()), reason="记错了", actor=SYSTEM, now=now)

    def hold(self, tenths: int, *, cause: Cause | None = None, now: datetime = NOON) -> HoldLine:
        wanted = cause or Cause("sale", serial())
        return service.hold(account_id=self.account().id, amount=Points(tenths), cause=wanted, reason="兑换", now=now)

    def lock(self, *, now: datetime = NOON) -> HoldLine:
        cause = Cause("record", serial())
        return service.lock(account_id=self.account().id, cause=cause, reason="一票否决", now=now)

    def spend(self, held: HoldLine, *, now: datetime = NOON) -> EntryLine:
        return service.spend(hold_id=held.id, cause=held.cause, title="兑换 洗衣液", note="", actor=SYSTEM, now=now)

    def account(self, holder: Holder | None = None) -> AccountState:
        holder = holder or self.household
        scheme = {"household": self.scheme, "courtyard": self.upper, "shop": self.shop_scheme}[holder.kind]
        return service.open_account(holder_id=holder.id, scheme_id=scheme.id, now=NOON)

    def lines(self, holder: Holder | None = None) -> list[EntryLine]:
        return queries.last_entries(self.account(holder).id, 50)


@pytest.fixture
def town(app) -> Town:
    tree = make_community()
    scheme, shop_scheme = make_scheme(area=tree.community), make_scheme(area=tree.community, code="shop")
    courtyard = make_courtyard(area=tree.micro_grid)
    household = make_household(courtyard=courtyard)
    return Town(tree, scheme, courtyard, household, shop_scheme, make_shop(area=tree.micro_grid))
