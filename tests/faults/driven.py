"""The test's side of ``tests.faults.drive``: a flow in a process that can be recorded, or killed at any file call."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.disk import CALLS, Recording
from tests.faults.flows import FLOWS, Flow
from tests.faults.plugin import PLANTED
from tests.faults.serving import PATIENCE, ROOT


@dataclass(frozen=True)
class Life:
    """How a child ended, and what it had begun and done."""

    killed: bool
    begun: frozenset[str]
    done: frozenset[str]


class Driver:
    """The process that makes flows ready, one after the other, in ``folder / "var"``."""

    def __init__(self, folder: Path, planted: str) -> None:
        self.folder, self.var = folder, folder / "var"
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.drive", str(self.var), str(theirs.fileno())],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=[theirs.fileno()],
                env={**os.environ, PLANTED: planted, "PYTHONDONTWRITEBYTECODE": "1"},
            )

    def say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()

    def hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def end(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE)
        self._process.stdout.close()
        self.control.close()


class Driven:
    """A flow that was made ready; ``before`` is a copy of what lay in its folder then."""

    def __init__(self, driver: Driver, name: str, migrated: Path) -> None:
        self.flow: Flow = FLOWS[name]
        self._driver, self.var, self.before = driver, driver.var, driver.folder / "before"
        for folder in (self.var, self.before):
            shutil.rmtree(folder, ignore_errors=True)
        self.var.mkdir(parents=True)
        if not self.flow.empty:
            shutil.copyfile(migrated, self.var / "shanzhi.db")
        driver.say(name)
        assert driver.hear() == "ready"
        shutil.copytree(self.var, self.before)

    def end(self) -> None:
        self._driver.say("enough")

    def rewind(self) -> None:
        """Everything as it was before."""
        shutil.rmtree(self.var)
        shutil.copytree(self.before, self.var)

    def live(self, *tracing: str, word: str = "go") -> Life:
        """One child does the flow, under ``strace`` with these options; ``word``: ``again``, a little later."""
        self._driver.say(word)
        child = int(self._driver.hear())
        tracer = attach(child, *tracing) if tracing else None
        self._driver.control.send(b"go")
        status = int(self._driver.hear())
        if tracer is not None:
            tracer.wait(timeout=PATIENCE)
        begun, done = self._heard()
        assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
        return Life(os.WIFSIGNALED(status), begun, done)

    def _heard(self) -> tuple[frozenset[str], frozenset[str]]:
        heard: dict[str, set[str]] = {"begin": set(), "done": set()}
        while True:
            try:
                words = self._driver.control.recv(8000, socket.MSG_DONTWAIT).decode()
            except BlockingIOError:
                return frozenset(heard["begin"]), frozenset(heard["done"])
            assert words.startswith("mark "), words
            _, word, name = words.split()
            heard[word].add(name)

    def record(self) -> Recording:
        """Do it once, to its end, and write every call down."""
        log = self._driver.folder / "calls.txt"
        life = self.live("-y", "-xx", "-s", "100000000", "-e", f"trace={CALLS}", "-o", str(log))
        assert life.done == set(self.flow.ops)
        recording = Recording(self.var, self.before)
        recording.read(log)
        return recording


def attach(pid: int, *tracing: str) -> subprocess.Popen[bytes]:
    tracer = subprocess.Popen(["strace", "-f", "-q", "-q", *tracing, "-p", str(pid)], stderr=subprocess.PIPE)
    end = time.monotonic() + PATIENCE
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        assert tracer.poll() is None, tracer.stderr.read().decode()[-500:] if tracer.stderr else ""
        assert time.monotonic() < end
        time.sleep(0.001)
    return tracer


def why_not_traced() -> str:
    """Why nothing can be traced here; empty: it can."""
    tried = subprocess.run(["strace", "-f", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return "" if tried.returncode == 0 else tried.stderr.strip()[-300:]
