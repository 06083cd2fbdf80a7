"""The month: published, objected to, closed; and the year, after which points lapse."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import select

from tests.conftest import KEY
from tests.faults.model.goods import GoodsRules
from tests.faults.model.plain import ZONE, PlainMonth, PlainObjection, PlainRecord
from webapp.core.errors import AlreadyUsed, DomainError, Gone
from webapp.core.points import Points
from webapp.ledger import service as ledger
from webapp.ledger.models import Lapse
from webapp.reviews import service as reviews
from webapp.reviews.models import PublicationLine

END, WINDOW, TAKEN_UP = 25, 7, timedelta(days=100)
ANNOUNCED = timedelta(days=75)


def at(day: date, hour: int = 15) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONE)


def following(month: int) -> int:
    return month + 1 if month % 100 < 12 else month + 89


class MonthRules(GoodsRules):
    def _next_month(self) -> int:
        """The month of today, or the one after the last that was published."""
        today = self.plain.today
        current = today.year * 100 + today.month
        current = current if today.day <= END else following(current)
        last = max((one.month for one in self.plain.months), default=0)
        return current if current > last else following(last)

    def go_public(self, act: str, which: int, line: int, who: int, instead: int | None) -> None:
        """A month is published, somebody objects to a line, or has an answer."""
        if act in ("uphold", "dismiss") and self._open():
            self._decide(which, act == "uphold", instead)
        elif act != "publish" and self._with_lines():
            self._object(which, line, who)
        elif any(not one.listed and one.state in ("confirmed", "posted") for one in self.plain.records.values()):
            self._publish()

    def _publish(self) -> None:
        """The month ends, the working group meets, and the month is published step by step."""
        month = self._next_month()
        ends_on = date(month // 100, month % 100, END)
        self.plain.now = max(self.plain.now, at(ends_on))
        due = self._of_month(ends_on)
        row_id = self.do(lambda: self._published(month))
        assert row_id is not None
        for record in due:
            if record.state == "confirmed":
                self.plain.post(record, self.town.rules[record.rule][1])
        listed = [record for record in due if record.state == "posted" and not record.listed]
        lines = {number: self.plain.records[record_id] for number, record_id in self._lines(row_id)}
        assert sorted(one.id for one in lines.values()) == sorted(one.id for one in listed)
        for record in listed:
            record.listed = True
        until = self.plain.today + timedelta(days=WINDOW)
        self.plain.months.append(PlainMonth(row_id, month, ends_on, until, lines))

    def _published(self, month: int) -> int:
        given = {
            "actor": self.town.staff["secretary"],
            "community": self.town.community,
            "month": month,
            "now": self.plain.now,
        }
        reviews.note_meeting(**given, attendees="王书记、李网格员", minutes="")
        row_id = reviews.publish(**given).id
        while not reviews.go_on(month_id=row_id, key=KEY, now=self.plain.now).done:
            pass
        return row_id

    def _of_month(self, ends_on: date) -> list[PlainRecord]:
        """What a month takes up: late claims too, but not what lies before the first one."""
        if self.plain.months:
            first = ends_on - TAKEN_UP
        else:
            before = ends_on.replace(day=1) - timedelta(days=1)
            first = before.replace(day=END) + timedelta(days=1)
        return [record for record in self.plain.records.values() if first <= record.day <= ends_on]

    def _lines(self, row_id: int) -> list[tuple[int, int]]:
        line = PublicationLine
        return [tuple(row) for row in self.rows(select(line.number, line.record_id).where(line.month_id == row_id))]

    # Objections -------------------------------------------------------------------------------------------------------

    def _object(self, which: int, line: int, who: int) -> None:
        """It holds what its line gave, as far as that is there and no other objection holds it."""
        month = self.pick(self._with_lines(), which)
        number, household = self.pick(sorted(month.lines), line), self.home(who)
        record = month.lines[number]
        refusal: type[DomainError] | None = None
        if month.closed or self.plain.today > month.until or record.state != "posted":
            refusal = Gone
        elif any(one.record is record and one.household == household for one in self.plain.objections.values()):
            refusal = AlreadyUsed
        made = self.do(
            lambda: (
                reviews.lodge(
                    actor=self.town.resident(household),
                    month_id=month.id,
                    line=number,
                    kind="not_happened",
                    reason="",
                    now=self.plain.now,
                ).id
            ),
            refusal,
        )
        if made is not None:
            held = self.plain.keep_back(record)
            self.plain.objections[made] = PlainObjection(made, record, household, month.month, held)

    def _with_lines(self) -> list[PlainMonth]:
        return [month for month in self.plain.months if month.lines]

    def _decider(self, record: PlainRecord) -> str:
        return "other" if record.author == "lead" else "lead"

    def _open(self) -> list[PlainObjection]:
        return [one for one in self.plain.objections.values() if one.state == "open"]

    def _decide(self, which: int, upheld: bool, instead: int | None) -> None:
        objection = self.pick(self._open(), which)
        if upheld:
            self._uphold(objection, instead)
        else:
            self._dismiss(objection)

    def _dismiss(self, objection: PlainObjection) -> None:
        """The line stays; whoever else objects to it holds its points from now on."""
        self.do(lambda: self._answer(objection, upheld=False))
        self.plain.settle(objection, "dismissed")
        heir = next((one for one in self.plain.waiting(objection.record) if not one.held), None)
        if heir is not None:
            heir.held = self.plain.keep_back(objection.record)
        assert self.do(lambda: self._answer(objection, upheld=True), AlreadyUsed) is None

    def _uphold(self, objection: PlainObjection, instead: int | None) -> None:
        """The line's record is reversed, perhaps written down anew, and all who objected to it have their answer."""
        record = objection.record
        if instead == record.tenths or record.state != "posted":
            instead = None
        made = self.do(lambda: self._answer(objection, upheld=True, instead=instead))
        for one in list(self.plain.waiting(record)):
            self.plain.settle(one, "upheld")
        if record.state == "posted":
            self.plain.reverse(record)
        if instead is not None:
            author = "lead" if self._decider(record) == "lead" else "other"
            assert made is not None
            anew = PlainRecord(made, record.household, instead, author, "passed", self.plain.now, record.day, "earn")
            self.plain.records[made] = anew
            self.plain.post(anew, self.town.rules["earn"][1])
        assert self.do(lambda: self._answer(objection, upheld=False), AlreadyUsed) is None

    def _answer(self, objection: PlainObjection, *, upheld: bool, instead: int | None = None) -> int | None:
        given = {
            "actor": self.town.staff[self._decider(objection.record)],
            "objection_id": objection.id,
            "answer": "查了照片和值班记录",
            "now": self.plain.now,
        }
        if not upheld:
            return reviews.dismiss(**given).new_record_id
        if instead is not None:
            given |= {"rule_version_id": self.town.rules["earn"][0], "points": Points(instead)}
        return reviews.uphold(**given).new_record_id

    # Time goes by ----------------------------------------------------------------------------------------------------

    def time_passes(self, act: str, days: int) -> None:
        """And housekeeping does its work."""
        self.plain.now += timedelta(days=days, minutes=3)
        if act != "wait":
            getattr(self, f"_{act}")()

    def _close(self) -> None:
        """Months whose window is over and whose objections are all answered, the earliest first."""
        closing = []
        for month in self.plain.months:
            if month.closed:
                continue
            if self.plain.today <= month.until or any(one.month == month.month for one in self._open()):
                break
            closing.append(month)
        assert self.do(lambda: reviews.close_due(self.plain.now)) == len(closing)
        for month in closing:
            month.closed = True

    def _announce(self) -> None:
        self.do(lambda: ledger.announce(now=self.plain.now))

    def _lapse(self) -> None:
        """The day on which points lapse is announced, comes and is over: what earlier years left over is gone."""
        if self._coming() is None:
            year_end = date(self.plain.today.year, 12, 31)
            self.plain.now = max(self.plain.now, at(year_end - ANNOUNCED))
            self.do(lambda: ledger.announce(now=self.plain.now))
        coming = self._coming()
        assert coming is not None
        year, due_on = coming
        self.plain.now = max(self.plain.now, at(due_on + timedelta(days=1)))
        self.do(lambda: ledger.announce(now=self.plain.now))  # the gap is noticed: nothing lapses for a day
        self.plain.now += timedelta(hours=25)
        self.do(lambda: ledger.announce(now=self.plain.now))
        while self.do(lambda: ledger.lapse_some(now=self.plain.now)) is not None:
            pass
        for household, account in self.plain.accounts.items():
            points = account.lapses(year) if household in self.plain.homes else 0
            if points > 0:
                self.plain.write(household, -points, "lapse")

    def _coming(self) -> tuple[int, date] | None:
        rows = self.rows(select(Lapse.year, Lapse.due_on).where(Lapse.done_at.is_(None)))
        return tuple(rows[0]) if rows else None
