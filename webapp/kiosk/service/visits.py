"""A visit: from card or PIN to home, idle or sign-out. Only these verbs write ``kiosk_visit``."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import update

from webapp.core import signing
from webapp.core.errors import NotFound
from webapp.extensions import db
from webapp.kiosk.models import KioskVisit
from webapp.kiosk.queries import Terminal
from webapp.ledger import service as ledger
from webapp.places.models import Household

#: Seconds without a touch before 还在吗？ is asked, and to answer it; the slack is for a slow network.
IDLE, GRACE, SLACK = 60, 30, 15
LONGEST = timedelta(minutes=15)


def start(*, terminal: Terminal, household_id: int, scheme_id: int, via: str, now: datetime) -> str:
    """Begin a visit; whoever stood here before is gone. Returns the token, which only the cookie keeps.

    :raises NotFound: if the household is not of this kiosk's community or is closed.
    """
    household = db.session.get(Household, household_id)
    if household is None or not household.active or household.community_id != terminal.community_id:
        raise NotFound("这张卡不是本社区的，或已停用。请到服务台问一问。")
    end_all_on(terminal.device_id, now)
    account = ledger.open_account(holder_id=household_id, scheme_id=scheme_id, now=now)
    token = signing.random_token()
    db.session.add(
        KioskVisit(
            token_print=signing.fingerprint(token),
            device_id=terminal.device_id,
            household_id=household_id,
            account_id=account.id,
            via=via,
            pin_at=now if via == "pin" else None,
            started_at=now,
            expires_at=now + LONGEST,
        )
    )
    db.session.flush()
    return token


def pin_given(*, visit_id: int, now: datetime) -> None:
    """The PIN was right: for a few minutes this visit may spend."""
    db.session.execute(update(KioskVisit).where(KioskVisit.id == visit_id).values(pin_at=now))


def end(*, visit_id: int, now: datetime) -> None:
    """Close one visit: its cookie opens nothing any more."""
    db.session.execute(
        update(KioskVisit).where(KioskVisit.id == visit_id, KioskVisit.ended_at.is_(None)).values(ended_at=now)
    )


def end_all_on(device_id: int, now: datetime) -> None:
    """One kiosk, one resident."""
    db.session.execute(
        update(KioskVisit).where(KioskVisit.device_id == device_id, KioskVisit.ended_at.is_(None)).values(ended_at=now)
    )


def end_expired(now: datetime) -> int:
    """Close what was walked away from. Returns how many."""
    result = db.session.execute(
        update(KioskVisit).where(KioskVisit.ended_at.is_(None), KioskVisit.expires_at <= now).values(ended_at=now)
    )
    return int(getattr(result, "rowcount", 0))
