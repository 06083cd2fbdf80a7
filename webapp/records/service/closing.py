"""关账: from some day on nothing is recorded of the days before."""

from __future__ import annotations

from datetime import date

from webapp.extensions import db, insert_into
from webapp.records.models import Closing


def close_days(*, community_id: int, until: date) -> None:
    """Take no more records of days up to ``until`` in a community. What is on its way already goes on. An earlier day
    than before changes nothing."""
    statement = insert_into(Closing).values(community_id=community_id, until=until)
    later = statement.excluded.until > Closing.until
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["community_id"], set_={"until": statement.excluded.until}, where=later
        )
    )
