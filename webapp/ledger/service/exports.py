"""An account's book leaves the software: with a reason, and a line in the audit log."""

from __future__ import annotations

from datetime import datetime

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.ledger.book import AccountState
from webapp.places.service.looks import reason_of


def note_export(
    *, actor: Actor, now: datetime, account: AccountState, area_path: str, rows: int, filtered: str, reason: str
) -> str:
    """Write down that an account's lines leave the software: whose, which, how many. Returns the reason as kept.

    :raises Invalid: without a reason.
    :raises NotAllowed: outside the actor's areas.
    """
    actor.must("ledger.export", area_path)
    kept = reason_of(reason)
    log(
        actor,
        "account:exported",
        now=now,
        object_kind="account",
        object_id=account.id,
        area_path=area_path,
        rows=rows,
        filtered=filtered,
        reason=kept,
    )
    return kept
