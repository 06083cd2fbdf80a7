"""A courtyard's head claims for the courtyard itself, a household for its people; points roll up where one lives."""

from __future__ import annotations

from tests.claims.conftest import claims, words
from tests.factories import give_points, make_courtyard, make_household, make_person, make_scheme
from webapp.core import clock
from webapp.core.actor import SYSTEM
from webapp.core.points import Points
from webapp.extensions import db
from webapp.ledger import service as ledger
from webapp.ledger.book import Cause
from webapp.ledger.queries import find_account, last_entries
from webapp.places import service as places
from webapp.schemes.queries import current_rules

NEW = "/home/claims/new"


def points_of(holder, scheme) -> int:
    account = find_account(holder.id, scheme.id)
    return account.balance.tenths // 10 if account else 0


def claimable(yard, kind: str = "courtyard"):
    scheme = yard.street.schemes["household"].rolls_up_to if kind == "courtyard" else yard.street.schemes[kind]
    rules = current_rules(scheme.id, clock.today())
    return next(rule for rule in rules if rule.highest.tenths > 0 and not rule.veto and rule.proof != "photo")


def fields(rule, **more):
    return {
        "rule": rule.version_id,
        "happened_on": clock.today().isoformat(),
        "note": "全院一起扫了雪",
        "_once": clock.now().isoformat(),
        f"points-{rule.version_id}": str(rule.highest),
        **more,
    }


def test_a_head_claims_for_the_courtyard_itself_and_the_grid_worker_reviews_it_first(head, staff, yard):
    street = yard.street
    assert f"for={street.courtyard.id}" in words(head.get(NEW))
    address = f"{NEW}?for={street.courtyard.id}"
    assert "给哪几户报" not in words(head.get(address))
    done = head.post(address, data=fields(claimable(yard)), follow_redirects=True)
    assert "已申报，等初审。" in words(done)
    (record,) = claims()
    assert (record.holder_id, record.recorder_household_id) == (street.courtyard.id, yard.head.id)
    assert "全院一起扫了雪" in words(staff.get("/phone/claims"))
    assert "全院一起扫了雪" not in words(head.get("/home/reviews"))


def test_who_heads_no_courtyard_does_not_claim_for_one(at_home, yard):
    address = f"{NEW}?for={yard.street.courtyard.id}"
    assert at_home.get(address).status_code == 404
    assert at_home.post(address, data=fields(claimable(yard))).status_code == 404
    assert claims() == []


def test_a_household_claims_for_its_people_where_a_scheme_is_for_persons(at_home, yard):
    person = make_person(household=yard.resident, name="刘大明")
    stranger = make_person(household=yard.neighbour, name="李小强")
    scheme = make_scheme(area=yard.street.tree.community, code="neighbour")
    yard.street.schemes["person"] = scheme
    db.session.commit()
    assert "刘*明" in words(at_home.get(NEW))
    at_home.post(f"{NEW}?for={person.id}", data=fields(claimable(yard, "person")))
    assert [record.holder_id for record in claims()] == [person.id]
    assert at_home.get(f"{NEW}?for={stranger.id}").status_code == 404


def test_a_draft_for_the_courtyard_is_found_again(head, yard):
    whom = yard.street.courtyard.id
    head.post(f"/home/claims/draft?for={whom}", data=fields(claimable(yard)))
    assert f"for={whom}" in words(head.get("/home/claims"))
    assert 'value="全院一起扫了雪"' in words(head.get(f"{NEW}?for={whom}"))
    assert 'value="全院一起扫了雪"' not in words(head.get(NEW))


# Dual points ----------------------------------------------------------------------------------------------------------


def test_a_household_that_moves_keeps_its_book_and_the_courtyard_what_was_earned_there(yard):
    street, home = yard.street, yard.resident
    homes = street.schemes["household"]
    yards, other = homes.rolls_up_to, make_courtyard(area=street.tree.micro_grid)
    give_points(home, homes, 5)
    first = last_entries(find_account(home.id, homes.id).id, 1)[0]
    places.move_household(
        actor=SYSTEM,
        now=clock.now(),
        household=home,
        courtyard=other,
    )
    give_points(home, homes, 3)
    assert (points_of(home, homes), points_of(street.courtyard, yards), points_of(other, yards)) == (8, 5, 3)
    ledger.reverse(entry=first, cause=Cause("undo", 1), reason="记错了", actor=SYSTEM, now=clock.now())
    assert (points_of(home, homes), points_of(street.courtyard, yards), points_of(other, yards)) == (3, 0, 3)


def test_what_a_household_earned_stays_with_the_courtyard_when_it_leaves_the_community(yard):
    street, home = yard.street, make_household(courtyard=yard.street.courtyard, name="赵一鸣")
    homes = street.schemes["household"]
    give_points(home, homes, 5)
    places.close_household(actor=SYSTEM, now=clock.now(), household=home)
    assert points_of(street.courtyard, homes.rolls_up_to) == 5
    assert find_account(home.id, homes.id).balance == Points.whole(5)
