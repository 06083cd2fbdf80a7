"""The end of a published month: when everything is answered it closes, and the next seal says how."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.records.conftest import actor_of
from tests.reviews.conftest import ANSWER, BAD, GOOD, LATER, PUBLISHED, TOO_LATE, publish
from webapp.core.errors import Conflict, Gone
from webapp.reviews import service


def test_a_month_closes_when_the_window_is_over_and_everything_is_answered(month):
    made = month.lodge()
    assert service.close_due(TOO_LATE - timedelta(seconds=1)) == 0
    assert service.close_due(TOO_LATE) == 0
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=TOO_LATE)
    assert service.close_due(TOO_LATE) == 1
    assert month.row.state == "closed"
    assert service.close_due(TOO_LATE) == 0


def test_the_secretary_closes_it_by_hand_and_is_told_what_is_missing(month):
    actor = actor_of(month.secretary, "secretary", month.street.tree.community.path)
    month.lodge()
    with pytest.raises(Conflict, match="异议期到 2026-12-02"):
        service.close(actor=actor, month_id=month.row.id, now=LATER)
    with pytest.raises(Conflict, match="还有 1 条异议没有答复"):
        service.close(actor=actor, month_id=month.row.id, now=TOO_LATE)


@both_databases
def test_of_a_closed_month_nothing_is_recorded_or_objected_to_any_more(month):
    service.close_due(TOO_LATE)
    with pytest.raises(Gone, match="已经关账"):
        month.lodge(now=TOO_LATE)
    given = {"now": TOO_LATE, "happened_at": PUBLISHED}
    with pytest.raises(Conflict, match="2026 年 11 月 25 日及以前的账已经关了"):
        month.street.make(month.household, "household", "1.1", 30, **given)
    month.street.make(month.household, "household", "1.1", 30, now=TOO_LATE)


def test_the_next_seal_covers_what_was_answered(month):
    made = month.lodge()
    month.lodge(BAD)
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    secretary = actor_of(month.secretary, "secretary", month.street.tree.community.path)
    row = publish(month.street, secretary, 202612, PUBLISHED + timedelta(days=30))
    sealed = json.loads(row.content)["objections"]
    assert sealed == [[202611, 1, GOOD, "not_happened", "2026-11-25", "2026-11-27", 2, "dismissed"]]
    assert made.sealed_in_id == row.id
    assert json.loads(month.row.content)["objections"] == []
