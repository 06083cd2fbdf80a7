"""``python -m tests.faults.drive FOLDER SOCKET``: do flows of forms in child processes, again and again.

A line on the standard input names a flow, which is made ready in the folder; each ``go`` or ``again`` after it makes a child that waits for a
word on the socket (its tracer comes first), does the operations, and says on the socket when each one begins and when it was
answered. Planted faults work here as in a server that a test starts.
"""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from traceback import format_exc

from tests.conftest import settings
from tests.faults.catalogue import find_seed
from tests.faults.flows import DAY, FLOWS, Op
from tests.faults.plugin import PLANTED
from webapp import create_app
from webapp.core import clock
from webapp.extensions import db, start_writing
from webapp.web.application import Application

#: The words that make a child, and when it lives: people who send a form again do so a little later.
MOMENTS = {"go": DAY, "again": DAY + timedelta(seconds=30)}
ANYBODY, PR_SET_PTRACER = ctypes.c_ulong(-1), 0x59616D61


def main(folder: str, handle: str) -> None:
    var, control = Path(folder), socket.socket(fileno=int(handle))
    app = create_app(settings(var, f"sqlite:///{var / 'shanzhi.db'}"))
    while name := sys.stdin.readline().strip():
        flow = os.fork()
        if flow == 0:
            os._exit(lives_of(app, name, var, control))
        os.waitpid(flow, 0)


def lives_of(app: Application, name: str, var: Path, control: socket.socket) -> int:
    """A flow is made ready, and done by one child for each line, until one says that it is enough."""
    with clock.travel(DAY):
        with app.app_context():
            start_writing()
            ops = FLOWS[name].ready(app, var)
            db.session.commit()
            db.session.remove()
            db.engine.dispose()
        say("ready")
        while (word := sys.stdin.readline().strip()) in MOMENTS:
            child = os.fork()
            if child == 0:
                os._exit(work(app, ops, control, MOMENTS[word]))
            say(str(child))
            _, status = os.waitpid(child, 0)
            say(str(status))
    return 0


def work(app: Application, ops: Sequence[Op], control: socket.socket, moment: datetime) -> int:
    """The child's life: 0 when all was done."""
    ctypes.CDLL(None).prctl(PR_SET_PTRACER, ANYBODY, 0, 0, 0)
    control.recv(20)
    try:
        with clock.travel(moment):
            for op in ops:
                control.send(f"mark begin {op.name}".encode())
                op.act()
                control.send(f"mark done {op.name}".encode())
        with app.app_context():
            db.engine.dispose()  # as a server that is stopped: the log is written back and removed
    except BaseException:
        control.send(format_exc()[-4000:].encode())
        return 1
    return 0


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    with ExitStack() as planted:
        if os.environ.get(PLANTED):
            planted.enter_context(find_seed(os.environ[PLANTED])())
        main(*sys.argv[1:])
