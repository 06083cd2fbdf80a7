"""The office that the faults strike."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.office import Office, make_office
from webapp.extensions import db


@pytest.fixture
def office(app: Any, database_url: str) -> Iterator[Office]:
    made = make_office(app.config["VAR_DIR"], database_url)
    db.session.commit()
    db.session.remove()
    db.engine.dispose()  # or this process would keep SQLite's shared memory alive, and no recovery be tried
    made.server.start()
    yield made
    made.load.finish()
    made.server.end(signal.SIGKILL)
