"""An inspector's record, and the count that puts the usual rules first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from webapp.core.actor import Actor
from webapp.core.points import Points
from webapp.prepared import Prepared
from webapp.records import service as records
from webapp.records.models import Record


def inspect(
    *,
    actor: Actor,
    holder_id: int,
    rule_version_id: int,
    points: Points | None,
    note: str,
    photos: Sequence[str],
    client_key: str,
    now: datetime,
) -> Record:
    """Record what was seen, as ``records.service.make`` does, with its refusals; the rule counts as used here."""
    made = records.make(
        actor=actor,
        holder_id=holder_id,
        rule_version_id=rule_version_id,
        points=points,
        source="inspection",
        note=note,
        photos=photos,
        client_key=client_key,
        now=now,
    )
    if not made.before:
        _count_use(made.record)
    return made.record


_USED = Prepared(
    text(
        "INSERT INTO rule_use (scheme_id, community_id, rule_id, uses) VALUES (:scheme_id, :community_id, :rule_id, 1)"
        " ON CONFLICT (scheme_id, community_id, rule_id) DO UPDATE SET uses = rule_use.uses + 1"
    )
)


def _count_use(record: Record) -> None:
    _USED.count(scheme_id=record.scheme_id, community_id=record.community_id, rule_id=record.rule_id)
