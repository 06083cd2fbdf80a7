"""Earning, deducting, rolling up and taking back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.conftest import both_databases
from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_person,
    make_scheme,
    make_shop,
)
from tests.ledger.conftest import NOON
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Conflict, InsufficientPoints, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import queries, service
from webapp.ledger.book import Cause
from webapp.ledger.service import Posting
from webapp.places.models import Holder
from webapp.places.service import move_household
from webapp.schemes.models import Scheme
from webapp.schemes.presets import CODES
from webapp.schemes.queries import current_rules


@both_databases
def test_the_first_points_open_the_account(town):
    town.post(20)

    account = queries.find_account(town.household.id, town.scheme.id)
    assert account.balance == Points(20)
    assert account.entries == 1
    assert account.head == town.lines()[0].hash


@both_databases
def test_a_line_says_amount_balance_cause_who_and_when(town):
    town.post(20)
    town.post(-5, title="楼道堆放杂物", note="已拍照", category_id=7)

    line = town.lines()[0]
    assert (line.seq, line.amount, line.balance_after) == (2, Points(-5), Points(15))
    assert (line.title, line.note, line.category_id) == ("楼道堆放杂物", "已拍照", 7)
    assert (line.actor_label, line.posted_at, line.happened_on.isoformat()) == ("系统", NOON, "2026-11-20")
    assert line.check_code == line.hash[:8].upper()


@both_databases
def test_the_same_cause_never_posts_twice(town):
    cause = Cause("record", 7)
    town.post(20, cause=cause)
    db.session.commit()

    with pytest.raises(AlreadyUsed, match="已经记过账"):
        town.post(20, cause=cause)
    db.session.rollback()
    assert town.account().balance == Points(20)
    assert town.account(town.courtyard).balance == Points(20)


def test_what_the_book_cannot_hold_is_a_fault_of_the_software_not_of_the_clerk(town):
    with pytest.raises(ValueError, match="title"):
        town.post(20, title="长" * 81)
    with pytest.raises(ValueError, match="verb of its own"):
        town.post(20, kind="spend")


@both_databases
def test_a_deduction_stops_at_the_schemes_floor(town):
    town.post(20)

    with pytest.raises(InsufficientPoints, match="最多还能减 2 分"):
        town.post(-25)
    assert town.account().balance == Points(20)


def test_a_deduction_does_not_reach_points_that_are_held(town):
    town.post(20)
    town.hold(15)

    with pytest.raises(InsufficientPoints, match="最多还能减 0.5 分"):
        town.post(-10)


@both_databases
def test_what_is_not_guarded_counts_in_full_below_zero(town):
    town.post(-25, guarded=False)

    assert town.account().balance == Points(-25)
    assert town.account().available == Points(0)


def test_a_shop_may_stand_below_zero(town):
    town.post(-25, holder=town.shop)

    assert town.account(town.shop).balance == Points(-25)


@both_databases
def test_halves_are_exact(town):
    for _ in range(30):
        town.post(5)
    town.post(-5)

    assert town.account().balance == Points(145)
    assert str(town.account().balance) == "14.5"


@both_databases
def test_the_courtyard_gets_what_its_household_earns_and_loses(town):
    town.post(20)
    town.post(-5)

    assert town.account(town.courtyard).balance == Points(15)
    rolled = town.lines(town.courtyard)[0]
    assert (rolled.kind, rolled.amount) == ("roll_up", Points(-5))
    assert rolled.cause == Cause("up:record", town.lines()[0].cause.id)


def test_a_household_without_a_courtyard_rolls_up_to_nobody(town):
    lonely = make_household(area=town.tree.micro_grid)
    town.post(20, holder=lonely)

    assert queries.accounts_of(town.courtyard.id) == []


def test_what_a_household_spends_stays_its_own_affair(town):
    town.post(50)
    town.spend(town.hold(30))

    assert town.account().balance == Points(20)
    assert town.account(town.courtyard).balance == Points(50)


@both_databases
def test_a_reversal_takes_back_the_line_and_its_roll_up(town):
    line = town.post(20)
    back = town.reverse(line)

    assert (back.kind, back.amount, back.reverses) == ("reversal", Points(-20), line.seq)
    assert town.account().balance == town.account(town.courtyard).balance == Points(0)
    upper = town.lines(town.courtyard)
    assert (upper[0].kind, upper[0].reverses) == ("reversal", upper[1].seq)
    assert queries.reversed_by(line) == back


@both_databases
def test_a_line_is_reversed_only_once(town):
    line = town.post(20)
    town.reverse(line)
    db.session.commit()

    with pytest.raises(AlreadyUsed, match="已经冲正过"):
        town.reverse(line)


def test_a_reversal_is_not_reversed(town):
    back = town.reverse(town.post(20))

    with pytest.raises(Conflict, match="不能再冲正"):
        town.reverse(back)


def test_a_roll_up_is_reversed_at_its_household_only(town):
    town.post(20)

    with pytest.raises(Conflict, match="请冲正住户的那一笔"):
        town.reverse(town.lines(town.courtyard)[0])


def test_a_reversal_goes_through_even_when_the_points_are_spent(town):
    line = town.post(20)
    town.spend(town.hold(20))
    town.reverse(line)

    assert town.account().balance == Points(-20)


def test_a_reversed_purchase_is_not_rolled_up(town):
    town.post(50)
    bought = town.spend(town.hold(30))
    town.reverse(bought)

    assert town.account().balance == Points(50)
    assert town.account(town.courtyard).balance == Points(50)
    assert town.account().spent == Points(0)


def test_reversed_base_points_are_not_rolled_up(town):
    base = town.post(1000, kind="base", cause=Cause("base", 1))
    town.reverse(base)

    assert queries.accounts_of(town.courtyard.id) == []


@both_databases
def test_a_household_that_moved_takes_nothing_from_its_new_courtyard(town):
    line = town.post(20)
    elsewhere = make_courtyard(area=town.tree.micro_grid)
    move_household(actor=SYSTEM, now=NOON, household=town.household, courtyard=elsewhere)
    town.reverse(line)

    assert town.account(town.courtyard).balance == Points(0)
    assert queries.accounts_of(elsewhere.id) == []


@both_databases
def test_base_points_are_given_once_when_the_account_is_opened(app):
    tree = make_community()
    scheme = make_scheme(area=tree.community, code="neighbour")
    person = make_person(area=tree.community)
    for _ in range(2):
        account = service.open_account(holder_id=person.id, scheme_id=scheme.id, now=NOON)

    assert account.balance == Points.whole(100)
    assert [line.title for line in queries.last_entries(account.id, 5)] == ["基础分"]


def holder_for(scheme: Scheme, tree: CommunityTree) -> Holder:
    make = {"household": make_household, "courtyard": make_courtyard, "shop": make_shop, "person": make_person}
    return make[scheme.holder_kind](area=tree.micro_grid)


@both_databases
@pytest.mark.parametrize("code", CODES)
def test_every_rule_of_every_preset_posts_by_its_schemes_own_settings(app, code):
    tree = make_community()
    scheme = make_scheme(area=tree.community, code=code)
    holder = holder_for(scheme, tree)
    rules = current_rules(scheme.id, clock.local_date(NOON))

    def post(points: Points, number: int, **more) -> None:
        day = clock.local_date(NOON)
        posting = Posting(points, "record", Cause("record", number), title="记分", happened_on=day, **more)
        service.post(holder_id=holder.id, scheme_id=scheme.id, posting=posting, actor=SYSTEM, now=NOON)

    for number, rule in enumerate(rules, start=1):
        post(rule.highest, number, category_id=rule.category_id, guarded=False)
    balance = queries.find_account(holder.id, scheme.id).balance
    assert balance == sum((rule.highest for rule in rules), Points(scheme.base))

    below = -balance - Points(5)
    if scheme.floor is None:
        post(below, 999)
        assert queries.find_account(holder.id, scheme.id).balance == Points(-5)
    else:
        with pytest.raises(InsufficientPoints):
            post(below, 999)


def test_an_account_is_only_for_the_schemes_kind_of_holder(town):
    with pytest.raises(Conflict, match="不是给这类对象用的"):
        service.open_account(holder_id=town.shop.id, scheme_id=town.scheme.id, now=NOON)


def test_points_for_nobody_or_under_no_scheme_are_refused(town):
    posting = Posting(
        amount=Points(10), kind="record", cause=Cause("record", 1), title="好", happened_on=clock.local_date(NOON)
    )
    for holder_id, scheme_id in ((999_999, town.scheme.id), (town.household.id, 999_999)):
        with pytest.raises(NotFound):
            service.post(holder_id=holder_id, scheme_id=scheme_id, posting=posting, actor=SYSTEM, now=NOON)


DECEMBER = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)  # the year's last second in Asia/Shanghai
JANUARY = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


@both_databases
def test_year_and_month_figures_start_anew_at_local_midnight(town):
    town.post(20, now=NOON)
    town.post(30, now=DECEMBER)
    december = town.account()
    town.post(-10, now=JANUARY)
    january = town.account()

    assert (december.this_year(2026), december.this_month(202612)) == ((Points(50), Points(0)), Points(30))
    assert (january.this_year(2027), january.this_month(202701)) == ((Points(0), Points(10)), Points(-10))
    assert january.this_year(2026) == (Points(0), Points(0))
    assert january.balance == Points(40)


@both_databases
def test_month_totals_are_kept_by_scheme_and_category(town):
    town.post(20, category_id=3)
    town.post(-5, category_id=3)
    town.reverse(town.post(30, category_id=4))
    town.spend(town.hold(10))

    totals = {(row[0], row[1]): tuple(row[2:]) for row in queries.month_totals(town.tree.community.id, 202611)}
    assert totals[town.scheme.id, 3] == (20, 5, 0, 2)
    assert totals[town.scheme.id, 4] == (0, 0, 0, 2)
    assert totals[town.scheme.id, 0] == (0, 0, 10, 1)
    assert totals[town.upper.id, 0] == (20, 5, 0, 4)


def test_a_reversal_lowers_the_figure_that_its_line_had_raised(town):
    town.post(50)
    town.reverse(town.post(-20))

    account = town.account()
    assert (account.earned, account.deducted, account.merit) == (Points(50), Points(0), Points(50))


def test_the_net_of_an_account_is_what_was_earned_less_what_was_deducted_whatever_was_spent(town):
    other = make_household(courtyard=town.courtyard, number="H2")
    town.post(50)
    town.post(-20)
    town.spend(town.hold(30))
    town.reverse(town.post(70))
    town.post(20, holder=other)

    homes = {one.holder_id: one for one in queries.nets(town.tree.community.id, town.scheme.id)}
    assert (homes[town.household.id].net, homes[other.id].net) == (30, 20)
    assert queries.nets(town.tree.community.id, town.upper.id) == [(town.courtyard.id, 50, 50)]


def test_base_points_do_not_count_in_the_net(town):
    town.scheme.base = 1000
    newcomer = make_household(courtyard=town.courtyard, number="H2")
    town.post(5, holder=newcomer)

    assert [one.net for one in queries.nets(town.tree.community.id, town.scheme.id)] == [5]
