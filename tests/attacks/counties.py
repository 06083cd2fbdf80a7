"""One populated town for all tests of a file; what a test does there does not last (``nothing_lasts``) or hurts nobody."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import factories
from tests.attacks.addresses import Site
from tests.attacks.people import Someone, at_kiosk, everybody
from tests.attacks.town import DAY, make_community
from tests.conftest import settings
from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing
from webapp.web.application import Application

#: Syllables that no text of the software holds: own community, the one next door, one of another county.
OWN, OTHER, FAR = "鸢", "鹭", "鹮"


@dataclass
class Town:
    """``sites``: own grid, the other grid of the own community, the community next door, another county."""

    app: Application
    sites: dict[str, Site]
    people: list[Someone]

    def who(self, post: str) -> Someone:
        return next(one for one in self.people if one.post == post)


@pytest.fixture(scope="module")
def town(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    var = tmp_path_factory.mktemp("town")
    shutil.copyfile(migrated_sqlite, var / "shanzhi.db")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    start_writing()
    with app.app_context(), clock.travel(DAY):
        yield build(app, var)
        db.session.remove()
    with app.app_context():
        db.engine.dispose()


def build(app: Application, var: Path) -> Town:
    street = factories.make_community().street
    own = make_community(var, street, OWN, grids=2)
    other = make_community(var, street, OTHER)
    far = make_community(var, factories.make_community().street, FAR)
    sites = {
        "own": Site(own, own.grids[0]),
        "other grid": Site(own, own.grids[1]),
        "next door": Site(other, other.grids[0]),
        "other county": Site(far, far.grids[0]),
    }
    for site in list(sites.values())[1:]:
        at_kiosk(app, site.community, site.grid)
    people = everybody(app, own, own.grids[0])
    db.session.commit()
    return Town(app, sites, people)
