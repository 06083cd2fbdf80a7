"""Acting as somebody in page tests, without going through the sign-in page; and the people who do so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask.testing import FlaskClient

from tests.factories import CommunityTree, make_community, make_user
from webapp.core import clock, signing
from webapp.extensions import db
from webapp.places.models import Household
from webapp.users.gate import keep_sign_in
from webapp.users.models import SignIn, User
from webapp.users.residents_gate import COOKIE
from webapp.users.service import phones


def open_sign_in(user: User) -> str:
    """Let this member of staff be signed in somewhere: the token that their browser keeps. Commits."""
    token, now = signing.random_token(), clock.now()
    db.session.add(
        SignIn(
            token_print=signing.fingerprint(token),
            user_id=user.id,
            started_at=now,
            expires_at=now + timedelta(hours=12),
            where="127.0.0.1",
        )
    )
    db.session.commit()
    return token


def sign_in(client: FlaskClient, user: User) -> FlaskClient:
    """Let ``client`` be this member of staff. Commits, because the client's requests have their own transactions."""
    token = open_sign_in(user)
    with client.session_transaction() as session:
        keep_sign_in(session, token, clock.now())
    return client


def sign_in_resident(client: FlaskClient, household: Household) -> FlaskClient:
    """Let ``client`` be a phone on which this household has signed in. Commits."""
    token = phones.start(household_id=household.id, network="127.0.0.1", now=clock.now())
    db.session.commit()
    client.set_cookie(COOKIE, token)
    return client


@dataclass(frozen=True)
class Cast:
    """Who works in one community, the county's administrator, and the secretary of the community next door."""

    tree: CommunityTree
    neighbour: CommunityTree
    administrator: User
    secretary: User
    clerk: User
    grid_worker: User
    inspector: User
    stranger: User


def make_cast(tree: CommunityTree | None = None) -> Cast:
    """People of a community (made if none is given); the stranger serves next door, in the same street."""
    home = tree or make_community()
    next_door = make_community(street=home.street, name="永安社区")
    return Cast(
        tree=home,
        neighbour=next_door,
        administrator=make_user(post="administrator", area=home.county, name="高明远"),
        secretary=make_user(post="secretary", area=home.community, name="张建国"),
        clerk=make_user(post="clerk", area=home.community, name="陈立新"),
        grid_worker=make_user(post="grid_worker", area=home.grid, name="曹建锋"),
        inspector=make_user(post="inspector", area=home.community, name="孙志强"),
        stranger=make_user(post="secretary", area=next_door.community, name="周永安"),
    )
