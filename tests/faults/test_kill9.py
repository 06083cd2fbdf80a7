"""The server dies at any moment, under load: what was acknowledged is there, once, and the book is right.

``kill -9`` shows that a commit is whole and that a repeated form acts once. It does not show that a commit survives a
power cut: the operating system lives on and still writes what it was given (docs/architecture.md says what stands for that).
"""

from __future__ import annotations

import signal
import time
from random import Random

import pytest

from tests.conftest import both_databases
from tests.faults.office import Office, check_all

FORMS_A_LIFE = 5


def keep_ending(office: Office, times: int, with_signal: int) -> None:
    """End the server at random moments of its work, and start it again. It works first: a slow machine takes longer
    from the start to the first forms than the random moments last."""
    random = Random(20261121)
    for _ in range(times):
        office.load.wait_for(FORMS_A_LIFE)
        time.sleep(random.uniform(0.03, 0.35))
        assert office.server.end(with_signal) == -with_signal
        office.server.start()
    office.load.finish()


def prove_the_fault(office: Office, times: int) -> str:
    """What happened, for the run's last lines."""
    load = office.load
    assert office.server.starts == times + 1
    assert len(load.cut) >= times * 0.6, "the server was idle when it was ended"
    assert len(load.done) >= times * FORMS_A_LIFE
    kinds = {key.split("-")[0] for key in load.done}
    assert kinds == {"score", "redeem"}
    return f"{times} ends, {len(load.cut)} met a form on its way; {load.retries} tries lost, {len(load.done)} forms done once"


def test_kills_under_load_lose_nothing_and_do_nothing_twice(office, scale, figure):
    times = scale(small=6, routine=30, full=200)
    office.open_for_business()

    keep_ending(office, times, signal.SIGKILL)

    figure(f"R1 kill9: {prove_the_fault(office, times)}")
    check_all(office)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_kills_of_the_server_beside_postgresql_lose_nothing_and_do_nothing_twice(office, scale, figure):
    times = scale(small=3, routine=10, full=50)
    office.open_for_business()

    keep_ending(office, times, signal.SIGKILL)

    figure(f"R1 kill9 beside PostgreSQL: {prove_the_fault(office, times)}")
    check_all(office)


@both_databases
def test_an_ordinary_stop_under_load_leaves_nothing_half_done(office, scale):
    times = scale(small=2, routine=2, full=10)
    office.open_for_business()

    keep_ending(office, times, signal.SIGTERM)

    prove_the_fault(office, times)
    check_all(office)
