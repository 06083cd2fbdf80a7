"""The disk takes nothing more, or fails, while people work: a clear refusal, reading goes on, and it mends itself."""

from __future__ import annotations

import io
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests import factories
from tests.faults.driven import attach
from tests.faults.flows import picture
from tests.faults.office import INSPECTORS, KIOSKS, Office, check_all
from tests.faults.serving import Answer, Load
from tests.personas import sign_in
from tests.places.rosters import COURTYARD_ROWS, file_of

CLIENTS = INSPECTORS + KIOSKS
RECOVERY = 5.0  # seconds until every form is taken again, unaided
Trouble = Callable[[Office], AbstractContextManager[None]]


@contextmanager
def no_room(office: Office) -> Iterator[None]:
    """Not a byte more to any file, as on a full disk."""
    _, hard = resource.prlimit(office.server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(office.server.pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(office.server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, hard))


@contextmanager
def no_room_here() -> Iterator[None]:
    """The same for the test's own process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def failing(calls: str, error: str) -> Trouble:
    """These calls of the server fail so."""

    @contextmanager
    def trouble(office: Office) -> Iterator[None]:
        tracer = attach(
            office.server.pid, "-e", f"trace={calls}", "-e", f"inject={calls}:error={error}", "-o", "/dev/null"
        )
        try:
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(timeout=10)

    return trouble


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


def recover(load: Load, round_: int) -> float:
    """Send the same forms until all are taken; how many seconds it took."""
    begun = time.monotonic()
    while any(answer.status != 303 for answer in send_all(load, round_)):
        assert time.monotonic() - begun < RECOVERY, "it does not mend itself"
        time.sleep(0.05)
    return time.monotonic() - begun


def refuse_and_recover(office: Office, rounds: int, trouble: Trouble) -> str:
    """What happened, for the run's last lines."""
    done = len(office.load.done)
    refused = read = 0
    slowest = 0.0
    for round_ in range(done, done + rounds):
        with trouble(office):
            answers = send_all(office.load, round_)
            assert [answer.status for answer in answers] == [503] * CLIENTS
            assert all("磁盘" in answer.text and "没有保存" in answer.text for answer in answers)
            refused += len(answers)
            looks = office.look_around()
            assert set(looks) == {200}, "reading goes on"
            read += len(looks)
        slowest = max(slowest, recover(office.load, round_))
    assert refused == rounds * CLIENTS, "the disk must have been full"
    assert len(office.load.done) == done + rounds * CLIENTS
    return f"{refused} refusals, all 503; {read} pages read meanwhile; back in {slowest:.1f} s"


def test_a_full_disk_is_said_reading_goes_on_and_the_same_forms_are_taken_when_there_is_room(office, scale, figure):
    rounds = scale(small=10, routine=20, full=50)
    office.open_for_business(running=False)

    figure(f"R7 diskfull: {refuse_and_recover(office, rounds, no_room)}, 0 lost")

    check_all(office)


def test_a_disk_that_fails_is_said_and_nothing_of_the_refused_forms_stays(office, scale, figure, traced):
    rounds = scale(small=2, routine=4, full=20)
    office.open_for_business(running=False)

    for calls, error in (("write,pwrite64", "ENOSPC"), ("write,pwrite64", "EIO"), ("fsync,fdatasync", "EIO")):
        figure(f"R7 {error} at {calls}: {refuse_and_recover(office, rounds, failing(calls, error))}, 0 lost")

    check_all(office)


@pytest.mark.parametrize("size", [4_000, 2_000_000], ids=["small", "that goes through a temporary file"])
def test_a_photo_or_a_roster_that_does_not_fit_is_refused_in_plain_words(app, client, size):
    app.jinja_env.bytecode_cache = None  # the tests' own, on the same disk
    tree = factories.make_community()
    scheme, home = factories.make_scheme(area=tree.community), factories.make_household(area=tree.micro_grid)
    rule, area = factories.make_rule(scheme=scheme, points="+1").id, tree.community.id
    inspector = factories.make_user(post="inspector", area=tree.community)
    clerk = factories.make_user(post="clerk", area=tree.community)
    photo, roster = picture("full")[0].getvalue() + bytes(size), file_of(COURTYARD_ROWS) + b"\n" * size
    forms = (
        (
            inspector,
            f"/phone/score/{home.id}",
            {"rule": str(rule), "photos": FileStorage(io.BytesIO(photo), "photo.jpg")},
        ),
        (
            clerk,
            "/desk/import",
            {"register": "courtyards", "area_id": str(area), "file": FileStorage(io.BytesIO(roster), "名册.csv")},
        ),
    )
    for user, path, form in forms:
        sign_in(client, user)
        boundary, body = encode_multipart(form)  # by ourselves: a test client would use a temporary file, too
        send = partial(client.post, path, data=body, content_type=f"multipart/form-data; boundary={boundary}")

        with no_room_here():
            full = send()
        assert full.status_code == 503, path
        assert "磁盘" in full.text
        assert send().status_code in (303, 422), "two million empty rows are refused for what they are"
