"""A record's points come into the book."""

from __future__ import annotations

from datetime import datetime

from webapp.core.actor import Actor
from webapp.core.points import Points
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.service import Posting
from webapp.records.models import Record
from webapp.schemes.queries import RuleView


def post_record(record: Record, rule: RuleView, actor: Actor, now: datetime) -> None:
    """Points as an entry, a veto as a lock; zero points leave no line.

    :raises InsufficientPoints: if a deduction would take the account below the scheme's floor.
    """
    cause = Cause("record", record.id)
    if record.points:
        posting = Posting(
            amount=Points(record.points),
            kind="record",
            cause=cause,
            title=rule.title,
            note=record.note,
            category_id=rule.category_id,
            happened_on=record.happened_on,
        )
        ledger.post(holder_id=record.holder_id, scheme_id=record.scheme_id, posting=posting, actor=actor, now=now)
    if rule.veto:
        account = ledger.open_account(holder_id=record.holder_id, scheme_id=record.scheme_id, now=now)
        ledger.lock(account_id=account.id, cause=cause, reason=f"一票否决：{rule.title}", now=now)
