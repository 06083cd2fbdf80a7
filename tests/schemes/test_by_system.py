"""Rules that only the software records by: a rank in the yard inspection is no claim and no tap."""

from __future__ import annotations

import pytest

from tests.records.conftest import make_street, version_of
from webapp.claims.queries import groups
from webapp.core import clock
from webapp.core.errors import Invalid, NotAllowed
from webapp.inspections.queries import board
from webapp.records.queries import target
from webapp.schemes.queries import rule_version, terms


@pytest.fixture
def street(app):
    return make_street()


def test_nobody_records_a_rank_by_hand(street):
    with pytest.raises(NotAllowed, match="由系统自动来记"):
        street.make(street.courtyard, "courtyard", "1.6", 100)


def test_nobody_claims_a_rank(street):
    with pytest.raises(Invalid, match="不能申报"):
        street.make(street.courtyard, "courtyard", "1.6", 100, source="claim")


def test_a_rule_of_the_software_is_offered_on_no_phone(street):
    scheme, yard = terms(street.schemes["courtyard"].id), target(street.courtyard.id)
    offered = {rule.code for rule in board(scheme, yard, street.inspector, clock.today()).rules}
    claimed = {choice.rule.code for group in groups(scheme, [yard], clock.today()) for choice in group.choices}
    assert {"1.1", "1.5"} <= offered
    assert {"1.6", "1.7"}.isdisjoint(offered | claimed)


def test_the_rule_names_the_software_as_its_recorder(street):
    assert rule_version(version_of(street.schemes["courtyard"], "1.6").id).recorder_names == "系统自动"
