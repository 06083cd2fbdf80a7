"""Hundreds hold a connection to the server as it is shipped, and a resident at a kiosk does not notice."""

from __future__ import annotations

import signal
import statistics
import time

import pytest

from tests.attacks.slow import SlowClients, held
from tests.factories import make_community, make_station
from tests.faults import serving
from tests.faults.office import new_kiosk
from tests.faults.plugin import server_program
from tests.faults.serving import Caller, Server
from webapp.extensions import db
from webapp.web import server as shipped

LOOKED_ON = 3.0  # seconds of the bystander while all are there
SHORT = 3  # seconds of patience, where waiting for the shipped half minute would be too long
#: What runs instead of ``-m webapp`` then; a planted fault is put in after it.
HURRIED = """
import sys
from runpy import run_module
from webapp.web import server
server.SPAN = server.IDLE = {patience}
server.LOOKS = 1
sys.path.insert(0, "")
run_module("{module}", run_name="__main__")
"""


@pytest.fixture
def hurried(scale, monkeypatch):
    """Seconds after which the server must have ended the slow ones."""
    patience = scale(small=SHORT, routine=SHORT, full=0)
    if not patience:
        return 3 * shipped.SPAN + shipped.IDLE
    program = HURRIED.format(patience=patience, module=server_program()[1])
    monkeypatch.setattr(serving, "server_program", lambda: ["-c", program])
    return 3 * patience


@pytest.fixture
def pairing(app):
    token = new_kiosk(make_station(area=make_community().community), 0)
    db.session.commit()
    return token


@pytest.fixture
def server(app, database_url, pairing, hurried):
    made = Server(app.config["VAR_DIR"], database_url)
    db.session.remove()
    db.engine.dispose()
    made.start()
    yield made
    made.end(signal.SIGKILL)


def at_kiosk(server: Server, pairing: str) -> Caller:
    caller = Caller(server)
    caller.get(f"/kiosk/pair/{pairing}")
    assert caller.post(f"/kiosk/pair/{pairing}").status == 303
    assert caller.get("/kiosk/").status == 200
    return caller


def looks(caller: Caller, seconds: float) -> list[float]:
    """How long each look took; one that fails or waits longer than ten seconds is an error."""
    waits, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        begun = time.monotonic()
        assert caller.get("/kiosk/").status == 200
        waits.append(time.monotonic() - begun)
        time.sleep(0.05)
    return waits


def test_hundreds_of_slow_connections_are_not_felt_at_a_kiosk_and_are_ended(server, pairing, hurried, scale, figure):
    count = scale(small=150, routine=300, full=1000)
    caller = at_kiosk(server, pairing)
    quiet = held(server.pid, server.port)
    begun = time.monotonic()
    with SlowClients(server.port, count):
        waits = looks(caller, LOOKED_ON if hurried > 10 else 1.5)
        there = held(server.pid, server.port) - quiet
        assert there == count, "all of them must hold a connection of the server"
        while held(server.pid, server.port) > quiet:
            assert time.monotonic() - begun < hurried + 3, f"{held(server.pid, server.port)} are still held"
            waits += looks(caller, 0.5)
        ended = time.monotonic() - begun

    p95 = sorted(waits)[int(len(waits) * 0.95)]
    assert p95 <= 1.0
    figure(
        f"S9 slow: {there} slow connections held, {len(waits)} looks at a kiosk, median"
        f" {statistics.median(waits) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, 0 failed, all ended after {ended:.0f} s"
    )
