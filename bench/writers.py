"""Four inspectors posting at the same time against one: the sum of what they get done, the longest wait, and fairness."""

from __future__ import annotations

import statistics
import threading
import time

from bench.harness import Result, spread
from bench.posting import form_requests, syncs_a_second
from bench.town import Request, call, town
from webapp.web.application import Application

WRITERS, POSTS, ROUNDS = 4, 60, 5


def run() -> list[Result]:
    app = town()
    alone: list[float] = []
    together: list[float] = []
    worst, fairness = 0.0, 1.0
    for number in range(ROUNDS + 1):
        one = _post_all(app, f"one-{number}", 1)
        four = _post_all(app, f"four-{number}", WRITERS)
        if number:  # the first is a warm-up
            alone.append(one.rate)
            together.append(four.rate)
            worst, fairness = max(worst, four.worst), min(fairness, four.fairness)
    print("  four     " + " ".join(f"{rate:.0f}" for rate in together) + " posts/s")
    print("  one      " + " ".join(f"{rate:.0f}" for rate in alone) + " posts/s")
    four_rate, one_rate = statistics.median(together), statistics.median(alone)
    disk = f"{syncs_a_second():.0f} fsync/s on this disk"
    return [
        Result(
            "4 writers at once, sum against one writer's",
            four_rate / one_rate,
            0.9,
            0.7,
            "higher",
            f"{four_rate:.0f} posts/s",
            f"{one_rate:.0f} posts/s",
            spread(alone),
            (disk,),
        ),
        Result(
            "4 writers at once, worst wait for a post, ms",
            worst * 1e3,
            50,
            500,
            "lower",
            f"{worst * 1e3:.0f} ms",
            "500 ms",
        ),
        Result("4 writers at once, slowest against fastest", fairness, 0.9, 0.5, "higher", f"{fairness:.2f}", "1"),
    ]


class _Round:
    """What some writers got done, each in its own thread with its own sign-in."""

    def __init__(self, seconds: list[float], waits: list[float]) -> None:
        self.rate = len(waits) / max(seconds)
        self.worst = max(waits)
        self.fairness = min(seconds) / max(seconds)


def _post_all(app: Application, name: str, writers: int) -> _Round:
    work = [form_requests(app, f"{name}-{writer}", POSTS) for writer in range(writers)]
    seconds, waits = [0.0] * writers, list[float]()
    begin = threading.Barrier(writers)

    def post(writer: int, requests: list[Request]) -> None:
        begin.wait()
        started = time.perf_counter()
        for request in requests:
            asked = time.perf_counter()
            status, _, body = call(app, request)
            assert status == 303, (status, body.decode()[:2000])  # a busy database would be 503
            waits.append(time.perf_counter() - asked)
        seconds[writer] = time.perf_counter() - started

    threads = [threading.Thread(target=post, args=item) for item in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == writers * POSTS, "a writer failed"
    return _Round(seconds, waits)
