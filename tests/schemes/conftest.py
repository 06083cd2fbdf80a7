"""A community with the household scheme, its neighbour, and the secretary at the desk."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests import factories
from tests.factories import CommunityTree
from tests.personas import sign_in
from webapp.schemes.models import Scheme
from webapp.web.application import Application


@pytest.fixture
def tree(app: Application) -> CommunityTree:
    return factories.make_community()


@pytest.fixture
def neighbour(tree: CommunityTree) -> CommunityTree:
    """Another community of the same street."""
    return factories.make_community(name="安和社区", street=tree.street)


@pytest.fixture
def scheme(tree: CommunityTree) -> Scheme:
    return factories.make_scheme(area=tree.community)


@pytest.fixture
def desk(client: FlaskClient, tree: CommunityTree) -> FlaskClient:
    """The secretary of the community."""
    return sign_in(client, factories.make_user(post="secretary", area=tree.community))


@pytest.fixture
def reader(app: Application, client: FlaskClient, tree: CommunityTree) -> FlaskClient:
    """A grid worker of the community: sees schemes, changes none."""
    return sign_in(app.test_client(), factories.make_user(post="grid_worker", area=tree.grid))
