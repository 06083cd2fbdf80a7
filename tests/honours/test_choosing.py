"""The rule proposes, people decide once, honours end or are withdrawn."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.conftest import both_databases
from tests.factories import make_community, make_person, make_scheme, make_user
from tests.honours.conftest import MET, MONTH, a_rule, add_kind
from tests.rankings.conftest import at
from tests.records.conftest import PHOTO, actor_of, settle, version_of
from webapp.audit.models import AuditLine
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.honours import queries, service
from webapp.honours.models import Choice, Honour
from webapp.honours.proposing import Terms, proposed
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account
from webapp.ledger.service import lock, release
from webapp.rankings.placing import Standing
from webapp.records.service import make, reverse


def officer(area, post, **more):
    return actor_of(make_user(post=post, area=area, **more), post, area.path)


def veto(hall, household, number=1, *, now=None):
    account = find_account(household.id, hall.town.homes.id)
    return lock(account_id=account.id, cause=Cause("veto", number), reason="一票否决", now=now or at(10))


@both_databases
def test_all_who_share_the_last_place_are_proposed_and_the_others_read_why_not(hall):
    assert hall.why() == {"刘": "", "陈": "", "王": "", "周": "在前 2 名以外"}
    assert [one.standing.place for one in hall.lines().values()] == [1, 2, 2, 4]


def test_a_tie_beyond_the_last_place_proposes_nobody_more(hall):
    kind = add_kind(hall.town, hall.town.homes, name="第一", places=1)
    assert hall.why(kind) == {"刘": "", "陈": "在前 1 名以外", "王": "在前 1 名以外", "周": "在前 1 名以外"}


def test_leagues_are_taken_each_or_all_together(hall):
    yards = hall.town.yards
    each = add_kind(hall.town, yards, name="各组", places=1, by_league=True)
    found = queries.candidates(each, queries.month_of_kind(each, MONTH), SYSTEM)
    assert {one.standing.league for one in found} != {""}
    together = add_kind(hall.town, yards, name="一起", places=1)
    first, second = queries.candidates(together, queries.month_of_kind(together, MONTH), SYSTEM)
    assert (first.standing.place, second.standing.place) == (1, 2)
    assert not first.why_not
    assert second.why_not


def test_who_has_too_few_points_leaves_the_place_empty(hall):
    kind = add_kind(hall.town, hall.town.homes, name="满九分", minimum=Points.whole(9))
    few = "不到最低的 9 分"
    assert hall.why(kind) == {"刘": "", "陈": few, "王": few, "周": few}


@both_databases
def test_a_veto_now_or_in_the_period_proposes_nobody(hall):
    veto(hall, hall.town.liu)
    assert hall.why() == {"刘": "有一票否决", "陈": "", "王": "", "周": "在前 2 名以外"}
    careless = add_kind(hall.town, hall.town.homes, name="不看否决", no_veto=False)
    assert not hall.why(careless)["刘"]


def test_a_veto_that_was_lifted_counts_in_its_period_only_and_a_slip_of_the_finger_never(hall):
    liu, wang = hall.town.liu, hall.town.wang
    release(hold_id=veto(hall, liu).id, now=at(20))
    release(hold_id=veto(hall, wang, 2, now=at(10)).id, now=at(10))
    release(hold_id=veto(hall, hall.town.chen, 3, now=at(1, 9)).id, now=at(2, 9))
    assert hall.why() == {"刘": "有一票否决", "陈": "", "王": "", "周": "在前 2 名以外"}


def test_whoever_is_barred_takes_no_place_from_the_next_whose_published_place_stands(hall):
    veto(hall, hall.town.liu)
    veto(hall, hall.town.wang, 2)
    lines = hall.lines()
    assert hall.why() == {"刘": "有一票否决", "陈": "", "王": "有一票否决", "周": ""}
    assert [lines[name].moved_up for name in "陈周"] == [False, True]
    assert lines["周"].standing.place == 4
    (honour,) = hall.decide(hall.zhou)
    assert honour.place == 4


def standing(holder_id: int, league: str, place: int) -> Standing:
    return Standing(holder_id, league, place, place, f"{holder_id} 号院", "", 100 - place, 0, None)


def test_in_a_league_only_its_own_next_moves_up():
    ranked = [standing(1, "小院", 1), standing(2, "小院", 2), standing(3, "小院", 3)]
    ranked += [standing(4, "大院", 1), standing(5, "大院", 2)]
    found = proposed(ranked, Terms(1, 0, True, True), vetoed={1}, here={1, 2, 3, 4, 5})
    assert [(one.holder_id, one.moved_up) for one in found if not one.why_not] == [(2, True), (4, False)]


def test_however_many_are_barred_the_places_are_filled_and_then_the_list_ends():
    ranked = [standing(number, "", number) for number in range(1, 31)]
    found = proposed(ranked, Terms(2, 0, True, False), vetoed=set(range(1, 13)), here=set(range(1, 31)))
    assert [one.holder_id for one in found if not one.why_not] == [13, 14]
    assert len(found) == 14


@both_databases
@pytest.mark.parametrize("rectified", [False, True])
def test_a_veto_whose_record_was_taken_out_of_the_book_bars_nobody_but_one_put_right_does(shop_hall, rectified):
    hall, shop = shop_hall
    kind = add_kind(hall.town, hall.town.shops, name="美德商铺", places=1)
    community = hall.town.tree.community
    rule = version_of(hall.town.shops, "3.5")
    given = {"holder_id": shop.id, "rule_version_id": rule.id, "points": Points(0), "source": "inspection"}
    proof = {"note": "拒绝检查", "photos": [PHOTO], "client_key": "veto"}
    record = make(actor=officer(community, "grid_worker"), **given, **proof, now=at(20)).record
    assert hall.why(kind) == {"老": "有一票否决"}
    if rectified:
        settle(record, at(22))
    reverse(actor=officer(community, "secretary"), record_id=record.id, reason="异议成立", now=at(22))
    assert hall.why(kind) == {"老": "有一票否决" if rectified else ""}


def test_who_is_no_longer_here_is_not_proposed(hall):
    hall.town.liu.active = False
    db.session.flush()
    assert hall.why()["刘"] == "已经不在本社区了"


@both_databases
def test_the_meeting_decides_and_each_chosen_gets_an_honour_with_number_and_term(hall):
    first, second = hall.decide(hall.town.liu, hall.town.chen)
    assert (first.number, second.number) == ("2026-0001", "2026-0002")
    assert (first.title, first.shown_name, first.place, first.points) == ("文明家庭", "刘*梅家", 1, 90)
    assert (first.starts_on, first.ends_on) == (date(2026, 11, 28), date(2027, 11, 27))
    choice = queries.decided_choice(hall.kind.id, MONTH)
    assert (choice.candidates, choice.note) == (3, "11 月 28 日支委会，9 人同意")
    line = db.session.query(AuditLine).filter_by(action="honour:decided").one()
    assert "刘*梅家" in line.detail
    assert "刘红梅" not in line.detail


def test_a_meeting_may_choose_nobody_and_then_it_is_decided(hall):
    assert hall.decide() == []
    with pytest.raises(Conflict):
        hall.decide(hall.town.liu)


@both_databases
def test_the_same_period_is_decided_once_whoever_comes_second(hall):
    hall.decide(hall.town.liu)
    other = officer(hall.town.tree.county, "county_officer")
    with pytest.raises(Conflict):
        hall.decide(hall.town.chen, actor=other)
    assert [one.holder_id for one in db.session.query(Honour)] == [hall.town.liu.id]
    db.session.add(
        Choice(
            kind_id=hall.kind.id, month=MONTH, period="month", candidates=0, note="x", decided_at=MET, decided_label=""
        )
    )
    with pytest.raises(DBAPIError):
        db.session.flush()
    db.session.rollback()


def test_nobody_outside_the_rule_can_be_chosen_and_a_note_is_needed(hall):
    with pytest.raises(Invalid, match="在前 2 名以外"):
        hall.decide(hall.zhou)
    with pytest.raises(Invalid, match="不在名单"):
        hall.decide(hall.town.big)
    with pytest.raises(Invalid) as refused:
        hall.decide(hall.town.liu, note=" ")
    assert refused.value.field == "note"
    assert db.session.query(Choice).count() == 0


def test_the_deciders_own_household_is_flagged_and_a_colleague_decides_about_it(hall):
    person = make_person(household=hall.town.liu)
    secretary = officer(hall.town.tree.community, "secretary", person=person)
    line = hall.lines(secretary)["刘"]
    assert (line.why_not, line.recused, line.open) == ("", "这是您自己家", False)
    with pytest.raises(NotAllowed, match="回避"):
        hall.decide(hall.town.liu, actor=secretary)
    assert hall.decide(hall.town.chen, actor=secretary)


def test_only_a_published_period_that_is_complete_can_be_decided(hall):
    quarter = add_kind(hall.town, hall.town.homes, name="季度之星", period="quarter")
    assert queries.months_to_choose(quarter) == []
    with pytest.raises(NotFound):
        queries.month_of_kind(quarter, MONTH)
    hall.town.freeze(202612, now=at(25, 12))
    assert [one.month for one in queries.months_to_choose(quarter)] == [202612]


@both_databases
def test_an_honour_ends_by_its_date_with_nobody_doing_anything(hall):
    (one,) = hall.decide(hall.town.liu)
    holder = hall.town.liu.id
    for day, held in (
        (date(2026, 11, 27), 0),
        (date(2026, 11, 28), 1),
        (date(2027, 11, 27), 1),
        (date(2027, 11, 28), 0),
    ):
        assert len(queries.held_by([holder], day).get(holder, [])) == held
        assert len(queries.held_in(hall.town.id, day)) == held
    assert (one.state(date(2027, 11, 27)), one.state(date(2027, 11, 28))) == ("current", "ended")


@pytest.mark.parametrize(
    ("starts", "months", "ends"),
    [
        (date(2026, 11, 28), 12, date(2027, 11, 27)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 1, 1), 1, date(2026, 1, 31)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
    ],
)
def test_a_term_ends_the_day_before_the_same_day(starts, months, ends):
    assert service.last_day(starts, months) == ends


@both_databases
def test_an_honour_is_withdrawn_once_with_a_reason_and_its_line_stays(hall):
    (one,) = hall.decide(hall.town.liu)
    with pytest.raises(Invalid):
        service.withdraw(actor=SYSTEM, honour=one, reason=" ", now=at(29))
    service.withdraw(actor=SYSTEM, honour=one, reason="弄虚作假", now=at(29))
    assert queries.held_by([hall.town.liu.id], date(2026, 11, 30)) == {}
    assert one.state(date(2026, 11, 30)) == "withdrawn"
    assert "弄虚作假" in db.session.query(AuditLine).filter_by(action="honour:withdrawn").one().detail
    with pytest.raises(AlreadyUsed):
        service.withdraw(actor=SYSTEM, honour=one, reason="再来", now=at(30))


def test_what_has_ended_is_not_withdrawn(hall):
    (one,) = hall.decide(hall.town.liu)
    with pytest.raises(AlreadyUsed, match="到期"):
        service.withdraw(actor=SYSTEM, honour=one, reason="晚了", now=at(29, 11, 2028))


@both_databases
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE honour SET ends_on = '2030-01-01'",
        "UPDATE honour SET title = 'X'",
        "DELETE FROM honour",
        "UPDATE choice SET note = 'X'",
        "DELETE FROM choice",
    ],
)
def test_the_database_refuses_to_change_what_was_decided(hall, change):
    hall.decide(hall.town.liu)
    with pytest.raises(DBAPIError):
        db.session.execute(text(change))
    db.session.rollback()


@both_databases
def test_a_withdrawal_is_not_taken_back(hall):
    (one,) = hall.decide(hall.town.liu)
    service.withdraw(actor=SYSTEM, honour=one, reason="弄虚作假", now=at(29))
    with pytest.raises(DBAPIError):
        db.session.execute(text("UPDATE honour SET withdrawn_at = NULL, withdrawn_reason = ''"))
    db.session.rollback()


def test_kinds_have_names_of_their_own_and_rules_that_can_be(hall):
    with pytest.raises(Conflict):
        add_kind(hall.town, hall.town.homes)
    for wrong, field in (
        ({"places": 0}, "places"),
        ({"months": 61}, "months"),
        ({"name": " "}, "name"),
        ({"minimum": Points(-1)}, "minimum"),
    ):
        with pytest.raises(Invalid) as refused:
            add_kind(hall.town, hall.town.homes, **{"name": "别的"} | wrong)
        assert refused.value.field == field
    with pytest.raises(Invalid):
        add_kind(hall.town, make_scheme(area=make_community().community), name="别处的")


def test_a_changed_rule_holds_from_the_next_choice_and_what_was_given_keeps_its_title(hall):
    (one,) = hall.decide(hall.town.liu)
    service.change_kind(actor=SYSTEM, kind=hall.kind, rule=a_rule(name="和美家庭", months=6), active=False, now=at(29))
    assert (one.title, one.ends_on) == ("文明家庭", date(2027, 11, 27))


def test_only_who_decides_in_the_community_may_do_any_of_it(hall):
    stranger = officer(make_community().community, "secretary")
    with pytest.raises(NotAllowed):
        hall.decide(hall.town.liu, actor=stranger)
    (one,) = hall.decide(hall.town.liu)
    with pytest.raises(NotAllowed):
        service.withdraw(actor=stranger, honour=one, reason="不该能撤", now=at(29))
    with pytest.raises(NotAllowed):
        service.change_kind(actor=stranger, kind=hall.kind, rule=a_rule(), active=True, now=at(29))
