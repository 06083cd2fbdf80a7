"""A street with a shop, a courtyard and a household, and the people who record there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest

from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_scheme,
    make_shop,
    make_user,
    serial,
)
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.queries import find_account
from webapp.places.models import Courtyard, Holder, Household, Person, Shop
from webapp.records import service
from webapp.records.models import Record, Rectification
from webapp.schemes.models import Rule, RuleVersion, Scheme
from webapp.users.models import User
from webapp.users.permissions import grants_of

PHOTO = "ab" * 32


def actor_of(user: User, post: str, path: str) -> Actor:
    """What the gate makes of a member of staff with one post."""
    return Actor(
        kind="staff",
        label="李*梅 网格员",
        user_id=user.id,
        person_id=user.person_id,
        grants=grants_of([(post, path)]),
    )


def version_of(scheme: Scheme, code: str) -> RuleVersion:
    statement = db.select(RuleVersion).join(Rule).where(Rule.scheme_id == scheme.id, Rule.code == code)
    return db.session.scalars(statement.order_by(RuleVersion.version.desc())).first()


def settle(record: Record, now: datetime, *, half: Record | None = None) -> Rectification:
    """What stands in the database once a deduction was put right; ``half`` is the record of what stayed."""
    settled = {"state": "confirmed", "label": "巡查员", "at": now, "decided_at": now}
    made = Rectification(record_id=record.id, client_key=f"r{serial()}", new_record_id=half and half.id, **settled)
    db.session.add(made)
    db.session.flush()
    return made


@dataclass
class Street:
    tree: CommunityTree
    schemes: dict[str, Scheme]
    courtyard: Courtyard
    household: Household
    shop: Shop
    inspector: Actor
    person: Person

    def make(self, holder: Holder, scheme: str, code: str, points: int | None = None, **more: Any) -> Record:
        """A record with what the rule wants, unless the test says otherwise. ``points`` in tenths."""
        version = version_of(self.schemes[scheme], code)
        given: dict[str, Any] = {
            "actor": self.inspector,
            "holder_id": holder.id,
            "rule_version_id": version.id,
            "points": Points(version.lowest if points is None else points),
            "source": "inspection",
            "note": "路口看到" if version.proof == "note" else "",
            "photos": [PHOTO] if version.proof == "photo" else [],
            "client_key": f"key{serial()}",
            "now": clock.now(),
        }
        return service.make(**{**given, **more}).record

    def balance(self, holder: Holder, scheme: str) -> Points:
        account = find_account(holder.id, self.schemes[scheme].id)
        return account.balance if account else Points(0)


def make_street(*, name: str = "刘红梅") -> Street:
    """``name``: of who holds the household."""
    tree = make_community()
    household_scheme = make_scheme(area=tree.community)
    courtyard = make_courtyard(area=tree.micro_grid)
    user = make_user(post="grid_worker", area=tree.community, name="李秀梅")
    return Street(
        tree=tree,
        schemes={
            "household": household_scheme,
            "courtyard": household_scheme.rolls_up_to,
            "shop": make_scheme(area=tree.community, code="shop"),
        },
        courtyard=courtyard,
        household=make_household(courtyard=courtyard, name=name),
        shop=make_shop(area=tree.micro_grid, name="惠民超市"),
        inspector=actor_of(user, "grid_worker", tree.community.path),
        person=user.person,
    )


@pytest.fixture
def street(app) -> Street:
    return make_street()


@pytest.fixture
def at() -> Callable[..., datetime]:
    """A moment on the community's clock in UTC: ``at(20, 9)`` is 09:00 on 20 November 2026."""
    return lambda day, hour=9, month=11: datetime(2026, month, day, hour, tzinfo=clock.LOCAL)
