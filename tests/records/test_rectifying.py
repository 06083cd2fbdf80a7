"""整改返还: an "after" photo in time takes a provisional deduction back, or halves it, once and by new entries."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.conftest import both_databases
from tests.factories import make_household, make_person, make_user, serial
from tests.records.conftest import Street, actor_of
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed, Conflict, Gone, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger.queries import find_account, last_entries
from webapp.ledger.verify import WrongRowError, verify
from webapp.records import queries, service
from webapp.records.models import Record

ALL, HALF, FINAL = "1.6", "1.8", "3.4"  # of the shops' rules
BEFORE, AFTER = "ab" * 32, "cd" * 32


def day(number: int, hour: int = 9, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, number, hour, minute, second, tzinfo=clock.LOCAL)


@pytest.fixture
def owner(street: Street) -> Actor:
    """The shop's owner on the phone of their household."""
    person = make_person(household=street.household, name="王建国")
    street.shop.owner_id = person.id
    db.session.flush()
    return Actor("household", "刘*梅家", household_id=street.household.id)


@pytest.fixture
def colleague(street: Street) -> Actor:
    user = make_user(post="inspector", area=street.tree.community, name="孙志强")
    return actor_of(user, "inspector", street.tree.community.path)


def deduct(street: Street, code: str = ALL, **more) -> Record:
    return street.make(street.shop, "shop", code, now=day(20), **more)


def confirm(actor: Actor, record: Record, *photos: str, now: datetime | None = None, key: str = ""):
    return service.confirm_rectified(
        actor=actor, record_id=record.id, photos=photos, client_key=key or f"k{serial()}", now=now or day(23)
    )


def report(actor: Actor, record: Record, *photos: str, now: datetime | None = None, key: str = ""):
    return service.report_rectified(
        actor=actor, record_id=record.id, photos=photos, note="", client_key=key or f"k{serial()}", now=now or day(23)
    )


def titles(street: Street) -> list[str]:
    account = find_account(street.shop.id, street.schemes["shop"].id)
    return [f"{line.title} {line.amount.tenths / 10:g}" for line in last_entries(account.id, 9)]


@both_databases
def test_a_rescan_takes_the_whole_deduction_back_by_a_new_entry(street):
    record = deduct(street)
    assert record.rectify_until == date(2026, 11, 27)

    confirm(street.inspector, record, AFTER)

    assert (record.state, record.end_note) == ("reversed", "整改合格，全部返还")
    assert titles(street) == ["冲正：店外堆放杂物 2", "店外堆放杂物 -2"]
    assert street.balance(street.shop, "shop") == Points(0)
    verify(db.session.connection())


@both_databases
def test_a_rule_that_gives_half_back_leaves_a_record_of_the_half(street):
    record = deduct(street, HALF, points=-50)

    made = confirm(street.inspector, record, AFTER)

    rest = db.session.get(Record, made.new_record_id)
    assert (rest.points, rest.state, rest.rectify_until) == (-25, "posted", None)
    assert rest.note == "整改合格，返还一半；原来扣 5 分"
    assert titles(street) == ["门前垃圾未清 -2.5", "冲正：门前垃圾未清 5", "门前垃圾未清 -5"]
    verify(db.session.connection())


@pytest.mark.parametrize(("points", "stays"), [(-20, -10), (-25, -12), (-50, -25)])
def test_a_half_is_whole_tenths_rounded_in_favour_of_the_shop(street, points, stays):
    record = deduct(street, HALF, points=points)

    confirm(street.inspector, record, AFTER)

    assert street.balance(street.shop, "shop") == Points(stays)


def test_the_half_is_not_refused_for_lack_of_points_and_not_undone(street):
    street.schemes["shop"].floor = -30
    db.session.flush()
    record = deduct(street, HALF, points=-30)
    street.schemes["shop"].floor = 0
    db.session.flush()

    made = confirm(street.inspector, record, AFTER)

    assert street.balance(street.shop, "shop") == Points(-15)
    with pytest.raises(NotAllowed, match="整改返还"):
        service.undo(actor=street.inspector, record_id=made.new_record_id, now=day(23))


def test_what_waits_for_review_is_withdrawn_and_the_half_waits_instead(street):
    street.schemes["shop"].inspections_post = "publication"
    db.session.flush()
    record = deduct(street, HALF, points=-50)

    made = confirm(street.inspector, record, AFTER)

    assert record.state == "withdrawn"
    assert (db.session.get(Record, made.new_record_id).state, street.balance(street.shop, "shop")) == (
        "passed",
        Points(0),
    )
    verify(db.session.connection())


