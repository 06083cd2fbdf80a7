"""A roster of households whose new rows were written before the writer's turn (SQLite): the same comes of it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import CommunityTree, make_courtyard, make_household
from tests.places.conftest import NOW
from tests.places.rosters import HOUSEHOLD_ROWS, Rows, reading_of
from webapp.core.actor import Actor
from webapp.core.errors import AlreadyUsed
from webapp.extensions import db, reading, start_writing
from webapp.places.models import Area, Holder, Household, HouseholdStay, Person, ResidentStay
from webapp.places.service import imports

MOVED = ("1-101", "1-102")


def ready_rows(tree: CommunityTree, folder: Path, rows: Rows = HOUSEHOLD_ROWS) -> tuple[imports.Reading, int]:
    """What the office's second form does before its turn."""
    make_courtyard(area=tree.micro_grid, number="Y1")
    area_id = tree.community.id
    db.session.commit()
    with reading():
        ready = reading_of("households", rows)
        imports.warm(ready, db.session.get_one(Area, area_id), NOW, folder)
    start_writing()
    return ready, area_id


def confirm(ready: imports.Reading, area_id: int, clerk: Actor) -> None:
    imports.confirm(ready, actor=clerk, base=db.session.get_one(Area, area_id), now=NOW)
    db.session.commit()


def everything() -> dict[str, list[Any]]:
    """All that the registers say of the file's households, without keys."""
    facts = {
        "households": select(Holder.number, Holder.name, Holder.initials, Holder.active, Holder.created_at, Household.tenure, Household.phone).join_from(Holder, Household.__table__, Household.__table__.c.id == Holder.id).where(Holder.number.in_(MOVED)),
        "stays": select(Holder.number, HouseholdStay.tenure, HouseholdStay.starts_on, HouseholdStay.ends_on).join_from(Holder, HouseholdStay, HouseholdStay.household_id == Holder.id).where(Holder.number.in_(MOVED)),
        "people": select(Person.name, Person.phone, Person.identity_tail, Person.identity_digest, Person.party_member, Person.volunteer, Person.number == "P" + db.func.printf("%06d", Person.id)).where(Person.household_id.is_not(None)),
        "resident stays": select(ResidentStay.relation, ResidentStay.starts_on, ResidentStay.ends_on),
    }  # fmt: skip
    return {name: sorted(map(repr, db.session.execute(statement).all())) for name, statement in facts.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "imports"


@pytest.mark.parametrize("meanwhile", ["nothing", "somebody moves in"])
def test_what_was_written_beforehand_is_what_would_have_been_written(
    tree: CommunityTree, clerk: Actor, folder: Path, meanwhile: str
) -> None:
    ready, area_id = ready_rows(tree, folder)
    assert len(list(folder.iterdir())) == 1
    if meanwhile == "somebody moves in":  # the keys are others now: worked out anew
        make_household(area=tree.micro_grid, number="9-909")
        db.session.commit()

    confirm(ready, area_id, clerk)

    said = everything()
    assert [len(facts) for facts in said.values()] == [2, 2, 2, 2]
    assert "13800001234" in said["households"][0]
    assert "datetime.date(2020, 5, 1)" in said["stays"][0]
    assert all(row.endswith("True)") for row in said["people"]), "a person's number comes from the key"
    assert list(folder.iterdir()) == [], "the file is gone"


def test_a_household_that_came_by_itself_meanwhile_is_not_made_twice(
    tree: CommunityTree, clerk: Actor, folder: Path
) -> None:
    ready, area_id = ready_rows(tree, folder)
    make_household(area=tree.micro_grid, number="1-101", moved_in=date(2020, 1, 1))
    db.session.commit()

    confirm(ready, area_id, clerk)

    assert len(db.session.scalars(select(Household).where(Household.number == "1-101")).all()) == 1


def test_an_import_that_is_refused_leaves_no_file(tree: CommunityTree, clerk: Actor, folder: Path) -> None:
    ready, area_id = ready_rows(tree, folder)
    confirm(ready, area_id, clerk)
    again, _ = (reading_of("households", HOUSEHOLD_ROWS), area_id)
    with reading():
        imports.warm(again, db.session.get_one(Area, area_id), NOW, folder)
    start_writing()

    with pytest.raises(AlreadyUsed):
        confirm(again, area_id, clerk)

    assert list(folder.iterdir()) == []
