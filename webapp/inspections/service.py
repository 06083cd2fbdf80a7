"""An inspector's record, and the count that puts the usual rules first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite

from webapp.core.actor import Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.inspections.models import RuleUse
from webapp.records import service as records
from webapp.records.models import Record
from webapp.records.queries import made_under


def inspect(
    *,
    actor: Actor,
    holder_id: int,
    rule_version_id: int,
    points: Points,
    note: str,
    photos: Sequence[str],
    client_key: str,
    now: datetime,
) -> Record:
    """Record what was seen, as ``records.service.make`` does, with its refusals; the rule counts as used here."""
    repeated = made_under(client_key)
    record = records.make(
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
    if not repeated:
        _count_use(record)
    return record


def _use_upsert(dialect: str) -> Any:
    make: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert
    statement = make(RuleUse)
    return statement.on_conflict_do_update(
        index_elements=["scheme_id", "community_id", "rule_id"],
        set_={"uses": RuleUse.__table__.c.uses + statement.excluded.uses},
    )


_USED = {dialect: _use_upsert(dialect) for dialect in ("sqlite", "postgresql")}


def _count_use(record: Record) -> None:
    values = {"scheme_id": record.scheme_id, "community_id": record.community_id, "rule_id": record.rule_id, "uses": 1}
    db.session.execute(_USED[db.engine.dialect.name], values)
