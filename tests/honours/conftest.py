"""A community whose November is published, and its kind of honour for households."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.factories import make_household, make_shop
from tests.rankings.conftest import Town, at, make_town
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.honours import queries, service
from webapp.honours.models import Honour, HonourKind
from webapp.honours.proposing import Candidate
from webapp.honours.service import KindRule
from webapp.places.models import Household, Shop
from webapp.schemes.models import Scheme

MONTH = 202611
MET = at(28)


@dataclass
class Hall:
    """``town``: Liu has 9 points, Wang and Chen 5 each, Zhou 1."""

    town: Town
    kind: HonourKind
    zhou: Household

    def lines(self, actor: Actor = SYSTEM, kind: HonourKind | None = None) -> dict[str, Candidate]:
        kind = kind or self.kind
        found = queries.candidates(kind, queries.month_of_kind(kind, MONTH), actor)
        return {one.standing.name[0]: one for one in found}

    def why(self, kind: HonourKind | None = None) -> dict[str, str]:
        return {name: one.why_not for name, one in self.lines(kind=kind).items()}

    def decide(self, *chosen: Household, actor: Actor = SYSTEM, **more: Any) -> list[Honour]:
        given: dict[str, Any] = {"month": MONTH, "note": "11 月 28 日支委会，9 人同意", "now": MET} | more
        return service.decide(actor=actor, kind=self.kind, holder_ids=[one.id for one in chosen], **given)


def a_rule(**more: Any) -> KindRule:
    given: dict[str, Any] = {
        "name": "文明家庭",
        "period": "month",
        "by_league": False,
        "places": 2,
        "minimum": Points(0),
        "no_veto": True,
        "months": 12,
    }
    return KindRule(**given | more)


def add_kind(town: Town, scheme: Scheme, **more: Any) -> HonourKind:
    return service.add_kind(actor=SYSTEM, community=town.tree.community, scheme=scheme, rule=a_rule(**more), now=at(1))


def make_hall() -> Hall:
    town = make_town()
    zhou = make_household(courtyard=town.small, name="周末")
    for household, points in ((town.liu, 9), (town.wang, 5), (town.chen, 5), (zhou, 1)):
        town.give(household, points)
    return Hall(town, add_kind(town, town.homes), zhou)


@pytest.fixture
def hall(app) -> Hall:
    made = make_hall()
    made.town.freeze(MONTH, now=at(25))
    db.session.commit()
    return made


@pytest.fixture
def shop_hall(app) -> tuple[Hall, Shop]:
    made = make_hall()
    shop = make_shop(area=made.town.tree.micro_grid, name="老王五金", trade="五金")
    made.town.give(shop, 6)
    made.town.freeze(MONTH, now=at(25))
    db.session.commit()
    return made, shop
