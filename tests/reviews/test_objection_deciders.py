"""Who may answer an objection: somebody without a hand in it, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_person, make_user
from tests.faults.together import at_once
from tests.records.conftest import actor_of
from tests.reviews.conftest import ANSWER, LATER, PUBLISHED, clean, publish
from webapp.core.errors import AlreadyUsed, Invalid, NotAllowed, NotFound
from webapp.extensions import db
from webapp.places.models import Kinship
from webapp.reviews import service


def test_who_recorded_the_line_does_not_look_into_it(month):
    made = month.lodge()
    recorder = month.street.inspector
    actor = actor_of(make_user(post="grid_lead", area=month.street.tree.community), "grid_lead", "/")
    mine = type(actor)(**{**_fields(actor), "user_id": recorder.user_id, "person_id": recorder.person_id})
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(NotAllowed, match="自己记的"):
            verb(actor=mine, objection_id=made.id, answer=ANSWER, now=LATER)


def _fields(actor):
    return {name: getattr(actor, name) for name in ("kind", "label", "name", "where", "grants")}


def test_who_confirmed_the_line_does_not_look_into_it(month):
    record = month.street.make(
        month.household, "household", "2.1", source="claim", note="居民大会", now=PUBLISHED - timedelta(days=3)
    )
    record.state = "passed"
    db.session.flush()
    community = month.street.tree.community
    secretary = actor_of(month.secretary, "secretary", community.path)
    given = {"actor": secretary, "community": community, "month": 202612, "now": PUBLISHED + timedelta(days=30)}
    service.confirm(**given, record_ids=[record.id])
    row = publish(month.street, secretary, 202612, PUBLISHED + timedelta(days=30))
    made = month.lodge(1, month_id=row.id, now=PUBLISHED + timedelta(days=31))
    with pytest.raises(NotAllowed, match="您审核过的"):
        service.acknowledge(actor=secretary, objection_id=made.id, now=PUBLISHED + timedelta(days=31))


def test_the_own_household_and_declared_relatives_are_recused(month):
    made = month.lodge()
    lead = db.session.get_one(type(make_person(household=month.neighbour)), month.lead.person_id)
    lead.household_id = month.neighbour.id  # whoever objects is the lead's own household
    db.session.flush()
    with pytest.raises(NotAllowed, match="提出异议的住户：这是您自己家"):
        service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    lead.household_id = None
    db.session.add(Kinship(person_id=lead.id, household_id=month.household.id, relation="姐姐", declared_at=LATER))
    db.session.flush()
    with pytest.raises(NotAllowed, match="亲属"):
        service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)


def test_it_is_decided_once(month):
    made = month.lodge()
    service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    with pytest.raises(AlreadyUsed, match="已经受理"):
        service.acknowledge(actor=month.lead, objection_id=made.id, now=LATER)
    service.dismiss(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(AlreadyUsed, match="已经答复过了，结果是不成立"):
            verb(actor=month.lead, objection_id=made.id, answer=ANSWER, now=LATER)


@pytest.mark.parametrize("answer", ["", "  ", "不行", "长" * 201])
def test_an_answer_says_what_was_found(month, answer):
    made = month.lodge()
    for verb in (service.dismiss, service.uphold):
        with pytest.raises(Invalid, match="写明调查的结果"):
            verb(actor=month.lead, objection_id=made.id, answer=answer, now=LATER)


def test_a_grid_lead_of_another_grid_does_not_find_it(month):
    made = month.lodge()
    grid = month.street.tree.grids[1]
    other = actor_of(make_user(post="grid_lead", area=grid), "grid_lead", grid.path)
    with pytest.raises(NotFound):
        service.acknowledge(actor=other, objection_id=made.id, now=LATER)


@both_databases
def test_of_two_who_decide_at_once_one_decides(app, month):
    made = month.lodge()
    second = actor_of(
        make_user(post="group_head", area=month.street.tree.community), "group_head", month.street.tree.community.path
    )
    ident, first = made.id, month.lead
    db.session.commit()
    outcome = at_once(
        app,
        [
            lambda: service.uphold(actor=first, objection_id=ident, answer=ANSWER, now=LATER),
            lambda: service.dismiss(actor=second, objection_id=ident, answer=ANSWER, now=LATER),
        ],
    )
    assert outcome == {"done": 1, "AlreadyUsed": 1}
    db.session.expire_all()
    clean()
