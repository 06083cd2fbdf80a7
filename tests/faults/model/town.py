"""The real town beside the plain one: two courtyards, four households, a shelf, and who works there; by ids only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_item,
    make_rule,
    make_scheme,
    make_user,
)
from tests.faults.model.plain import BASE
from tests.records.conftest import actor_of
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.places.models import Area, Courtyard
from webapp.schemes.models import Scheme
from webapp.users.service.residents import actor_of as resident_of

START = datetime(2026, 11, 10, 9, tzinfo=clock.LOCAL)
MOST = 60  # tenths of a record
#: Price in whole points, things on the shelf, how many a household may have in a month.
GOODS = ((2, 4, None), (1, 30, 3))
STAFF = {
    "inspector": "inspector",
    "passer": "grid_worker",
    "secretary": "secretary",
    "clerk": "clerk",
    "lead": "grid_lead",
    "other": "grid_lead",
}


@dataclass(frozen=True)
class Item:
    id: int
    price: int  # in tenths
    limit: int | None


@dataclass(frozen=True)
class Town:
    community_id: int
    path: str
    scheme_id: int
    upper_id: int
    yards: dict[int, str]  # id and number
    homes: dict[int, int | None]
    rules: dict[str, tuple[int, int]]  # earn, deduct, veto: version and category
    items: tuple[Item, ...]
    shelf: dict[int, int]
    staff: dict[str, Actor]

    @property
    def community(self) -> Area:
        return db.session.get_one(Area, self.community_id)

    def yard(self, yard_id: int) -> Courtyard:
        return db.session.get_one(Courtyard, yard_id)

    def resident(self, household_id: int) -> Actor:
        return resident_of(household_id, "刘红梅", "127.0.0.1")


def make_town() -> Town:
    tree = make_community()
    scheme = make_scheme(area=tree.community)
    scheme.base, scheme.lapse_month, scheme.lapse_day = BASE, 12, 31
    upper = scheme.rolls_up_to
    assert upper is not None
    yards = {yard.id: yard.number for yard in (make_courtyard(area=area) for area in tree.micro_grids[:2])}
    items, shelf = _goods(tree, scheme)
    town = Town(
        tree.community.id,
        tree.community.path,
        scheme.id,
        upper.id,
        yards,
        _homes(tree, list(yards)),
        _rules(scheme),
        items,
        shelf,
        {name: _member(post, tree) for name, post in STAFF.items()},
    )
    db.session.commit()
    return town


def _homes(tree: CommunityTree, yards: list[int]) -> dict[int, int | None]:
    where = [db.session.get_one(Courtyard, one) for one in (yards[0], yards[0], yards[1])]
    homes = [make_household(area=tree.micro_grid), *(make_household(courtyard=yard) for yard in where)]
    return {home.id: home.courtyard_id for home in homes}


def _rules(scheme: Scheme) -> dict[str, tuple[int, int]]:
    highest = f"{MOST // 10}"
    made = {
        "earn": make_rule(scheme=scheme, points=f"+0.1..+{highest}"),
        "deduct": make_rule(scheme=scheme, points=f"-{highest}..-0.1"),
        "veto": make_rule(scheme=scheme, points="0", veto=True),
    }
    return {name: (version.id, version.rule.category_id) for name, version in made.items()}


def _goods(tree: CommunityTree, scheme: Scheme) -> tuple[tuple[Item, ...], dict[int, int]]:
    made = [
        make_item(area=tree.community, scheme=scheme, price=price, left=left, limit_month=limit)
        for price, left, limit in GOODS
    ]
    return tuple(Item(one.id, one.price, one.limit_month) for one in made), {one.id: one.left for one in made}


def _member(post: str, tree: CommunityTree) -> Actor:
    return actor_of(make_user(post=post, area=tree.community), post, tree.community.path)
