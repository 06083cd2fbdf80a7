"""Points come, go and are taken back; households move."""

from __future__ import annotations

from datetime import timedelta

from tests.faults.model.acting import Acting
from tests.faults.model.plain import PlainRecord
from tests.places.rosters import reading_of
from webapp.claims.service import claim
from webapp.core.errors import AlreadyUsed, Conflict, DomainError, Gone, InsufficientPoints, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.places.models import Household
from webapp.places.queries import household_by_number
from webapp.places.service import imports, move_household
from webapp.records import service as records

LIVE = ("waiting", "passed", "confirmed", "posted")
MOST_HOMES, MOST_LOCKS = 6, 2
STOPS = ("give back", "withdraw", "withdraw another's")


class PointsRules(Acting):
    def _record(self, household: int, rule_name: str, tenths: int, refusal: type[DomainError] | None = None) -> None:
        """An inspection: it posts at once."""
        version, category = self.town.rules[rule_name]
        made = self.do(
            lambda: (
                records.make(
                    actor=self.town.staff["inspector"],
                    holder_id=household,
                    rule_version_id=version,
                    points=Points(tenths),
                    source="inspection",
                    client_key=self.key(),
                    now=self.plain.now,
                ).record.id
            ),
            refusal,
        )
        if made is not None:
            record = self._known(made, household, tenths, "inspector", "waiting", rule_name)
            self.plain.post(record, category)

    def _known(
        self, record_id: int, household: int, tenths: int, author: str | int, state: str, rule_name: str
    ) -> PlainRecord:
        now, today = self.plain.now, self.plain.today
        record = PlainRecord(record_id, household, tenths, author, state, now, today, rule_name)
        self.plain.records[record_id] = record
        return record

    def inspect(self, act: str, which: int, tenths: int) -> None:
        """The inspector records something, or takes back what was recorded."""
        if act == "undo" and self.plain.records:
            self._undo(which)
        elif act == "veto" and sum(account.locks for account in self.plain.accounts.values()) < MOST_LOCKS:
            self._veto(which)
        elif act == "deduct":
            self._deduct(which, tenths)
        else:
            self._earn(which, tenths)

    def _earn(self, which: int, tenths: int) -> None:
        self._record(self.home(which), "earn", tenths)

    def _deduct(self, which: int, tenths: int) -> None:
        """Never below the floor of nothing."""
        household = self.home(which)
        enough = self.plain.available(household) >= tenths
        self._record(household, "deduct", -tenths, None if enough else InsufficientPoints)

    def _veto(self, which: int) -> None:
        self._record(self.home(which), "veto", 0)

    def _undo(self, which: int) -> None:
        """By the inspector, of what the inspector wrote in the last ten minutes."""
        own = [one for one in self.plain.records.values() if which < 5 and one.author == "inspector"]
        record = self.pick_of(own or list(self.plain.records.values()), lambda one: one.state in LIVE, which)
        refusal: type[DomainError] | None = None
        if record.author != "inspector":
            refusal = NotAllowed
        elif record.state not in LIVE:
            refusal = AlreadyUsed
        elif self.plain.now > record.made_at + timedelta(minutes=10):
            refusal = Gone
        self.do(
            lambda: records.undo(actor=self.town.staff["inspector"], record_id=record.id, now=self.plain.now), refusal
        )
        if refusal is None:
            self.plain.reverse(record)

    # Claims on their way to the book ----------------------------------------------------------------------------------

    def review(self, act: str, which: int, tenths: int, few: int) -> None:
        """A household claims, or what was claimed goes on to the next review, or stops."""
        if act in STOPS and self.plain.records:
            self._stop(act, which)
        elif act in ("pass", "confirm") and self._in("passed"):
            self._go_on("passed", "confirmed", few + 1)
        elif act != "claim" and self._in("waiting"):
            self._go_on("waiting", "passed", few + 1)
        else:
            self._claim(which, tenths, few)

    def _claim(self, which: int, tenths: int, ago: int) -> None:
        household, day = self.home(which), self.plain.today - timedelta(days=ago)
        made = self.do(
            lambda: (
                claim(
                    actor=self.town.resident(household),
                    holder_ids=[household],
                    rule_version_id=self.town.rules["earn"][0],
                    points=Points(tenths),
                    happened_on=day,
                    note="",
                    photos=(),
                    form_key=self.key(),
                    now=self.plain.now,
                )[0].id
            ),
            Conflict if day <= self.plain.closed_to else None,
        )
        if made is not None:
            self._known(made, household, tenths, household, "waiting", "earn").day = day

    def _in(self, *states: str) -> list[PlainRecord]:
        return [record for record in self.plain.records.values() if record.state in states]

    def _go_on(self, before: str, state: str, most: int) -> None:
        """Asked a second time, it is done already."""
        chosen = self._in(before)[-most:]
        verb = {"passed": records.pass_first, "confirmed": records.confirm}[state]
        actor = self.town.staff[{"passed": "passer", "confirmed": "secretary"}[state]]
        ids = [record.id for record in chosen]
        for wanted in (len(chosen), 0):
            outcome = self.do(lambda: verb(actor=actor, record_ids=ids, now=self.plain.now))
            assert outcome is not None
            assert (outcome.done, len(outcome.refused)) == (wanted, len(chosen) - wanted)
        for record in chosen:
            record.state = state

    def _stop(self, act: str, which: int) -> None:
        """A record goes back to its author, or the author withdraws a claim."""
        every = list(self.plain.records.values())
        record = self.pick_of(every, lambda one: one.state in ("waiting", "passed", "returned"), which)
        if act == "give back":
            self._give_back(record)
        else:
            self._withdraw(record, own=act == "withdraw")

    def _give_back(self, record: PlainRecord) -> None:
        refusal = None if record.state in ("waiting", "passed") else AlreadyUsed
        secretary, now = self.town.staff["secretary"], self.plain.now
        self.do(
            lambda: records.give_back(actor=secretary, record_id=record.id, reason="没有照片", now=now),
            refusal,
        )
        if refusal is None:
            record.state = "returned"

    def _withdraw(self, record: PlainRecord, *, own: bool) -> None:
        household = record.household if own else next(home for home in self.plain.homes if home != record.household)
        refusal: type[DomainError] | None = None
        if record.author != household:
            refusal = NotFound
        elif record.state not in ("waiting", "returned"):
            refusal = AlreadyUsed
        self.do(
            lambda: records.withdraw(actor=self.town.resident(household), record_id=record.id, now=self.plain.now),
            refusal,
        )
        if refusal is None:
            record.state = "withdrawn"

    # Households come and move -----------------------------------------------------------------------------------------

    def settle(self, act: str, which: int, to: int) -> None:
        """A household moves, at the desk or by a roster, which may name one that was not there. Points that were rolled
        up stay where they are."""
        household, yard = self.home(which), self.pick(list(self.town.yards), to)
        if act == "move":
            self.do(lambda: self._move(household, yard), Conflict if self.plain.homes[household] == yard else None)
        else:
            new = f"N-{len(self.plain.homes)}" if act != "roster" and len(self.plain.homes) < MOST_HOMES else ""
            added = self.do(lambda: self._take_over(household, yard, new))
            self.plain.homes |= {added: yard} if added is not None else {}
        self.plain.homes[household] = yard

    def _move(self, household_id: int, yard: int) -> None:
        household = db.session.get_one(Household, household_id)
        given = {"actor": self.town.staff["secretary"], "now": self.plain.now}
        move_household(household=household, courtyard=self.town.yard(yard), **given)

    def _take_over(self, household_id: int, yard: int, new: str) -> int | None:
        community, number = self.town.community, db.session.get_one(Household, household_id).number
        phone = f"139{self.since:08}"  # something always changes
        rows = [self._row(one, yard, phone) for one in (number, new) if one]
        given = {"actor": self.town.staff["clerk"], "base": community, "now": self.plain.now}
        imports.confirm(reading_of("households", rows), **given)
        added = household_by_number(community.id, new) if new else None
        return added.id if added else None

    def _row(self, number: str, yard: int, phone: str) -> dict[str, str]:
        return {"户号": number, "户主": "李强", "院落编号": self.town.yards[yard], "住户电话": phone}
