"""The monthly yard inspection: a round from its start to the points in the book."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_appointment, make_community, make_courtyard, make_person, make_user
from tests.records.conftest import PHOTO, actor_of, version_of
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.errors import AlreadyUsed, Conflict, Invalid, NotAllowed, NotFound
from webapp.core.points import Points
from webapp.extensions import db
from webapp.inspections import service
from webapp.inspections.models import Round
from webapp.inspections.queries import rounds as queries
from webapp.inspections.ranking import Item, Reward
from webapp.inspections.service import Inspector, Taken
from webapp.ledger.book import Cause
from webapp.ledger.explain import explain
from webapp.records.models import Record


def records() -> list[Record]:
    return list(db.session.scalars(db.select(Record).order_by(Record.id)))


def score_all(yards, *lost: int) -> None:
    for courtyard, steps in zip(yards.courtyards, lost, strict=True):
        yards.score(courtyard, steps)


# A round begins -------------------------------------------------------------------------------------------------------


def test_a_round_keeps_the_courtyards_in_the_order_in_which_one_walks(yards):
    route = queries.stands(yards.round.id)
    assert [one.place.position for one in route] == [1, 2, 3, 4, 5]
    assert {one.id for one in route} == {courtyard.id for courtyard in yards.courtyards}
    assert {one.place.grid_id for one in route} == {yards.street.tree.grid.id}


@both_databases
def test_a_community_has_one_open_round_and_one_a_month(make):
    yards = make()
    month = yards.round.month
    with pytest.raises(Conflict, match="已经有一轮正在检查"), db.session.begin_nested():
        start(yards, clock.previous_month(month))
    service.abandon(actor=yards.secretary, round_id=yards.round.id, reason="下大雨", now=clock.now())
    again = start(yards, month)
    assert again.state == "open"


def start(yards, month: int) -> Round:
    return service.start(actor=yards.secretary, community=yards.street.tree.community, month=month, now=clock.now())


@pytest.mark.parametrize("month", [0, 202001, 209912])
def test_only_this_month_and_the_last_can_be_inspected(yards, month):
    service.abandon(actor=yards.secretary, round_id=yards.round.id, reason="下大雨", now=clock.now())
    with pytest.raises(Invalid, match="重新选月份"):
        start(yards, month)


def test_without_a_sheet_or_a_courtyard_no_round_begins(yards):
    bare = make_community(name="东关社区", street=yards.street.tree.street)
    secretary = actor_of(make_user(post="secretary", area=bare.community), "secretary", bare.community.path)
    with pytest.raises(Conflict, match="还没有评分表"):
        service.start(actor=secretary, community=bare.community, month=yards.round.month, now=clock.now())
    with pytest.raises(NotAllowed):
        service.start(actor=yards.secretary, community=bare.community, month=yards.round.month, now=clock.now())


def test_a_later_change_of_the_sheet_does_not_touch_the_round(yards):
    before = yards.round.sheet.text
    sheet = replace(before, items=(Item("地面", 100, 20),))
    made = save(yards, sheet)
    assert made.version == 2
    assert db.session.get(Round, yards.round.id).sheet.text == before


def save(yards, text):
    now = queries.sheet_of(yards.street.schemes["courtyard"].id)
    return service.save_sheet(
        actor=yards.secretary,
        scheme=yards.street.schemes["courtyard"],
        text=text,
        plus_rule_id=now.plus_rule_id,
        minus_rule_id=now.minus_rule_id,
        now=clock.now(),
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"items": ()}, "1 到 12 项"),
        ({"items": (Item("地面", 100, 30),)}, "整数倍"),
        ({"items": (Item("地面", 100, 20), Item("地面", 100, 20))}, "同名"),
        ({"items": (Item("地面", 1000, 10),)}, "分得太细"),
        ({"items": (Item("", 100, 20),)}, "名称要写"),
        ({"items": (Item("地面", 0, 20),)}, "大于 0"),
        ({"coverage": 0}, "1 到 100"),
        ({"leagues": (8, 4)}, "从小到大"),
        ({"least": 0}, "每组至少几个院"),
        ({"least": 51}, "每组至少几个院"),
        ({"leagues": (1, 2, 3, 4)}, "最多分 4 组"),
        ({"rewards": (Reward("first", 3, 1, 100),)}, "从小到大"),
        ({"rewards": (Reward("first", 1, 1, 0),)}, "不能是 0"),
        ({"rewards": (Reward("first", 1, 1, 5000),)}, "超出细则"),
        ({"rewards": (Reward("share", 0, 101, 10),)}, "百分比"),
        ({"tie": "dice"}, "同分"),
        ({"proof": "video"}, "照片"),
    ],
)
def test_a_sheet_that_cannot_be_is_refused_in_words(yards, change, words):
    with pytest.raises(Invalid, match=words):
        save(yards, replace(yards.round.sheet.text, **change))


def test_points_by_rank_need_a_rule_to_post_under(yards):
    with pytest.raises(Invalid, match="请选按哪条细则入账") as refused:
        service.save_sheet(
            actor=yards.secretary,
            scheme=yards.street.schemes["courtyard"],
            text=yards.round.sheet.text,
            plus_rule_id=None,
            minus_rule_id=None,
            now=clock.now(),
        )
    assert refused.value.field == "plus_rule"


# At a courtyard -------------------------------------------------------------------------------------------------------


@both_databases
def test_a_courtyard_is_marked_and_marked_anew_and_both_sheets_are_kept(make):
    yards = make()
    yards.score(yards.courtyards[0])
    yards.score(yards.courtyards[0], 2, seen=1, note="看错了")
    place = yards.place(yards.courtyards[0])
    assert (place.state, place.score, place.version) == ("scored", 920, 2)
    assert [sheet.score for sheet in queries.sheets_at(yards.round.id, place.courtyard_id)] == [920, 1000]
    assert records() == []


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Points(210), "满分 20 分，不能打 21 分"),
        (Points(-40), "不能打 −4 分"),
        (Points(5), "每 4 分一档，不能打 0.5 分"),
        (Points(100), "每 4 分一档，不能打 10 分"),
        (None, "还没有打分"),
    ],
)
def test_a_mark_that_the_sheet_does_not_have_is_refused(yards, mark, words):
    with pytest.raises(Invalid, match=words) as refused:
        yards.score(yards.courtyards[0], marks=[mark, *yards.marks()[1:]], photos=[PHOTO])
    assert refused.value.field == "mark_0"


def test_marks_of_another_sheet_are_refused(yards):
    with pytest.raises(Invalid, match="评分表换过了"):
        yards.score(yards.courtyards[0], marks=yards.marks()[1:])


def test_lost_marks_want_a_photo(yards):
    with pytest.raises(Invalid, match="扣了分的要拍照片"):
        yards.score(yards.courtyards[0], 1, photos=[])
    with pytest.raises(Invalid, match="最多 3 张"):
        yards.score(yards.courtyards[0], photos=[PHOTO] * 4)


def test_a_courtyard_that_is_not_in_the_round_is_not_found(yards):
    late = make_courtyard(area=yards.street.tree.micro_grid)
    with pytest.raises(NotFound, match="不在这一轮"):
        yards.score(late)


def test_nobody_marks_where_they_live_or_what_they_head(yards):
    person = yards.street.person
    make_appointment(person=person, post="courtyard_head", courtyard=yards.courtyards[1])
    with pytest.raises(NotAllowed, match="按规定要回避"):
        yards.score(yards.courtyards[1])
    yards.score(yards.courtyards[2])


def test_an_inspector_of_another_community_finds_nothing(yards):
    other = make_community(name="东关社区", street=yards.street.tree.street)
    stranger = actor_of(make_user(post="grid_worker", area=other.community), "grid_worker", other.community.path)
    with pytest.raises(NotFound):
        yards.score(yards.courtyards[0], actor=stranger)


@both_databases
def test_the_second_who_saves_the_same_courtyard_is_told(make):
    yards = make()
    yards.score(yards.courtyards[0], 1)
    with pytest.raises(Taken, match="别人已经记了"):
        yards.score(yards.courtyards[0], actor=yards.secretary)
    assert yards.place(yards.courtyards[0]).score == 960


def test_a_courtyard_where_nobody_opens_counts_as_not_visited_until_it_is_marked(yards):
    place = shut(yards, "院门锁着")
    assert (place.state, place.score) == ("shut", None)
    assert queries.whole(queries.stands(yards.round.id)).percent == 0
    yards.score(yards.courtyards[0], seen=1)
    assert yards.place(yards.courtyards[0]).state == "scored"


def shut(yards, reason: str):
    return service.shut(
        actor=yards.street.inspector,
        round_id=yards.round.id,
        courtyard_id=yards.courtyards[0].id,
        reason=reason,
        seen=0,
        now=clock.now(),
    )


def test_why_nobody_got_in_is_one_of_a_few_reasons(yards):
    with pytest.raises(Invalid, match="为什么进不去"):
        shut(yards, "不想去")


def test_a_paper_sheet_is_typed_in_for_who_walked_without_photos(yards):
    clerk = actor_of(
        make_user(post="clerk", area=yards.street.tree.community), "clerk", yards.street.tree.community.path
    )
    walker = Inspector(yards.street.inspector.user_id, yards.street.person.id, "李*梅 网格员")
    yards.score(yards.courtyards[0], 2, actor=clerk, by=walker, photos=[])
    sheet = queries.sheets_at(yards.round.id, yards.courtyards[0].id)[0]
    assert (sheet.user_id, sheet.label, sheet.typed_by) == (walker.user_id, "李*梅 网格员", clerk.label)
    make_appointment(person=yards.street.person, post="courtyard_head", courtyard=yards.courtyards[1])
    with pytest.raises(NotAllowed, match="回避"):
        yards.score(yards.courtyards[1], actor=clerk, by=walker)


def test_work_is_divided_by_grid_among_those_who_inspect_here(yards):
    grid, user = yards.street.tree.grid.id, yards.street.inspector.user_id
    service.divide(actor=yards.secretary, round_id=yards.round.id, duties={grid: user}, now=clock.now())
    assert [(one, who) for one, who, _ in queries.duties(yards.round.id)] == [(grid, user)]
    with pytest.raises(Invalid):
        service.divide(actor=yards.secretary, round_id=yards.round.id, duties={grid: 999999}, now=clock.now())


# The end --------------------------------------------------------------------------------------------------------------


@both_databases
def test_ranks_become_records_and_points_in_the_book(make):
    yards = make()
    score_all(yards, 0, 1, 1, 3, 4)
    yards.close()
    places = [yards.place(courtyard) for courtyard in yards.courtyards]
    assert [place.rank for place in places] == [1, 2, 2, 4, 5]
    assert [place.prize for place in places] == [100, 100, 100, 50, 50]
    assert [yards.street.balance(courtyard, "courtyard") for courtyard in yards.courtyards] == [
        Points(100), Points(100), Points(100), Points(50), Points(50)
    ]  # fmt: skip
    assert {(record.source, record.state) for record in records()} == {("inspection", "posted")}
    assert all(place.record_id for place in places)


def test_the_book_explains_score_league_and_rank(yards):
    score_all(yards, 0, 1, 1, 3, 4)
    yards.close()
    why = explain(Cause("record", yards.place(yards.courtyards[1]).record_id))
    assert why.title == "卫生大检查名次加分"
    assert "得 96 分（满分 100 分），小院（4 户以下） 5 个院里并列第 2 名" in why.note
    assert why.photos == (PHOTO,)
    assert why.recorder == yards.secretary.label


def test_below_the_coverage_nothing_counts(yards):
    for courtyard in yards.courtyards[:4]:
        yards.score(courtyard)
    with pytest.raises(Conflict, match="5 个院查了 4 个（80%），办法要求到 90%"):
        yards.close()
    assert yards.round.state == "open"
    service.abandon(actor=yards.secretary, round_id=yards.round.id, reason="两天大雨", now=clock.now())
    assert records() == []
    with pytest.raises(AlreadyUsed):
        yards.close()


def test_a_round_is_not_abandoned_without_a_reason(yards):
    with pytest.raises(Invalid, match="为什么作废"):
        service.abandon(actor=yards.secretary, round_id=yards.round.id, reason=" ", now=clock.now())


def test_closed_twice_or_stopped_in_between_it_posts_once(yards):
    score_all(yards, 0, 1, 1, 3, 4)
    service.close(actor=yards.secretary, round_id=yards.round.id, now=clock.now())
    with pytest.raises(AlreadyUsed):
        service.close(actor=yards.secretary, round_id=yards.round.id, now=clock.now())
    service.go_on(round_id=yards.round.id, now=clock.now())
    place = yards.place(yards.courtyards[0])
    record_id, place.record_id = place.record_id, None  # as if the step had been lost
    db.session.flush()
    while not service.go_on(round_id=yards.round.id, now=clock.now()).done:
        pass
    assert yards.place(yards.courtyards[0]).record_id == record_id
    assert len(records()) == 5
    assert service.go_on(round_id=yards.round.id, now=clock.now()).done


def test_housekeeping_ends_a_closing_whose_page_was_left(yards):
    score_all(yards, 0, 1, 1, 3, 4)
    service.close(actor=yards.secretary, round_id=yards.round.id, now=clock.now())
    while service.go_on_closing(clock.now()):
        pass
    assert yards.round.state == "closed"


def test_a_deduction_that_the_book_cannot_take_is_named_and_holds_nothing_up(make):
    yards = make(9)
    save(yards, replace(yards.round.sheet.text, rewards=(Reward("first", 1, 3, 100), Reward("last", 1, 1, -20))))
    service.abandon(actor=yards.secretary, round_id=yards.round.id, reason="换表", now=clock.now())
    yards.round = start(yards, yards.round.month)
    score_all(yards, *range(9))
    yards.close()
    last = yards.place(yards.courtyards[8])
    assert (last.rank, last.prize, last.record_id) == (9, -20, None)
    assert "积分不够" in last.unposted
    assert len(records()) == 3


def test_an_ended_rule_is_named_at_the_places(yards):
    score_all(yards, 0, 1, 1, 3, 4)
    version_of(yards.street.schemes["courtyard"], "1.6").valid_to = clock.today() - timedelta(days=1)
    db.session.flush()
    yards.close()
    assert {yards.place(courtyard).unposted for courtyard in yards.courtyards} == {"入账的细则已停用"}


def test_what_a_scheme_posts_later_waits_for_the_working_group(yards):
    yards.street.schemes["courtyard"].inspections_post = "publication"
    db.session.flush()
    score_all(yards, 0, 1, 1, 3, 4)
    yards.close()
    assert {record.state for record in records()} == {"passed"}
    assert yards.street.balance(yards.courtyards[0], "courtyard") == Points(0)


def test_after_the_end_nobody_marks(yards):
    score_all(yards, 0, 1, 1, 3, 4)
    yards.close()
    with pytest.raises(AlreadyUsed, match="已经结束"):
        yards.score(yards.courtyards[0], seen=1)


def test_only_who_runs_rounds_ends_them(yards):
    with pytest.raises(NotFound):
        service.close(actor=yards.street.inspector, round_id=yards.round.id, now=clock.now())


def test_a_courtyard_head_sees_the_results_of_the_own_courtyard_only(yards):
    make_person(household=yards.street.household)
    score_all(yards, 0, 1, 1, 3, 4)
    assert queries.results_of([yards.courtyards[0].id]) == []
    yards.close()
    ((found, one),) = queries.results_of([yards.courtyards[0].id])
    assert (found.id, one.id, one.place.rank) == (yards.round.id, yards.courtyards[0].id, 1)


def test_the_preset_sheet_is_loaded_once_for_a_scheme_that_has_one(yards):
    with pytest.raises(NotFound):
        service.load_sheet(actor=SYSTEM, scheme=yards.street.schemes["shop"], now=clock.now())
