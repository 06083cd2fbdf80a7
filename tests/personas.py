"""Acting as somebody in page tests, without going through the sign-in page."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient

from webapp.core import clock, signing
from webapp.extensions import db
from webapp.users.models import SignIn, User


def sign_in(client: FlaskClient, user: User) -> FlaskClient:
    """Let ``client`` be this member of staff. Commits, because the client's requests have their own transactions."""
    token = signing.random_token()
    now = clock.now()
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
    with client.session_transaction() as session:
        session["_user_id"] = token
        session["_fresh"] = True
    return client
