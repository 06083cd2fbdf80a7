"""Months judged by a draft, worked out by hand; amounts in tenths."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webapp.simulator.judging import Caps, Happened, NewRule, judged, replay

LIU, WANG = 1, 2
SWEEP, LITTER = 11, 12


def on(day: int, month: int = 9) -> date:
    return date(2026, month, day)


def test_a_fixed_score_becomes_the_new_one():
    result = replay(
        {SWEEP: NewRule(points=(30, 30))}, [Happened(LIU, SWEEP, 20, on(1)), Happened(WANG, SWEEP, 20, on(2))]
    )
    assert (result.total.before.issued, result.total.after.issued) == (40, 60)
    assert [(key, one.change) for key, one in result.gainers] == [(LIU, 10), (WANG, 10)]
    assert result.losers == []


def test_given_points_are_brought_into_the_new_range():
    """2 to 5 becomes 3 to 4: 2 counts 3, 5 counts 4, 3.5 stays."""
    points = [judged(Happened(LIU, SWEEP, given, on(1)), (30, 40)) for given in (20, 50, 35)]
    assert points == [30, 40, 35]


def test_deductions_keep_their_sign():
    """−2 to −5 becomes −1 to −3: −2 stays, −5 counts −3."""
    assert [judged(Happened(LIU, LITTER, given, on(1)), (-30, -10)) for given in (-20, -50)] == [-20, -30]


def test_half_of_a_deduction_that_was_put_right_is_half_of_the_new_one():
    """A deduction of 2 of which half came back; the new one is 4, so 2 stay."""
    assert judged(Happened(LIU, LITTER, -10, on(1), origin=-20, back=50), (-40, -40)) == -20


def test_an_ended_rule_counts_nothing():
    result = replay({LITTER: NewRule(ends=True)}, [Happened(LIU, LITTER, -20, on(1)), Happened(WANG, SWEEP, 20, on(1))])
    assert (result.total.before.taken, result.total.after.taken) == (-20, 0)
    assert [key for key, _ in result.gainers] == [LIU]
    assert result.unchanged == 1


def test_what_lies_beyond_a_cap_counts_nothing_in_the_order_in_which_it_happened():
    """Twice a month, once a day. 1st: one of two; 2nd: the second of the month; 3rd: beyond; October begins anew."""
    days = [on(1), on(1), on(2), on(3), on(1, month=10)]
    result = replay({SWEEP: NewRule(caps=Caps(day=1, month=2))}, [Happened(LIU, SWEEP, 20, day) for day in days])
    assert result.total.after.issued == 60
    assert result.rules[SWEEP].beyond == 2
    assert result.losers[0][1].change == -40


def test_caps_count_for_each_holder_and_each_rule():
    happened = [Happened(who, rule, 20, on(1)) for who in (LIU, WANG) for rule in (SWEEP, LITTER)]
    result = replay({SWEEP: NewRule(caps=Caps(day=1)), LITTER: NewRule(caps=Caps(day=1))}, happened)
    assert result.total.change == 0


def test_earlier_months_take_up_places_of_the_year_and_count_nothing():
    earlier = [Happened(LIU, SWEEP, 20, on(day, month=3), counts=False) for day in (1, 2)]
    happened = [*earlier, Happened(LIU, SWEEP, 20, on(1)), Happened(LIU, SWEEP, 20, on(2))]
    result = replay({SWEEP: NewRule(caps=Caps(year=3))}, happened)
    assert (result.total.count, result.total.after.issued, result.total.beyond) == (2, 20, 1)


def test_a_cap_of_the_year_begins_anew_on_new_years_day():
    days = [date(2026, 12, 30), date(2026, 12, 31), date(2027, 1, 1)]
    result = replay({SWEEP: NewRule(caps=Caps(year=1))}, [Happened(LIU, SWEEP, 20, day) for day in days])
    assert result.total.after.issued == 40


HOLDERS, RULES, SIZES, DAYS = 5, (SWEEP, LITTER), 201, 92


def unpacked(number: int) -> Happened:
    """A record out of one number, so that a long list is cheap to draw: 0 is the first holder's −10 on 1 August."""
    number, holder = divmod(number, HOLDERS)
    number, rule = divmod(number, len(RULES))
    day, size = divmod(number, SIZES)
    return Happened(holder + 1, RULES[rule], size - 100, date(2026, 8, 1) + timedelta(days=day))


months = st.lists(st.integers(0, HOLDERS * len(RULES) * SIZES * DAYS - 1), max_size=30).map(
    lambda numbers: [unpacked(number) for number in numbers]
)


@given(months)
def test_a_draft_without_changes_changes_nothing(happened):
    for draft in ({}, {SWEEP: NewRule(), LITTER: NewRule()}):
        result = replay(draft, happened)
        assert result.total.change == 0
        assert result.gainers == result.losers == []
        assert result.unchanged == len({one.holder_id for one in happened})


@given(months, st.integers(0, 50), st.integers(0, 50), st.none() | st.integers(1, 3), st.none() | st.integers(1, 9))
def test_holders_and_rules_add_up_to_the_total(happened, low, more, day, month):
    result = replay({SWEEP: NewRule(points=(low, low + more), caps=Caps(day=day, month=month))}, happened)
    changes = sum(one.points for one in happened)
    assert result.total.before.net == changes
    for parts in (result.rules.values(), result.holders.values()):
        assert sum(one.change for one in parts) == result.total.change
        assert sum(one.beyond for one in parts) == result.total.beyond


@given(months, st.integers(1, 3))
def test_no_holder_has_more_within_a_window_than_the_cap_lets_in(happened, cap):
    ones = [one._replace(points=10) for one in happened]
    result = replay({SWEEP: NewRule(caps=Caps(month=cap))}, ones)
    windows = {(one.holder_id, one.on.month) for one in ones if one.rule_id == SWEEP}
    if SWEEP in result.rules:
        assert result.rules[SWEEP].after.issued <= 10 * cap * len(windows)
