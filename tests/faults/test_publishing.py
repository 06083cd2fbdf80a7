"""The end of a month: killed in the middle of posting, or begun by several at once, everything is done exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, insert, select

from tests.conftest import KEY, both_databases
from tests.factories import make_household, make_user
from tests.faults.serving import ROOT, Server
from tests.faults.together import at_once
from tests.records.conftest import actor_of, make_street
from webapp.core import clock
from webapp.core.actor import Actor
from webapp.extensions import db, start_writing
from webapp.ledger.models import Entry
from webapp.ledger.queries import find_account
from webapp.ledger.verify import verify_all
from webapp.places.models import Area
from webapp.records import service as records
from webapp.records.models import Record, RecordStep
from webapp.reviews import service
from webapp.reviews.models import CommunityMonth, PublicationLine

HOMES = 20
MONTH, MEETING = 202611, datetime(2026, 11, 25, 15, tzinfo=clock.LOCAL)
CONFIRMERS, PUBLISHERS = 6, 6
STEPS_A_LIFE = (1, 30)  # of 200 records or lines each


@dataclass
class Meeting:
    """The working group before a month of claims that passed the first review; by ids, for other threads' sessions."""

    community_id: int
    secretary: Actor
    colleagues: list[Actor]
    accounts: list[tuple[int, int]]  # household and scheme
    courtyard: tuple[int, int]  # and its scheme
    ids: list[int]

    @property
    def given(self) -> dict[str, Any]:
        community = db.session.get_one(Area, self.community_id)
        return {"actor": self.secretary, "community": community, "month": MONTH, "now": MEETING}

    def confirm_all(self) -> None:
        for first in range(0, len(self.ids), records.MOST_AT_ONCE):
            chosen = self.ids[first : first + records.MOST_AT_ONCE]
            done = records.confirm(actor=self.secretary, record_ids=chosen, now=MEETING)
            assert done.done == len(chosen), done.refused

    def note(self) -> None:
        service.note_meeting(**self.given, attendees="王书记、李网格员", minutes="")

    def publish(self) -> CommunityMonth:
        return service.publish(**self.given)


def make_meeting(count: int) -> Meeting:
    """One claim is made as people make it; the others are copies of it for other households."""
    street = make_street()
    homes = [make_household(courtyard=street.courtyard) for _ in range(HOMES)]
    when = datetime(2026, 11, 18, 9, tzinfo=clock.LOCAL)
    claim = street.make(homes[0], "household", "2.1", source="claim", now=when)
    user = make_user(post="grid_worker", area=street.tree.community)
    passer = actor_of(user, "grid_worker", street.tree.community.path)
    assert records.pass_first(actor=passer, record_ids=[claim.id], now=when).done == 1
    copies = [
        _copy(claim, id=claim.id + number, client_key=f"copy-{number}", holder_id=homes[number % HOMES].id)
        for number in range(1, count)
    ]
    db.session.execute(insert(Record), copies)
    step = db.session.scalars(select(RecordStep).where(RecordStep.record_id == claim.id)).one()
    db.session.execute(insert(RecordStep), [_copy(step, record_id=row["id"]) for row in copies])
    if db.engine.dialect.name == "postgresql":
        db.session.execute(
            db.text("SELECT setval(pg_get_serial_sequence('record', 'id'), (SELECT max(id) FROM record))")
        )
    path = street.tree.community.path
    users = [make_user(post="secretary", area=street.tree.community) for _ in range(CONFIRMERS)]
    secretary, *colleagues = [actor_of(user, "secretary", path) for user in users]
    return Meeting(
        street.tree.community.id,
        secretary,
        colleagues,
        [(home.id, street.schemes["household"].id) for home in homes],
        (street.courtyard.id, street.schemes["courtyard"].id),
        [claim.id, *(row["id"] for row in copies)],
    )


def _copy(row: Any, **changed: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns} | changed


def balance(account: tuple[int, int]) -> int:
    """In tenths."""
    found = find_account(*account)
    return found.balance.tenths if found else 0


