"""The disk takes nothing more while people work: a clear refusal, reading goes on, and it mends itself."""

from __future__ import annotations

import resource

from tests.faults.office import INSPECTORS, KIOSKS, Office, check_all
from tests.faults.serving import Answer, Load

ROUNDS = 10


def let_files_grow(office: Office, size: int) -> None:
    """How large the server may write its files from now on; 0: not a byte to any file, as on a full disk."""
    _, hard = resource.prlimit(office.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(office.server.pid, resource.RLIMIT_FSIZE, (size, hard))


def send_all(load: Load, round_: int) -> list[Answer]:
    """One form of each client."""
    answers = []
    for name, send in load.senders.items():
        key = f"{name}-full-{round_}"
        answer = send(key)
        answers.append(answer)
        if answer.status == 303:
            load.done[key] = answer.location
    return answers


def test_a_full_disk_is_said_reading_goes_on_and_the_same_forms_are_taken_when_there_is_room(office):
    office.open_for_business(running=False)
    clients = INSPECTORS + KIOSKS
    refused = 0

    for round_ in range(ROUNDS):
        let_files_grow(office, 0)
        full = send_all(office.load, round_)
        refused += sum(answer.status == 503 for answer in full)
        assert [answer.status for answer in full] == [503] * clients
        assert all("磁盘" in answer.text and "没有保存" in answer.text for answer in full)
        assert office.look() == 200

        let_files_grow(office, resource.RLIM_INFINITY)
        assert [answer.status for answer in send_all(office.load, round_)] == [303] * clients

    assert refused == ROUNDS * clients, "the disk must have been full"
    assert len(office.load.done) == ROUNDS * clients
    check_all(office)
