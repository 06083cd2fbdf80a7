"""What the tests of places share: a community, and the clerk who keeps its registers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests import factories
from tests.factories import CommunityTree
from webapp.core.actor import Actor
from webapp.places.models import Area
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
    from sqlalchemy import select

    from webapp.audit.models import AuditLine
    from webapp.extensions import db

    return lambda: list(db.session.scalars(select(AuditLine.action).order_by(AuditLine.id)))
