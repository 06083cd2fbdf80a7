"""``python -m tests.faults.migrating STATEMENT URL [STATEMENT URL …]``: migrate each database, and die by SIGKILL at the
numbered statement. Each in a process of its own, forked off, so that the application is loaded once."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import event

from tests.conftest import settings
from tests.faults.catalogue import find_seed
from tests.faults.plugin import PLANTED
from webapp import create_app
from webapp.extensions import db, start_writing, upgrade


def migrate(url: str, statement: int) -> None:
    with tempfile.TemporaryDirectory() as var:
        app = create_app(settings(Path(var), url))
        with app.app_context():
            start_writing()
            sent = 0

            def count(*_: Any) -> None:
                nonlocal sent
                sent += 1
                if sent == statement:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(db.engine, "before_cursor_execute", count)
            upgrade()
            sys.stdout.write(f"{sent}\n")
            sys.stdout.flush()


def main(words: list[str]) -> None:
    for statement, url in zip(words[::2], words[1::2], strict=True):
        child = os.fork()
        if child == 0:
            migrate(url, int(statement))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{'killed' if os.WIFSIGNALED(status) else 'ended'} {url}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    planted = os.environ.get(PLANTED)
    with find_seed(planted)() if planted else nullcontext():
        main(sys.argv[1:])
