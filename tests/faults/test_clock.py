"""The machine's clock is wrong, or jumps: the book keeps its order, nothing ends early, nobody is locked out for days."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests import factories
from tests.conftest import KEY, both_databases
from tests.ledger.conftest import Town
from tests.records.conftest import Street, make_street
from webapp.core.actor import SYSTEM
from webapp.core.errors import Gone, TooManyTries
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.models import MonthTotal
from webapp.ledger.queries import last_entries
from webapp.ledger.verify import verify_all
from webapp.records import service as records
from webapp.redemption.service import vouchers
from webapp.users import passwords

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
TWO_DAYS = timedelta(days=2)
#: A moment (UTC), and the month and year to which it belongs in Asia/Shanghai.
EDGES = [
    ("2026-11-30T15:59:59", 202611),
    ("2026-11-30T16:00:00", 202612),
    ("2026-12-31T15:59:59", 202612),
    ("2026-12-31T16:00:00", 202701),
    ("2027-02-28T15:59:59", 202702),
    ("2027-02-28T16:00:00", 202703),
    ("2028-02-28T16:00:00", 202802),
    ("2028-02-29T15:59:59", 202802),
    ("2028-02-29T16:00:00", 202803),
]


@pytest.fixture
def street(app) -> Street:
    return make_street()


@pytest.fixture
def town(street: Street) -> Town:
    schemes = street.schemes
    return Town(street.tree, schemes["household"], street.courtyard, street.household, schemes["shop"], street.shop)


def moments(count: int) -> list[datetime]:
    """A clock that runs, is put two days on and back again, and for a while runs six hundred times as fast."""
    dice, now, real = random.Random(9), NOON, []
    for number in range(count):
        now += timedelta(seconds=600 if number % 50 < 10 else dice.randrange(0, 3))
        if number % 17 == 16:
            now += (TWO_DAYS, -TWO_DAYS, -TWO_DAYS, TWO_DAYS)[number // 17 % 4]
        real.append(now)
    return real


@both_databases
def test_a_clock_that_jumps_does_not_change_the_order_of_the_book(town: Town, scale, figure):
    count = scale(small=120, routine=600, full=3_000)
    back, balance = 0, 0
    for before, now in zip([NOON, *moments(count)], moments(count), strict=False):
        town.post(10, now=now)
        balance += 10
        back += now < before
    account = town.account()
    lines = last_entries(account.id, count)

    assert [line.seq for line in lines] == list(range(count, 0, -1))
    assert [line.balance_after.tenths for line in lines] == list(range(balance, 0, -10))
    assert [line.posted_at for line in reversed(lines)] == moments(count), "each says the time that was on the clock"
    assert account.balance.tenths == balance
    db.session.commit()
    verify_all(db.engine)
    assert back > 2, "the clock must have been put back"
    figure(f"R9 clock ({db.engine.dialect.name}): {count} entries, the clock put back {back} times, 0 out of order")


@both_databases
def test_an_entry_belongs_to_the_month_of_the_communitys_own_clock(town: Town, figure):
    wanted: dict[int, int] = {}
    for moment, month in EDGES:
        town.post(10, now=datetime.fromisoformat(moment).replace(tzinfo=UTC))
        wanted[month] = wanted.get(month, 0) + 1
    months = db.session.scalars(select(MonthTotal).where(MonthTotal.scheme_id == town.scheme.id))
    kept = {total.month: total.entries for total in months}
    assert kept == wanted
    last = town.account()
    assert (last.month, last.merit.tenths, last.year, last.earned.tenths) == (202803, 10, 2028, 30)
    db.session.commit()
    verify_all(db.engine)
    figure(f"R9 clock ({db.engine.dialect.name}): {len(EDGES)} month ends, leap days and new years, 0 in another month")


def test_what_was_recorded_can_be_taken_back_for_ten_minutes_whatever_the_clock_did_between(street):
    record = street.make(street.shop, "shop", "1.1", now=NOON)
    other = street.make(street.shop, "shop", "1.3", now=NOON)

    done = records.undo(actor=street.inspector, record_id=record.id, now=NOON - TWO_DAYS)
    assert done.state == "reversed"
    with pytest.raises(Gone):
        records.undo(actor=street.inspector, record_id=other.id, now=NOON + TWO_DAYS)
    records.undo(actor=street.inspector, record_id=other.id, now=NOON + timedelta(minutes=10))
    db.session.commit()
    verify_all(db.engine)


@both_databases
def test_a_voucher_counts_to_the_last_second_of_its_last_day_and_no_longer(street, figure):
    scheme, now = street.schemes["household"], datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    item = factories.make_item(area=street.tree.community, scheme=scheme, price=1, days_to_fetch=7)
    factories.give_points(street.household, scheme, 9, now=now)
    asked = {"actor": SYSTEM, "household_id": street.household.id, "item_id": item.id, "quantity": 1}
    made = [vouchers.redeem(**asked, expected=Points.whole(1), key=KEY, now=now) for _ in range(3)]
    over = datetime(2026, 12, 7, 16, tzinfo=UTC)  # midnight after 7 December
    assert {voucher.expires_at for voucher in made} == {over}

    assert vouchers.expire_due(over - timedelta(seconds=1)) == 0
    vouchers.hand_over(actor=SYSTEM, voucher_id=made[0].id, now=over - timedelta(seconds=1))
    with pytest.raises(Gone):
        vouchers.hand_over(actor=SYSTEM, voucher_id=made[1].id, now=over)
    assert vouchers.expire_due(over - TWO_DAYS) == 0, "a clock that was put back ends nothing"
    assert vouchers.expire_due(over) == 2
    assert vouchers.expire_due(over + TWO_DAYS) == 0
    db.session.commit()
    verify_all(db.engine)
    figure(f"R9 clock ({db.engine.dialect.name}): vouchers end at midnight in Shanghai, 0 early, 0 late")


def test_a_clock_that_ran_ahead_locks_nobody_out_for_days(app, figure):
    """Wrong PINs were counted while the clock stood two days ahead; then it is put right."""
    for _ in range(5):
        passwords.count_wrong(NOON + TWO_DAYS, account="7")
    with pytest.raises(TooManyTries):
        passwords.check_tries(NOON + TWO_DAYS, account="7")

    passwords.check_tries(NOON, account="7")
    assert passwords.tries_left(NOON, account="7") == 5

    for _ in range(5):
        passwords.count_wrong(NOON, account="8")
    with pytest.raises(TooManyTries):
        passwords.check_tries(NOON - timedelta(minutes=10), account="8")  # put back a little: nobody guesses anew
    with pytest.raises(TooManyTries):
        passwords.check_tries(NOON + timedelta(minutes=14, seconds=59), account="8")
    passwords.check_tries(NOON + timedelta(minutes=15), account="8")
    figure("R9 clock: a throttle noted two days ahead holds 0 minutes when the clock is right again")