def check(meeting: Meeting, row_id: int) -> None:
    """Each record is one entry, one line and the points of its household, and the whole book is right."""
    start_writing()
    wanted = sorted(meeting.ids)
    posted = select(Entry.cause_id).where(Entry.cause_kind == "record").order_by(Entry.cause_id)
    assert list(db.session.scalars(posted)) == wanted
    listed = select(PublicationLine.record_id).where(PublicationLine.month_id == row_id)
    assert sorted(db.session.scalars(listed)) == wanted
    states = select(Record.state, func.count()).where(Record.id.in_(wanted)).group_by(Record.state)
    assert [tuple(row) for row in db.session.execute(states)] == [("posted", len(wanted))]
    points = db.session.get_one(Record, wanted[0]).points
    assert sum(map(balance, meeting.accounts)) == balance(meeting.courtyard) == points * len(wanted) > 0
    db.session.rollback()
    verify_all(db.engine)


@both_databases
def test_a_publishing_that_is_killed_again_and_again_posts_and_lists_each_record_once(app, database_url, scale):
    meeting = make_meeting(scale(small=4_000, routine=10_000, full=10_000))
    meeting.confirm_all()
    meeting.note()
    row_id = meeting.publish().id
    db.session.commit()
    db.session.remove()
    db.engine.dispose()  # or this process would keep SQLite's shared memory alive, and no recovery be tried
    kills = keep_killing(lambda: start(app.config["VAR_DIR"], database_url, row_id))

    assert kills >= 2, "it was never met at its work"
    start_writing()
    assert db.session.get_one(CommunityMonth, row_id).state == "on_notice"
    check(meeting, row_id)


def start(var: Path, url: str, row_id: int) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.faults.publishing", str(row_id)]
    return subprocess.Popen(words, env=Server(var, url).environ, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def keep_killing(again: Callable[[], subprocess.Popen[str]]) -> int:
    """Kill each life somewhere in a step, until one comes to the end; how many were killed."""
    random, kills = Random(20261125), 0
    while True:
        with again() as process:
            assert process.stdout is not None
            for _ in range(random.randint(*STEPS_A_LIFE)):
                process.stdout.readline()
            time.sleep(random.uniform(0, 0.04))
            process.send_signal(signal.SIGKILL)
            ended = process.wait()
        if ended == 0:
            return kills
        assert ended == -signal.SIGKILL
        kills += 1


@both_databases
def test_a_batch_that_six_confirm_at_once_is_confirmed_once(app):
    meeting = make_meeting(300)
    db.session.commit()
    outcomes: list[records.Outcome] = []

    def confirm(actor: Actor) -> None:
        outcomes.append(records.confirm(actor=actor, record_ids=meeting.ids, now=MEETING))

    at_once(app, [lambda actor=one: confirm(actor) for one in (meeting.secretary, *meeting.colleagues)])

    assert sorted(len(one.refused) for one in outcomes) == [0] + [300] * (CONFIRMERS - 1)
    assert all("已经处理过了（审核认定），请刷新看看。" in why for one in outcomes for _, why in one.refused)
    steps = select(func.count()).where(RecordStep.kind == "confirmed")
    assert db.session.scalar(steps) == 300
    db.session.rollback()


@both_databases
def test_a_month_that_six_publish_at_once_is_published_once(app):
    meeting = make_meeting(500)
    meeting.confirm_all()
    meeting.note()
    db.session.commit()

    begun = at_once(app, [meeting.publish] * PUBLISHERS)
    row_id = db.session.scalars(select(CommunityMonth.id)).one()
    db.session.rollback()

    def go_on() -> None:
        done = False
        while not done:
            start_writing()
            done = service.go_on(month_id=row_id, key=KEY, now=MEETING).done
            db.session.commit()

    finished = at_once(app, [go_on] * PUBLISHERS)

    assert begun == {"done": 1, "AlreadyUsed": PUBLISHERS - 1}
    assert finished == {"done": PUBLISHERS}
    check(meeting, row_id)