def test_the_last_second_of_the_last_day_counts_and_not_one_more(street):
    early, late = deduct(street), deduct(street, "1.7")
    end = day(28, 0)

    confirm(street.inspector, early, AFTER, now=end - timedelta(seconds=1))
    with pytest.raises(Gone, match="11 月 27 日.*不再返还"):
        confirm(street.inspector, late, "ef" * 32, now=end)
    assert queries.provisional_of([street.shop.id], date(2026, 11, 28)) == []


@both_databases
def test_the_owner_reports_and_an_inspector_confirms_even_later(street, owner, colleague):
    record = deduct(street)
    report(owner, record, AFTER, now=day(27))
    assert street.balance(street.shop, "shop") == Points(-20)
    (waiting,) = queries.to_reinspect((street.tree.community.path,), date(2026, 11, 30))
    assert (waiting.record_id, waiting.reported) == (record.id, True)

    confirm(colleague, record, now=day(30))

    assert street.balance(street.shop, "shop") == Points(0)
    assert queries.to_reinspect((street.tree.community.path,), date(2026, 11, 30)) == []


def test_a_report_is_returned_with_a_reason_and_another_photo_may_follow(street, owner):
    record = deduct(street)
    report(owner, record, AFTER)
    with pytest.raises(Invalid, match="还差什么"):
        service.turn_down_rectified(actor=street.inspector, record_id=record.id, reason=" ", now=day(24))

    made = service.turn_down_rectified(actor=street.inspector, record_id=record.id, reason="还有两箱", now=day(24))

    assert (made.state, made.reason) == ("returned", "还有两箱")
    with pytest.raises(Invalid, match="以前用过"):
        report(owner, record, AFTER, now=day(25))
    report(owner, record, "ef" * 32, now=day(25))
    confirm(street.inspector, record)
    with pytest.raises(AlreadyUsed):
        service.turn_down_rectified(actor=street.inspector, record_id=record.id, reason="还有两箱", now=day(25))


def test_nothing_is_given_back_twice_and_the_same_form_twice_is_one(street):
    record = deduct(street)
    first = confirm(street.inspector, record, AFTER, key="same")

    assert confirm(street.inspector, record, AFTER, key="same").id == first.id
    with pytest.raises(AlreadyUsed, match="已经返还"):
        confirm(street.inspector, record, "ef" * 32)
    assert street.balance(street.shop, "shop") == Points(0)


def test_two_reports_at_once_are_one(street, owner):
    record = deduct(street)
    first = report(owner, record, AFTER, key="same")

    assert report(owner, record, AFTER, key="same").id == first.id
    with pytest.raises(AlreadyUsed, match="已经报过"):
        report(owner, record, "ef" * 32)


@pytest.mark.parametrize(
    ("photos", "words"),
    [((), "请拍一张"), ((BEFORE,), "以前用过"), ((AFTER, AFTER), "以前用过"), ((AFTER,) * 4, "最多 3 张")],
)
def test_a_photo_must_be_there_and_be_new(street, photos, words):
    with pytest.raises(Invalid, match=words):
        confirm(street.inspector, deduct(street), *photos)


def test_a_rule_without_rectification_and_a_deduction_taken_back_are_refused(street):
    final, undone = deduct(street, FINAL), deduct(street)
    service.undo(actor=street.inspector, record_id=undone.id, now=day(20))

    with pytest.raises(Conflict, match="不能整改返还"):
        confirm(street.inspector, final, AFTER)
    with pytest.raises(AlreadyUsed, match="已经返还或撤回"):
        confirm(street.inspector, undone, AFTER)


def test_only_who_may_record_there_and_has_no_interest_confirms(street, owner, colleague):
    record = deduct(street)
    stranger = actor_of(make_user(post="inspector"), "inspector", "/999/")
    street.shop.owner_id = colleague.person_id
    db.session.flush()

    with pytest.raises(NotFound):
        confirm(stranger, record, AFTER)
    with pytest.raises(NotAllowed, match="回避"):
        confirm(colleague, record, AFTER)
    with pytest.raises(NotFound):
        confirm(owner, record, AFTER)


def test_only_whom_it_concerns_reports(street, owner):
    neighbour = make_household(courtyard=street.courtyard)

    with pytest.raises(NotFound):
        report(Actor("household", "邻居", household_id=neighbour.id), deduct(street), AFTER)


def test_verification_names_a_deduction_that_stands_though_it_was_put_right(street):
    record = deduct(street)
    confirm(street.inspector, record, AFTER)
    db.session.execute(text("UPDATE record SET state = 'posted'"))

    with pytest.raises(WrongRowError, match="deduction stands"):
        verify(db.session.connection())
