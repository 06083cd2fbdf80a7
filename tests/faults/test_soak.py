"""Hours of work, as far as minutes can show them: the server grows by nothing that goes on growing."""

from __future__ import annotations

import signal

import pytest

from tests.faults.office import make_office
from tests.faults.serving import Load
from tests.faults.soak import Sample, Stream, growth, people_of, sample
from webapp.extensions import db

RATE = 30  # requests a second


@pytest.fixture
def offices(app, database_url):
    """Three communities behind one server."""
    made = [make_office(app.config["VAR_DIR"], database_url) for _ in range(3)]
    for one in made[1:]:
        one.server, one.load = made[0].server, Load(made[0].server)
    db.session.commit()
    db.session.remove()
    db.engine.dispose()
    made[0].server.start()
    yield made
    made[0].server.end(signal.SIGKILL)


def test_memory_files_and_threads_stay_as_they_are_and_answers_quick(offices, scale, figure):
    seconds, warm = scale(small=6, routine=90, full=600), scale(small=2, routine=45, full=300)
    bound = scale(small=2000, routine=60, full=1)  # MB an hour; caches that fill look like growth at first
    people = [people_of(one) for one in offices]
    stream, seen = Stream(people, RATE, seconds), list[Sample]()
    stream.run(lambda at: seen.append(sample(offices[0].server.pid, at)))

    late = [one for one in seen if warm <= one.at <= seconds]
    slope = growth(late)
    p95 = sorted(stream.waits)[int(len(stream.waits) * 0.95)]
    figure(
        f"R13 soak: {len(stream.waits)} requests in {seen[-1].at:.0f} s, p95 {p95 * 1000:.0f} ms, {slope:+.2f} MB/h after"
        f" {warm} s (RSS {late[0].memory // 1000} to {late[-1].memory // 1000} MB), files {late[0].files} to"
        f" {late[-1].files}, threads {late[0].threads} to {late[-1].threads}"
    )
    assert set(stream.answers) <= {200, 303}, {status: stream.answers.count(status) for status in set(stream.answers)}
    assert seen[-1].at <= seconds * 1.05 + 3, "the server must keep up with the stream"
    assert slope <= bound
    assert abs(late[-1].files - late[0].files) <= 8, "a request or two on their way"  # connections of the workers
    assert late[-1].threads == late[0].threads
    assert p95 <= scale(small=3000, routine=1000, full=300) / 1000  # beside other tests a second says nothing
