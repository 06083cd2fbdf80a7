"""One application for all tests that only look at it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import settings
from webapp import create_app
from webapp.extensions import db
from webapp.web.application import Application


@pytest.fixture(scope="session")
def house(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """An application with an empty database; tests that change either ask for ``app``."""
    var = tmp_path_factory.mktemp("house")
    shutil.copyfile(migrated_sqlite, var / "shanzhi.db")
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    yield app
    with app.app_context():
        db.engine.dispose()
