"""A throw-away PostgreSQL cluster for the tests: made in a temporary folder, on a Unix socket only, gone afterwards.

PostgreSQL refuses to run as root, so as root it runs as the system's ``postgres`` user. All xdist workers share one
cluster: the first makes it, the last one out stops it; each worker has its own databases. A run that is killed cannot
tidy up, so each cluster has a watcher of its own that stops it when its run is no more.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

SETTINGS = {
    "fsync": "off",  # unit tests; durability is shown in tests/faults
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "''",
    "shared_buffers": "64MB",
}


#: owner's process id, cluster's folder, command that stops it: waits until the owner or the folder is gone.
WATCH = """while kill -0 "$1" 2>/dev/null && [ -d "$2" ]; do sleep 1; done
[ -d "$2" ] || exit 0
folder=$2; shift 2; "$@"; rm -rf "$folder"
"""
_watchers: list[subprocess.Popen[bytes]] = []  # kept, or Python would complain that they still run


def program(name: str) -> str:
    """The path of a server program, also where Debian hides it."""
    found = shutil.which(name)
    if found:
        return found
    for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True):
        return str(path)
    raise RuntimeError(f"{name} is missing: make test installs PostgreSQL")


def _as_postgres(command: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def start(settings: Mapping[str, str] = SETTINGS) -> Path:
    """Make and start a cluster; returns its folder, which is also where its socket is."""
    folder = Path(tempfile.mkdtemp(prefix="shanzhi-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    data = folder / "data"
    init = [program("initdb"), "-D", str(data), "-U", "shanzhi", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(_as_postgres(init), check=True, capture_output=True, cwd=folder)
    options = " ".join(f"-c {name}={value}" for name, value in settings.items()) + f" -k {folder}"
    run = [program("pg_ctl"), "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "start"]
    subprocess.run(_as_postgres(run), check=True, capture_output=True, cwd=folder)
    _watch(folder)
    return folder


def _watch(folder: Path) -> None:
    """Let a process of its own stop this cluster, and no other, when the run that made it is killed."""
    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    command = ["sh", "-c", WATCH, "watch", str(owner), str(folder), *_stopping(folder)]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    _watchers.append(subprocess.Popen(command, cwd="/", start_new_session=True, **quiet))


def _stopping(folder: Path) -> list[str]:
    return _as_postgres([program("pg_ctl"), "-D", str(folder / "data"), "-m", "immediate", "stop"])


def stop(folder: Path) -> None:
    subprocess.run(_stopping(folder), check=False, capture_output=True, cwd=folder)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shared(meeting_place: Path) -> Iterator[Path]:
    """One cluster for all who meet at this folder; the last one out stops it."""
    folder = _enter(meeting_place)
    try:
        yield folder
    finally:
        _leave(meeting_place)


@contextmanager
def _state(meeting_place: Path) -> Iterator[dict[str, object]]:
    meeting_place.mkdir(parents=True, exist_ok=True)
    with (meeting_place / "postgres.json").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        state: dict[str, object] = json.loads(file.read() or "{}")
        yield state
        file.seek(0)
        file.truncate()
        file.write(json.dumps(state))


def _enter(meeting_place: Path) -> Path:
    with _state(meeting_place) as state:
        if not state.get("users"):
            state["folder"] = str(start())
        state["users"] = int(str(state.get("users", 0))) + 1
        return Path(str(state["folder"]))


def _leave(meeting_place: Path) -> None:
    with _state(meeting_place) as state:
        state["users"] = int(str(state["users"])) - 1
        if state["users"] == 0:
            stop(Path(str(state["folder"])))


def url(folder: Path, database: str) -> str:
    return f"postgresql+psycopg://shanzhi@/{database}?host={folder}"
