"""Objections of the demonstration's last published month: one right, one not, and one that may still wait."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from webapp.demo.building import Built
from webapp.extensions import db
from webapp.places.models import Household
from webapp.records.models import Record
from webapp.reviews import queries, service
from webapp.reviews.models import Objection, PublicationLine
from webapp.users.service.residents import actor_of

#: (kind, what is said, the answer, upheld), in the order in which they come.
SAID = (
    ("not_me", "那天我们一家都在外地", "问了邻居，看了照片，那堆东西不是这一户的", True),
    ("points", "干了一整天，只记了一点", "查了记录和照片，按细则就是这个分", False),
    ("not_happened", "没看见他们来打扫", "走访了三户，当天确实来打扫了", False),
)


@dataclass(frozen=True)
class Objecting:
    """What happens after a meeting; ``month`` is the one that was published at it."""

    built: Built
    month: int

    def lodge(self, now: datetime) -> None:
        """Households object: to a line of their own, the last one to a neighbour's."""
        row = queries.publication(self.built.community.id, self.month)
        for number, (line, household) in enumerate(self._lines(row.id)):
            kind, reason, _, _ = SAID[number]
            actor = actor_of(household.id, household.name, "127.0.0.1")
            service.lodge(actor=actor, month_id=row.id, line=line.number, kind=kind, reason=reason, now=now)

    def _lines(self, month_id: int) -> list[tuple[PublicationLine, Household]]:
        """Lines of households that the secretary had no hand in: who decides in the demonstration."""
        statement = (
            select(PublicationLine, Household)
            .join(Record, Record.id == PublicationLine.record_id)
            .join(Household, Household.id == Record.holder_id)
            .where(
                PublicationLine.month_id == month_id,
                Record.source == "inspection",
                Record.state == "posted",
                Record.recorder_id != self.built.recorders[0].user_id,
            )
            .order_by(PublicationLine.points, PublicationLine.number)
        )
        rows = [(line, household) for line, household in db.session.execute(statement)]
        if len(rows) < len(SAID):
            return []
        return [rows[0], rows[len(rows) // 2], (rows[-1][0], rows[0][1])]

    def answer(self, upto: int, now: datetime) -> None:
        """The secretary answers all but those after the first ``upto``; these are only acknowledged."""
        row = queries.publication(self.built.community.id, self.month)
        statement = select(Objection).where(Objection.month_id == row.id).order_by(Objection.number)
        for number, one in enumerate(db.session.scalars(statement).all()):
            given: dict[str, Any] = {"actor": self.built.recorders[0], "objection_id": one.id, "now": now}
            _, _, answer, right = SAID[number]
            if number >= upto:
                service.acknowledge(**given)
            elif right:
                service.uphold(**given, answer=answer)
            else:
                service.dismiss(**given, answer=answer)


#: How long after the meeting people object, and get their answers.
ASKED, ANSWERED = timedelta(days=1, hours=2), timedelta(days=2, hours=19)
