"""The usual rules and the month's coverage, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import both_databases
from tests.factories import make_community, make_courtyard, make_shop, serial
from tests.records.conftest import Street, make_street, version_of
from webapp.core import clock
from webapp.core.errors import LimitReached
from webapp.core.points import Points
from webapp.extensions import db
from webapp.inspections import queries, service
from webapp.inspections.models import RuleUse
from webapp.places.models import Shop
from webapp.records import service as records
from webapp.records.models import Record


@pytest.fixture
def street(app) -> Street:
    return make_street()


def inspect(street: Street, shop: Shop, code: str = "1.1", key: str = "") -> Record:
    version = version_of(street.schemes["shop"], code)
    return service.inspect(
        actor=street.inspector,
        holder_id=shop.id,
        rule_version_id=version.id,
        points=Points(version.lowest),
        note="",
        photos=(),
        client_key=key or f"inspect{serial()}",
        now=clock.now(),
    )


def used(street: Street) -> list[int]:
    return list(db.session.scalars(db.select(RuleUse.uses).order_by(RuleUse.uses)))


@both_databases
def test_each_record_counts_its_rule_once_even_when_it_is_sent_twice(street):
    inspect(street, street.shop, key="same")
    inspect(street, street.shop, key="same")
    inspect(street, make_shop(area=street.tree.micro_grid))
    inspect(street, street.shop, "1.3")
    assert used(street) == [1, 2]


def test_a_refused_record_counts_nothing(street):
    inspect(street, street.shop)
    with pytest.raises(LimitReached):
        inspect(street, street.shop)
    assert used(street) == [1]


@both_databases
def test_the_rules_used_most_here_are_known_by_community(street):
    for _ in range(2):
        inspect(street, make_shop(area=street.tree.micro_grid), "1.3")
    inspect(street, street.shop, "1.1")
    scheme = street.schemes["shop"]
    expected = [version_of(scheme, "1.3").rule_id, version_of(scheme, "1.1").rule_id]
    assert queries.most_used(scheme.id, street.tree.community.id, 5) == expected
    assert queries.most_used(scheme.id, street.tree.grid.id, 5) == []


@both_databases
def test_coverage_counts_inspections_of_this_month_that_were_not_taken_back(street):
    closed = make_shop(area=street.tree.micro_grid, active=False)
    others = [make_shop(area=street.tree.micro_grid) for _ in range(3)]
    inspect(street, others[0])
    records.undo(actor=street.inspector, record_id=inspect(street, others[1]).id, now=clock.now())
    street.make(others[2], "shop", "1.1", source="claim")
    street.make(street.shop, "shop", "1.1", now=clock.now().replace(day=1) - timedelta(days=2))

    found = {one.kind: one for one in queries.coverage((street.tree.community.path,), clock.today())}
    assert (found["shop"].visited, found["shop"].places, found["shop"].percent) == (1, 4, 25)
    assert (found["courtyard"].visited, found["courtyard"].places) == (0, 1)
    names = [place.id for place in queries.unvisited((street.tree.community.path,), clock.today(), kind="shop", page=1)]
    assert closed.id not in names
    assert sorted(names) == sorted([street.shop.id, others[1].id, others[2].id])


@both_databases
def test_what_is_left_comes_grid_by_grid_along_the_lane(street):
    last = make_courtyard(area=street.tree.micro_grids[3], lane="一巷", position=1, name="末院")
    second = make_courtyard(area=street.tree.micro_grids[1], lane="二巷", position=9, name="二院")
    first = make_courtyard(area=street.tree.micro_grids[1], lane="一巷", position=12, name="一院")
    scope = (street.tree.community.path,)
    found = [place.id for place in queries.unvisited(scope, clock.today(), kind="courtyard", page=1)]
    assert found == [street.courtyard.id, first.id, second.id, last.id]


def test_areas_without_places_have_no_coverage(app):
    assert queries.coverage((make_community().community.path,), clock.today()) == []
    assert queries.Coverage("shop", 0, 0).percent == 0
    assert queries.Coverage("shop", 1000, 999).percent == 99
