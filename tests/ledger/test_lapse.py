"""到期清零: announced in time, lapsed once, never hurried; told on the kiosk, the slip and the phone; listed at the desk."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import select, text, update

from tests.conftest import both_databases
from tests.factories import make_household, make_user
from tests.ledger.conftest import Town
from tests.personas import sign_in, sign_in_resident
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import Invalid
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.models import Entry, Lapse
from webapp.ledger.verify import WrongRowError, verify
from webapp.schemes.service import change_scheme
from webapp.schemes.service.settings import Settings
from webapp.web import housekeeping


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 4, 0, tzinfo=UTC)


LAST_YEAR, NOW = noon(2025, 11, 20), noon(2026, 10, 20)
MIDNIGHT = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)  # the first moment of 2027 there


@pytest.fixture
def town(town: Town) -> Town:
    """The household has 8 points of last year and 3 of this year; the scheme clears on 31 December."""
    town.scheme.lapse_month, town.scheme.lapse_day = 12, 31
    town.post(80, now=LAST_YEAR)
    town.post(30, now=NOW)
    db.session.commit()
    return town


def row() -> Lapse:
    return db.session.scalars(select(Lapse).execution_options(populate_existing=True)).one()


def lapse_all(now: datetime) -> None:
    while service.lapse_some(now=now) is not None:
        db.session.commit()


def watch(first: datetime, last: datetime) -> None:
    """Housekeeping runs each twelve hours."""
    while first <= last:
        service.announce(now=first)
        first += timedelta(hours=12)


def lapsed() -> list[int]:
    return list(db.session.scalars(select(Entry.amount).where(Entry.kind == "lapse")))


# The day --------------------------------------------------------------------------------------------------------------


def test_a_day_is_announced_before_the_notice_begins(town):
    assert service.announce(now=noon(2026, 10, 10)) == 0
    assert service.announce(now=NOW) == 1
    assert service.announce(now=NOW) == 0
    assert row().due_on == date(2026, 12, 31)


@both_databases
def test_what_is_left_of_last_year_lapses_once_after_the_end_of_the_day(town):
    watch(NOW, MIDNIGHT - timedelta(seconds=1))
    assert service.lapse_some(now=MIDNIGHT - timedelta(seconds=1)) is None

    lapse_all(MIDNIGHT)
    lapse_all(MIDNIGHT)
    lapse_all(noon(2027, 12, 30))

    assert lapsed() == [-80]
    line = town.lines()[0]
    assert (line.kind, line.happened_on, line.balance_after) == ("lapse", date(2026, 12, 31), Points(30))
    assert "2025 年底以前得的分" in line.note
    assert queries.find_account(town.courtyard.id, town.upper.id).balance == Points(110)
    verify(db.session.connection())


def test_held_points_stay_and_count_as_used_first(town):
    held = town.hold(50, now=NOW)
    watch(NOW, MIDNIGHT)

    lapse_all(MIDNIGHT)

    assert lapsed() == [-30]
    town.spend(held, now=MIDNIGHT)
    assert town.account().balance == Points(30)


def test_what_was_spent_before_is_of_last_year(town):
    town.spend(town.hold(70, now=NOW), now=NOW)
    watch(NOW, MIDNIGHT)

    lapse_all(MIDNIGHT)

    assert lapsed() == [-10]


@both_databases
def test_a_locked_account_loses_nothing_until_the_next_day_after_the_lock_is_gone(town):
    """Its holder can't spend: no warning, no row in the desk's list, no lapse."""
    locked = town.lock(now=NOW)
    watch(NOW, MIDNIGHT - timedelta(hours=1))
    (day,) = [one for one in queries.lapse_days(("/",), date(2026, 12, 1)) if one.scheme.id == town.scheme.id]
    assert queries.warning_of(town.account(), date(2026, 12, 1)) is None
    assert not queries.anybody_loses(town.scheme.id, 2026)
    assert queries.total_of(queries.losing(day, ("/",))) == (0, Points(0))
    lapse_all(MIDNIGHT)
    assert lapsed() == []

    service.release(hold_id=locked.id, now=noon(2027, 1, 5))
    lapse_all(noon(2027, 1, 6))
    assert lapsed() == []
    watch(noon(2027, 10, 20), noon(2027, 12, 31))
    assert queries.warning_of(town.account(), date(2027, 12, 1)).points == Points(110)
    watch(noon(2028, 1, 1), noon(2028, 1, 1))
    lapse_all(noon(2028, 1, 1))

    assert lapsed() == [-110]
    verify(db.session.connection())


def test_a_server_that_was_off_on_the_day_lapses_a_day_after_it_is_back(town):
    watch(NOW, noon(2026, 12, 20))
    back = noon(2027, 1, 15)
    service.announce(now=back)

    assert service.lapse_some(now=back) is None
    watch(back, back + timedelta(hours=24))
    town.post(100, now=back)
    lapse_all(back + timedelta(hours=24))

    assert lapsed() == [-80]


def test_a_clock_that_jumps_over_the_day_and_back_takes_nothing(town):
    watch(NOW, noon(2026, 11, 1))
    service.announce(now=noon(2027, 6, 1))
    assert service.lapse_some(now=noon(2027, 6, 1)) is None
    watch(noon(2026, 11, 1), MIDNIGHT)

    lapse_all(MIDNIGHT)

    assert lapsed() == [-80]
    assert {one.year for one in db.session.scalars(select(Lapse))} == {2026}


def test_a_day_that_nobody_could_announce_is_put_off(town):
    service.announce(now=noon(2026, 12, 20))

    assert row().planned_on == date(2026, 12, 31)
    assert row().due_on == date(2027, 2, 18)
    town.post(500, now=noon(2027, 1, 10))
    warned = queries.warning_of(town.account(), date(2027, 2, 1))
    assert (warned.points, warned.days_left) == (Points(80), 17)


def test_the_work_goes_on_where_it_stopped(town, monkeypatch):
    monkeypatch.setattr(service.lapsing, "ACCOUNTS_AT_ONCE", 2)
    for _ in range(4):
        town.post(20, holder=make_household(courtyard=town.courtyard), now=LAST_YEAR)
    watch(NOW, MIDNIGHT)
    db.session.commit()

    service.lapse_some(now=MIDNIGHT)
    db.session.rollback()  # a crash
    first = service.lapse_some(now=MIDNIGHT)
    assert (first.looked_at, first.done, row().points) == (2, False, 100)
    lapse_all(MIDNIGHT)

    assert (row().accounts, row().points, len(lapsed())) == (5, 160, 5)
    verify(db.session.connection())


def test_housekeeping_announces_and_lapses(app, town):
    with clock.travel(noon(2026, 12, 1)):
        assert housekeeping.run(app)["lapse-days"] == 1
    db.session.execute(update(Lapse).values(due_on=date(2026, 12, 31), seen_at=MIDNIGHT))
    db.session.commit()

    with clock.travel(MIDNIGHT + timedelta(minutes=1)):
        assert housekeeping.run(app)["lapses"] == 2

    assert lapsed() == [-80]


def test_verification_names_a_day_whose_sum_was_changed(town):
    watch(NOW, MIDNIGHT)
    lapse_all(MIDNIGHT)
    db.session.execute(text("UPDATE lapse SET points = 70"))

    with pytest.raises(WrongRowError, match="80"):
        verify(db.session.connection())


# The setting ----------------------------------------------------------------------------------------------------------


def settings(month: int | None, day: int | None) -> Settings:
    return Settings("居民积分", "at_once", "publication", spendable=True, lapse_month=month, lapse_day=day)


def change(town: Town, month: int | None, day: int | None, now: datetime) -> None:
    change_scheme(scheme=town.scheme, actor=SYSTEM, now=now, settings=settings(month, day), active=True)


def test_a_day_nearer_than_the_notice_is_refused_while_points_would_lapse(town):
    change(town, None, None, NOW)

    with pytest.raises(Invalid, match="只有 36 天.*60 天.*1 月 24 日") as refused:
        change(town, 12, 31, noon(2026, 11, 25))
    assert refused.value.field == "lapse_day"
    change(town, 1, 24, noon(2026, 11, 25))
    change(town, 12, 31, noon(2026, 11, 1))


def test_a_new_day_is_announced_anew_and_without_one_nothing_lapses(town):
    service.announce(now=NOW)
    change(town, 12, 20, NOW)
    service.announce(now=noon(2026, 10, 21))
    assert row().due_on == date(2026, 12, 20)

    change(town, None, None, NOW)
    service.announce(now=noon(2026, 10, 22))
    assert db.session.scalar(select(Lapse)) is None


# Who is told ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (noon(2026, 10, 31), None),
        (noon(2026, 11, 1), "12 月 31 日将有 8 分到期清零，可以先兑换"),
        (noon(2026, 12, 16), "12 月 31 日将有 8 分到期清零，可以先兑换"),
        (noon(2026, 12, 31), "今天过后将有 8 分到期清零，可以先兑换"),
        (noon(2027, 1, 1), None),
    ],
)
def test_a_resident_is_warned_from_sixty_days_before(town, now, words):
    service.announce(now=NOW)

    warned = queries.warning_of(town.account(), clock.local_date(now))

    assert (warned.words if warned else None) == words
    assert warned is None or warned.urgent == (now >= noon(2026, 12, 16))


def test_the_phone_of_the_household_says_it(town, client):
    service.announce(now=NOW)
    with clock.travel(noon(2026, 12, 1)):
        page = sign_in_resident(client, town.household).get("/home/").text

    assert "12 月 31 日将有 8 分到期清零，可以先兑换" in page
    assert "还有 30 天" in page


@pytest.mark.parametrize("after", [False, True])
def test_the_desk_lists_who_loses_how_much_before_and_after(town, client, after):
    watch(NOW, MIDNIGHT if after else NOW)
    if after:
        lapse_all(MIDNIGHT)
    db.session.commit()
    with clock.travel(MIDNIGHT if after else NOW):
        desk = sign_in(client, make_user(post="secretary", area=town.tree.community))
        path = f"/desk/lapses/{town.scheme.id}/2026"
        assert path in desk.get("/desk/lapses").text
        shown = desk.get(path).text
        assert town.household.number in shown
        assert "合计 1 户" in shown
        assert ("以后清零了 1 户" if after else "会清零 1 户") in shown
        assert desk.post(f"{path}/export", data={"reason": ""}).status_code == 422
        book = desk.post(f"{path}/export", data={"reason": "上门提醒住户"})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert [row[3] for row in rows[1:]] == [8.0, 8.0]
    assert rows[-1][0] == "合计"


def test_a_stranger_sees_no_list(town, client):
    from tests.factories import make_community

    stranger = make_user(post="secretary", area=make_community().community)
    db.session.commit()

    assert sign_in(client, stranger).get(f"/desk/lapses/{town.scheme.id}/2026").status_code == 404
