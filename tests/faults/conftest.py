"""The office that the faults strike, and flows of forms that can be recorded and killed."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.faults.driven import Driven, Driver, why_not_traced
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


@pytest.fixture(scope="session")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that costs no waiting for a disk, where the system has one."""
    shm = Path("/dev/shm")
    if not os.access(shm, os.W_OK):
        yield tmp_path_factory.mktemp("memory")
        return
    with tempfile.TemporaryDirectory(dir=shm, prefix="shanzhi-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def traced() -> None:
    """Processes can be traced here; where the system refuses it, the tests that need it say so."""
    refused = why_not_traced()
    if refused:
        pytest.skip(f"strace cannot trace here: {refused}")


@pytest.fixture(scope="session")
def driver(memory: Path, traced: None, request: pytest.FixtureRequest) -> Iterator[Driver]:
    driver = Driver(memory, request.config.getoption("--seed"))
    yield driver
    driver.end()


@pytest.fixture
def drive(driver: Driver, migrated_sqlite: Path) -> Iterator[Callable[[str], Driven]]:
    """Make a flow ready in a process of its own."""
    with ExitStack() as ends:

        def make(name: str) -> Driven:
            driven = Driven(driver, name, migrated_sqlite)
            ends.callback(driven.end)
            return driven

        yield make
