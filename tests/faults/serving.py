"""The real server in a process of its own, and clients that send a form again until they have an answer."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from tests.conftest import KEY
from tests.faults.plugin import server_program

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30.0  # seconds
PROCESS_ENDED = (http.client.RemoteDisconnected, http.client.IncompleteRead, ConnectionResetError, BrokenPipeError)


class Server:
    """``python -m webapp``, as it is started in an office; again and again on the same port and data."""

    def __init__(self, var: Path, url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        var.mkdir(parents=True, exist_ok=True)
        self.log = var / "server.log"
        self.starts = 0
        self._process: subprocess.Popen[bytes] | None = None
        self.environ = {
            **os.environ,
            "SHANZHI_VAR": str(var),
            "DATABASE_URL": url,
            "SECRET_KEY": KEY,
            "BASE_URL": self.address,
            "PORT": str(self.port),
        }

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the same installation, to its end."""
        return subprocess.run(
            [*FLASK, *words], env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )

    def start(self) -> None:
        """Returns when it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *server_program()], env=self.environ, cwd=ROOT, stdout=log, stderr=log
            )
        self.starts += 1
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def end(self, with_signal: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return what the process died of: minus the signal."""
        assert self._process is not None
        self._process.send_signal(with_signal)
        return self._process.wait(timeout=PATIENCE)


FLASK = [sys.executable, "-m", "flask", "--app", "webapp"]


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str


class Caller:
    """A browser without scripts: cookies, the form's own token, no redirects followed."""

    def __init__(self, server: Server, patience: float = PATIENCE) -> None:
        self._address, self._patience = server.address, patience
        self._opener = urllib.request.build_opener(
            _StayHere, urllib.request.HTTPCookieProcessor(CookieJar()), urllib.request.ProxyHandler({})
        )
        self.token = ""

    def get(self, path: str) -> Answer:
        answer = self._open(urllib.request.Request(self._address + path))
        found = re.search(r'name="csrf[-_]token" (?:value|content)="([^"]+)"', answer.text)
        self.token = found[1] if found else self.token
        return answer

    def post(self, path: str, **form: str) -> Answer:
        body = urllib.parse.urlencode({"csrf_token": self.token, **form}).encode()
        return self._open(urllib.request.Request(self._address + path, data=body))

    def upload(self, path: str, name: str, data: bytes, **form: str) -> Answer:
        """A form with a file in the field ``file``."""
        edge = "edge-of-a-part"
        fields = "".join(
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in {"csrf_token": self.token, **form}.items()
        )
        head = f'{fields}--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return self._open(urllib.request.Request(self._address + path, data=body, headers=kind))

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=self._patience) as answer:
                return Answer(answer.status, "", answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers.get("Location", ""), error.read().decode())


@dataclass
class Load:
    """What all clients together did: the operations that were answered, and the ends of the server they felt."""

    server: Server
    done: dict[str, str] = field(default_factory=dict)  # the form's key -> where it led
    cut: set[int] = field(default_factory=set)  # starts of the server whose end met a form on its way
    retries: int = 0
    errors: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    senders: dict[str, Callable[[str], Answer]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _threads: list[threading.Thread] = field(default_factory=list)

    def client(self, name: str, send: Callable[[str], Answer]) -> None:
        """Somebody who can send a form under a key."""
        self.senders[name] = send

    def begin(self) -> None:
        """Let each client send one form after another, each under a key of its own."""
        for name, send in self.senders.items():
            thread = threading.Thread(target=self._run, args=(name, send), name=name)
            self._threads.append(thread)
            thread.start()

    def wait_for(self, more: int) -> None:
        """Until so many more forms have been answered."""
        wanted, end = len(self.done) + more, time.monotonic() + PATIENCE
        while len(self.done) < wanted and not self.errors:
            assert time.monotonic() < end, f"{len(self.done)} forms answered, {wanted} wanted"
            time.sleep(0.005)

    def finish(self) -> None:
        """No new forms; those on their way are sent until they are answered."""
        self.stop.set()
        for thread in self._threads:
            thread.join(timeout=PATIENCE * 2)
        assert not any(thread.is_alive() for thread in self._threads)

    def _run(self, name: str, send: Callable[[str], Answer]) -> None:
        number = 0
        while not self.stop.is_set() and not self.errors:
            number += 1
            key = f"{name}-{number:05}"
            answer = self._until_answered(send, key)
            with self._lock:
                if answer.status == 303:
                    self.done[key] = answer.location
                else:
                    self.errors.append(f"{key}: {answer.status} {answer.location} {answer.text[-1500:]}")

    def _until_answered(self, send: Callable[[str], Answer], key: str) -> Answer:
        end = time.monotonic() + PATIENCE
        while True:
            life = self.server.starts
            try:
                return send(key)
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", error)
                with self._lock:
                    self.retries += 1
                    if isinstance(reason, PROCESS_ENDED):
                        self.cut.add(life)
            if time.monotonic() > end:
                return Answer(0, "", "no answer")
            time.sleep(0.02)
