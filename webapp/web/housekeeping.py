"""What must happen by itself: each feature registers its jobs, and they run every minute, each in its own transaction.

With the default server a thread does it; a county with several processes runs ``flask --app webapp housekeeping``
from a timer instead (deploy/). A job that fails is logged and does not stop the others.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import click
from flask import Flask, current_app

from webapp.core import clock
from webapp.extensions import db, start_writing

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds
AT_LENGTH = 20.0  # seconds a minute for a job that goes on step by step

#: A job is told the time and answers how many things it did.
Job = Callable[[datetime], int]


@dataclass(frozen=True, slots=True)
class _Known:
    job: Job
    stepwise: bool


def add(app: Flask, name: str, job: Job, *, stepwise: bool = False) -> None:
    """``stepwise``: the job does one small step in a transaction, and is asked for the next until it answers 0; whoever
    waits to write gets a turn between two."""
    _jobs(app)[name] = _Known(job, stepwise)


def _jobs(app: Flask) -> dict[str, _Known]:
    return cast("dict[str, _Known]", app.extensions.setdefault("housekeeping", {}))


def run(app: Flask) -> dict[str, int]:
    """Run every job once. Returns what each did; -1 for one that failed."""
    start_writing()
    return {name: _run(name, known) for name, known in _jobs(app).items()}


def _run(name: str, known: _Known) -> int:
    if not known.stepwise:
        return _run_one(name, known.job)
    done, end = 0, time.monotonic() + AT_LENGTH
    while time.monotonic() < end:
        step = _run_one(name, known.job)
        if step <= 0:
            return step if step < 0 else done
        done += step
    return done


def _run_one(name: str, job: Job) -> int:
    try:
        done = job(clock.now())
        db.session.commit()
    except Exception:  # one job's fault must not stop the others
        db.session.rollback()
        log.exception("housekeeping: %s failed", name)
        return -1
    if done:
        log.info("housekeeping: %s did %s", name, done)
    return done


class Housekeeper:
    """The thread beside the default server."""

    def __init__(self, app: Flask, every: float = EVERY) -> None:
        self._app, self._every = app, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="housekeeping", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        while not self._stop.wait(self._every):
            with self._app.app_context():
                run(self._app)


def init_app(app: Flask) -> None:
    _jobs(app)

    @app.cli.command("housekeeping")
    def housekeeping() -> None:
        """Run what must happen by itself (expiry of vouchers and sign-ins), once."""
        results: dict[str, Any] = run(cast(Flask, current_app._get_current_object()))  # type: ignore[attr-defined]  # a proxy has it
        for name, done in results.items():
            click.echo(f"{name}: {'failed' if done < 0 else done}")
        if any(done < 0 for done in results.values()):
            raise SystemExit(1)
