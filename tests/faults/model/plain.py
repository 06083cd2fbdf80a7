"""The town in plain Python: sums in lists and dictionaries, no database, nothing of the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from tests.ledger.lots import Lots

BASE = 30  # tenths that a household begins with
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Line:
    """One movement of points. ``stands``: nobody took it back."""

    amount: int
    kind: str
    category: int
    year: int
    stands: bool = True

    @property
    def bucket(self) -> int:
        """Which figure of a month's total it changes: earned, deducted or spent."""
        return 2 if self.kind in ("spend", "lapse") else 0 if self.amount >= 0 else 1


@dataclass
class PlainAccount:
    lines: list[Line] = field(default_factory=list)
    balance: int = 0
    held: int = 0
    locks: int = 0
    holds: int = 0
    entries: int = 0
    net: int = 0
    rolled: int = 0

    @property
    def available(self) -> int:
        return self.balance - self.held

    @property
    def figures(self) -> tuple[int, ...]:
        return self.balance, self.held, self.locks, self.holds, self.entries, self.net, self.rolled

    def lapses(self, year: int) -> int:
        """What was earned before a year and is still there; whatever uses points takes the oldest first."""
        if self.locks:
            return 0
        lots = Lots()
        for line in self.lines:
            if not line.stands:
                continue
            if line.amount > 0:
                lots.earn(line.year, line.amount)
            else:
                lots.use(-line.amount)
        lots.use(self.held)
        return lots.before(year)


@dataclass
class PlainRecord:
    """``author``: inspector, lead or a household's id. ``posted``: its line, and the courtyard's with its account."""

    id: int
    household: int
    tenths: int
    author: str | int
    state: str
    made_at: datetime
    day: date
    rule: str
    posted: Line | None = None
    rolled: tuple[int, Line] | None = None
    locks: bool = False
    listed: bool = False


@dataclass
class PlainVoucher:
    id: int
    household: int
    item: int
    quantity: int
    points: int
    month: int
    expires_at: datetime
    state: str = "issued"


@dataclass
class PlainObjection:
    id: int
    record: PlainRecord
    household: int
    month: int
    held: int
    state: str = "open"


@dataclass
class PlainMonth:
    """A published month: its lines are records by their number."""

    id: int
    month: int
    ends_on: date
    until: date
    lines: dict[int, PlainRecord]
    closed: bool = False


@dataclass
class PlainTown:
    now: datetime
    homes: dict[int, int | None]  # households and the courtyards they live in
    left: dict[int, int]  # what is on the shelf of each item
    accounts: dict[int, PlainAccount] = field(default_factory=dict)  # by holder: each has one scheme
    totals: dict[tuple[int, str, int], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    records: dict[int, PlainRecord] = field(default_factory=dict)
    vouchers: dict[int, PlainVoucher] = field(default_factory=dict)
    objections: dict[int, PlainObjection] = field(default_factory=dict)
    months: list[PlainMonth] = field(default_factory=list)

    @property
    def today(self) -> date:
        return self.now.astimezone(ZONE).date()

    @property
    def month(self) -> int:
        return self.today.year * 100 + self.today.month

    @property
    def closed_to(self) -> date:
        return max((month.ends_on for month in self.months if month.closed), default=date.min)

    # Points -----------------------------------------------------------------------------------------------------------

    def account(self, holder: int) -> PlainAccount:
        """Opened when it is first needed; a household begins with its base points."""
        if holder not in self.accounts:
            self.accounts[holder] = PlainAccount()
            if holder in self.homes:
                self.write(holder, BASE, "base")
        return self.accounts[holder]

    def available(self, household: int) -> int:
        return self.accounts[household].available if household in self.accounts else BASE

    def locked(self, household: int) -> bool:
        return household in self.accounts and self.accounts[household].locks > 0

    def write(self, holder: int, amount: int, kind: str, category: int = 0) -> Line:
        account, line = self.account(holder), Line(amount, kind, category, self.today.year)
        account.lines.append(line)
        self._count(holder, line, amount)
        return line

    def take_back(self, holder: int, line: Line) -> None:
        assert line.stands
        line.stands = False
        self._count(holder, line, -line.amount)

    def _count(self, holder: int, line: Line, amount: int) -> None:
        account = self.accounts[holder]
        account.balance += amount
        account.entries += 1
        if line.kind in ("record", "roll_up"):
            account.net += amount
            account.rolled += amount if line.kind == "roll_up" else 0
        total = self.totals[self.month, "household" if holder in self.homes else "courtyard", line.category]
        total[line.bucket] += amount if line.bucket == 0 else -amount
        total[3] += 1

    def post(self, record: PlainRecord, category: int) -> None:
        record.state = "posted"
        if record.tenths:
            record.posted = self.write(record.household, record.tenths, "record", category)
            yard = self.homes[record.household]
            if yard is not None:
                record.rolled = (yard, self.write(yard, record.tenths, "roll_up"))
        if record.rule == "veto":
            account = self.account(record.household)
            account.locks, account.holds, record.locks = account.locks + 1, account.holds + 1, True

    def reverse(self, record: PlainRecord) -> None:
        record.state = "reversed"
        if record.posted:
            self.take_back(record.household, record.posted)
        if record.rolled:
            self.take_back(*record.rolled)
        if record.locks:
            self.accounts[record.household].locks -= 1
            record.locks = False

    def hold(self, household: int, tenths: int) -> None:
        account = self.account(household)
        account.held, account.holds = account.held + tenths, account.holds + 1

    def release(self, household: int, tenths: int) -> None:
        self.accounts[household].held -= tenths

    # Months and objections --------------------------------------------------------------------------------------------

    def waiting(self, record: PlainRecord) -> Iterator[PlainObjection]:
        """Objections to a record that are not decided, oldest first."""
        return (one for one in self.objections.values() if one.record is record and one.state == "open")

    def keep_back(self, record: PlainRecord) -> int:
        """What an objection holds of its line: what is there and no other objection holds."""
        most = record.tenths - sum(one.held for one in self.waiting(record))
        held = min(most, self.available(record.household)) if record.tenths > 0 else 0
        if held > 0:
            self.hold(record.household, held)
        return max(held, 0)

    def settle(self, objection: PlainObjection, state: str) -> None:
        if objection.held:
            self.release(objection.record.household, objection.held)
        objection.state = state
