"""Nobody scores what is their own."""

from __future__ import annotations

import pytest

from tests.factories import (
    make_appointment,
    make_household,
    make_person,
    make_scheme,
)
from webapp.core.errors import (
    NotAllowed,
)
from webapp.extensions import db


def lives_in(street, household) -> None:
    street.person.household_id = household.id
    db.session.flush()


def test_nobody_scores_their_own_household(street):
    lives_in(street, street.household)
    with pytest.raises(NotAllowed, match="这是您自己家，按规定要回避"):
        street.make(street.household, "household", "2.1")


def test_nobody_scores_the_courtyard_they_live_in(street):
    lives_in(street, street.household)
    with pytest.raises(NotAllowed, match="您就住在这个院落，按规定要回避"):
        street.make(street.courtyard, "courtyard", "1.2")


def test_a_neighbour_in_the_same_courtyard_may_be_scored(street):
    lives_in(street, street.household)
    neighbour = make_household(courtyard=street.courtyard)
    assert street.make(neighbour, "household", "2.1").state == "posted"


def test_nobody_scores_the_courtyard_they_head_nor_a_household_of_it(street):
    make_appointment(person=street.person, post="courtyard_head", courtyard=street.courtyard)
    with pytest.raises(NotAllowed, match="这是您负责的院落，按规定要回避"):
        street.make(street.courtyard, "courtyard", "1.2")
    with pytest.raises(NotAllowed, match="这一户在您负责的院落，按规定要回避"):
        street.make(street.household, "household", "2.1")


def test_nobody_scores_their_own_shop(street):
    street.shop.owner_id = street.person.id
    db.session.flush()
    with pytest.raises(NotAllowed, match="这是您自己家的店，按规定要回避"):
        street.make(street.shop, "shop", "1.1")


def test_nobody_scores_a_shop_of_their_own_household(street):
    lives_in(street, street.household)
    street.shop.owner_id = make_person(household=street.household).id
    db.session.flush()
    with pytest.raises(NotAllowed, match="这是您自己家的店"):
        street.make(street.shop, "shop", "1.1")


def test_nobody_scores_themselves_or_the_people_they_live_with(street):
    street.schemes["neighbour"] = make_scheme(area=street.tree.community, code="neighbour")
    lives_in(street, street.household)
    relative = make_person(household=street.household)
    with pytest.raises(NotAllowed, match="不能给自己记分"):
        street.make(street.person, "neighbour", "1.3")
    with pytest.raises(NotAllowed, match="这是您家里的人"):
        street.make(relative, "neighbour", "1.3")


def test_people_without_a_household_are_not_taken_for_relatives(street):
    street.schemes["neighbour"] = make_scheme(area=street.tree.community, code="neighbour")
    other = make_person(area=street.tree.community)
    assert street.make(other, "neighbour", "1.3").state == "passed"
