"""``ledger verify`` compares records with the book; each seeded fault is named."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.conftest import both_databases, unguard
from tests.factories import make_person, make_scheme
from webapp.core import clock
from webapp.extensions import db
from webapp.ledger.verify import WrongRowError, verify
from webapp.records import service

#: What an intruder with the file would do -> what is said of it.
FAULTS = {
    "UPDATE record SET points = points + 10 WHERE id = 1": "record (id=1): the book has no entry of this amount",
    "UPDATE record SET state = 'posted' WHERE id = 3": "record (id=3): the book has no entry of this amount",
    "UPDATE record SET state = 'reversed', ended_at = created_at WHERE id = 1": "(cause undo-1)",
}


@pytest.fixture
def three(street):
    """One is in the book, one was taken back, one waits."""
    street.make(street.shop, "shop", "1.1")
    taken_back = street.make(street.household, "household", "2.1")
    service.undo(actor=street.inspector, record_id=taken_back.id, now=clock.now())
    street.schemes["party-member"] = make_scheme(area=street.tree.community, code="party-member")
    street.make(make_person(household=street.household, party_member=True), "party-member", "1.1")


@both_databases
def test_records_that_were_only_made_by_their_verbs_agree_with_the_book(three):
    assert verify(db.session.connection()).entries == 5, "the shop's, and twice a household's with its courtyard's"


@both_databases
@pytest.mark.parametrize("change", FAULTS)
def test_a_record_changed_behind_its_back_is_named(three, change):
    unguard("record")
    db.session.execute(text(change))

    with pytest.raises(WrongRowError) as found:
        verify(db.session.connection())

    assert FAULTS[change] in str(found.value)
