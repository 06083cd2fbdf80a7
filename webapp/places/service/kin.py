"""Declared relatives (亲属申报): whose households somebody scores and reviews nothing of."""

from __future__ import annotations

from datetime import datetime

from webapp.audit.service import log
from webapp.core.actor import Actor
from webapp.core.errors import Conflict, NotFound
from webapp.extensions import db
from webapp.places.models import Household, Kinship, Person
from webapp.places.service.checks import line, must_edit


def declare_kin(*, actor: Actor, now: datetime, person: Person, household: Household, relation: str) -> Kinship:
    """A household is a relative's; from now on the person is recused from it.

    :raises Conflict: for the own household, which is recused anyway, or one that was declared before.
    """
    must_edit(actor, person.area)
    if household.id == person.household_id:
        raise Conflict("这是本人住的户，本来就要回避，不用申报。", field="household_number")
    if db.session.get(Kinship, (person.id, household.id)) is not None:
        raise Conflict("这一户已经申报过了。", field="household_number")
    said = line(relation, label="亲属关系", field="relation", limit=20)
    made = Kinship(person_id=person.id, household_id=household.id, relation=said, declared_at=now)
    db.session.add(made)
    db.session.flush()
    _log(actor, "person:kin-declared", person, household.id, now)
    return made


def end_kin(*, actor: Actor, now: datetime, person: Person, household_id: int) -> None:
    """Declared by mistake, or no longer so; the audit log keeps that it was.

    :raises NotFound: if it is not declared.
    """
    must_edit(actor, person.area)
    found = db.session.get(Kinship, (person.id, household_id))
    if found is None:
        raise NotFound("没有申报过这一户，请刷新看看。")
    db.session.delete(found)
    db.session.flush()
    _log(actor, "person:kin-ended", person, household_id, now)


def _log(actor: Actor, action: str, person: Person, household_id: int, now: datetime) -> None:
    log(
        actor,
        action,
        now=now,
        object_kind="person",
        object_id=person.id,
        area_path=person.area.path,
        household=household_id,
    )
