"""A record's points come into the book."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from webapp.core.actor import Actor
from webapp.core.errors import DomainError
from webapp.core.points import Points
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.service import Due, Posting
from webapp.records.models import Record
from webapp.schemes.queries import RuleView


def post_record(record: Record, rule: RuleView, actor: Actor, now: datetime, *, guarded: bool = True) -> None:
    """Points as an entry, a veto as a lock; zero points leave no line. ``guarded=False``: what replaces a greater deduction
    is never refused for lack of points.

    :raises InsufficientPoints: if a deduction would take the account below the scheme's floor.
    """
    if record.points:
        ledger.post(
            holder_id=record.holder_id,
            scheme_id=record.scheme_id,
            posting=_posting(record, rule, guarded=guarded),
            actor=actor,
            now=now,
        )
    if rule.veto:
        _lock(record, rule, now)


def post_records(records: Sequence[tuple[Record, RuleView]], actor: Actor, now: datetime) -> dict[int, DomainError]:
    """The same for many, each for itself; the refusals by the records' ids."""
    given = [(record, rule) for record, rule in records if record.points]
    due = [Due(record.holder_id, record.scheme_id, _posting(record, rule)) for record, rule in given]
    said = ledger.post_many(due=due, actor=actor, now=now)
    refused = {record.id: why for (record, _), why in zip(given, said, strict=True) if why is not None}
    for record, rule in records:
        if rule.veto and record.id not in refused:
            _lock(record, rule, now)
    return refused


def _posting(record: Record, rule: RuleView, *, guarded: bool = True) -> Posting:
    return Posting(
        amount=Points(record.points),
        kind="record",
        cause=Cause("record", record.id),
        title=rule.title,
        note=record.note,
        category_id=rule.category_id,
        happened_on=record.happened_on,
        guarded=guarded,
    )


def _lock(record: Record, rule: RuleView, now: datetime) -> None:
    account = ledger.open_account(holder_id=record.holder_id, scheme_id=record.scheme_id, now=now)
    cause = Cause("record", record.id)
    ledger.lock(account_id=account.id, cause=cause, reason=f"一票否决：{rule.title}", now=now)
