"""What the tests of places share: a community, and the clerk who keeps its registers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests import factories
from tests.factories import CommunityTree
from tests.personas import sign_in
from tests.places.rosters import reading_of
from webapp.audit.models import AuditLine
from webapp.core.actor import Actor
from webapp.extensions import db
from webapp.places.models import Area, ImportRun
from webapp.places.service import imports
from webapp.places.service.imports import Preview
from webapp.web.application import Application

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
RIGHTS = ("places.view", "places.edit", "places.import", "places.export", "people.unmask")


def keeper_of(*areas: Area, rights: tuple[str, ...] = RIGHTS) -> Actor:
    """Staff with all rights over registers in some areas."""
    paths = tuple(area.path for area in areas)
    return Actor("staff", "陈* 办事员", user_id=7, grants={right: paths for right in rights})


@pytest.fixture
def tree(app: Application) -> CommunityTree:
    return factories.make_community()


@pytest.fixture
def neighbour(tree: CommunityTree) -> CommunityTree:
    """Another community of the same street."""
    return factories.make_community(name="安和社区", street=tree.street)


@pytest.fixture
def clerk(tree: CommunityTree) -> Actor:
    return keeper_of(tree.community)


@pytest.fixture
def doing(clerk: Actor) -> dict[str, Any]:
    """Who acts, and when: the two arguments that every verb takes."""
    return {"actor": clerk, "now": NOW}


@pytest.fixture
def audited(app: Application) -> Callable[[], list[str]]:
    """The actions in the audit log so far."""

    from webapp.audit.models import AuditLine

    return lambda: list(db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)))


@pytest.fixture
def preview(tree: CommunityTree, clerk: Actor) -> Callable[..., Preview]:
    return lambda register, rows, base=None: imports.preview_of(
        reading_of(register, rows), actor=clerk, base=base or tree.community, now=NOW
    )


@pytest.fixture
def take_over(tree: CommunityTree, clerk: Actor) -> Callable[..., ImportRun]:
    return lambda register, rows, base=None: imports.confirm(
        reading_of(register, rows), actor=clerk, base=base or tree.community, now=NOW
    )


class World:
    """One of each kind in the clerk's community, and one of each next door."""

    def __init__(self, tree: CommunityTree, neighbour: CommunityTree) -> None:
        self.tree, self.neighbour = tree, neighbour
        self.ours = self._fill(tree)
        self.theirs = self._fill(neighbour)

    def _fill(self, tree: CommunityTree) -> dict[str, int]:
        courtyard = factories.make_courtyard(
            area=tree.micro_grid, number="Y12", name=f"{tree.community.name}文林路12号院"
        )
        household = factories.make_household(courtyard=courtyard, number="12-101", name="刘红梅")
        person = factories.make_person(household=household, name="王小明", phone="13900005678", party_member=True)
        shop = factories.make_shop(area=tree.grid, number="S8", keeper="王建国", owner=person)
        station = factories.make_station(area=tree.community, name="服务站")
        return {
            "courtyard_id": courtyard.id,
            "household_id": household.id,
            "person_id": person.id,
            "shop_id": shop.id,
            "station_id": station.id,
            "area_id": tree.grid.id,
        }


@pytest.fixture
def world(tree: CommunityTree, neighbour: CommunityTree) -> World:
    return World(tree, neighbour)


@pytest.fixture
def desk(client: FlaskClient, world: World) -> FlaskClient:
    """The clerk of the community at the desk."""
    return sign_in(client, factories.make_user(post="clerk", area=world.tree.community))


def actions() -> list[tuple[str, dict[str, object]]]:
    db.session.rollback()
    lines = db.session.execute(select(AuditLine.action, AuditLine.detail).order_by(AuditLine.id))
    return [(action, json.loads(detail)) for action, detail in lines if not action.startswith("user:")]


def fill(address: str, ids: dict[str, int]) -> str:
    return re.sub(r"<int:(\w+)>", lambda name: str(ids[name[1]]), address)
