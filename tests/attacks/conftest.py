"""The village that several of these tests attack, and the real server before it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks import counties
from tests.attacks.street import Street, deduction, forms
from tests.attacks.village import Village, settle
from tests.conftest import settings
from tests.faults.serving import Server
from webapp import create_app
from webapp.extensions import db, start_writing
from webapp.web import housekeeping

#: Two counties in which everybody tries everything.
town = counties.town


@pytest.fixture(scope="module")
def settled(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Village, int]]:
    """The village, built once, and a deduction that its first shop can put right."""
    var = tmp_path_factory.mktemp("village")
    shutil.copyfile(migrated_sqlite, var / "shanzhi.db")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    start_writing()
    with app.app_context():
        village = settle(app)
        blamed = deduction(village)
        db.session.commit()
        housekeeping.run(app)  # or the server's own would write while rows are counted
        yield village, blamed
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def village(settled: tuple[Village, int]) -> Iterator[Village]:
    yield settled[0]
    db.session.remove()


@pytest.fixture
def street(village: Village, settled: tuple[Village, int]) -> Iterator[Street]:
    start_writing()
    tables, pictures = forms(village, settled[1])
    config = village.app.config
    made = Street(village, Server(config["VAR_DIR"], config["SQLALCHEMY_DATABASE_URI"]), tables, pictures)
    db.session.remove()
    made.server.start()
    yield made
    made.server.end(signal.SIGKILL)
