"""Forms with files, sent to the real server; and what they cost it."""

from __future__ import annotations

import http.client
import os
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.crawl import multipart
from tests.attacks.visitor import Sent
from tests.faults.serving import Server

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Reply:
    status: int
    location: str
    kind: str
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True)
class Wire:
    """Somebody's browser, by its cookies."""

    server: Server
    cookies: str
    token: str

    def get(self, path: str) -> Reply:
        return self._ask("GET", path)

    def post(self, path: str, fields: dict[str, str], *files: tuple[str, str, bytes]) -> Reply:
        """``files``: (field, file name, bytes)."""
        sent = multipart(Sent("POST", b""), [*fields.items(), ("csrf_token", self.token)], list(files))
        return self._ask("POST", path, sent.body, {"Content-Type": sent.content_type})

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, path, body, {"Cookie": self.cookies, **(headers or {})})
            answer = connection.getresponse()
            kind, location = answer.headers.get("Content-Type", ""), answer.headers.get("Location", "")
            return Reply(answer.status, location, kind, answer.read())
        finally:
            connection.close()


def work_done(server: Server) -> float:
    """Seconds of work of the server and of those processes that it waited for; a busy machine does not count."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS


def memory(server: Server, name: str) -> float:
    """MB: ``VmRSS`` now, ``VmHWM`` the most since ``forget_the_most``."""
    lines = Path(f"/proc/{server.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1024


def forget_the_most(server: Server) -> None:
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
