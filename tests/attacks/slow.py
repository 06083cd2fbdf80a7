"""Clients that hold a connection as long as they can: with half a request, or with an answer that they hardly fetch."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

BIG = "/static/icons.svg"  # fetched again and again on one connection, so that no buffer takes all of it
HEAD = "GET /sign-in HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
BODY = "POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n"
READ = f"GET {BIG} HTTP/1.1\r\nHost: localhost\r\n\r\n" * 60
KINDS = (HEAD, BODY, READ)


class SlowClients:
    """``count`` connections, a third of each kind; each moves one byte a second until its server ends it."""

    def __init__(self, port: int, count: int) -> None:
        self._stop = threading.Event()
        self._open = [(_connect(port, KINDS[number % 3]), KINDS[number % 3]) for number in range(count)]
        self._mover = threading.Thread(target=self._move)

    def __enter__(self) -> SlowClients:
        self._mover.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._mover.join()
        for one, _ in self._open:
            one.close()

    def _move(self) -> None:
        while not self._stop.wait(1):
            for one, kind in self._open:
                with contextlib.suppress(OSError):
                    if kind is READ:
                        one.recv(1)
                    else:
                        one.send(b"x")


def _connect(port: int, words: str) -> socket.socket:
    made = socket.socket()
    if words is READ:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    made.settimeout(10)
    made.connect(("127.0.0.1", port))
    made.setblocking(False)
    made.send(words.encode())
    return made


def held(pid: int, port: int) -> int:
    """How many connections of its port a process truly holds: accepted, not merely waiting at the door."""
    return len(set(_established(port)) & set(_sockets(pid)))


def _established(port: int) -> Iterator[str]:
    """Inodes (https://docs.kernel.org/networking/proc_net_tcp.html)."""
    for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(f":{port:04X}") and fields[3] == "01":
            yield fields[9]


def _sockets(pid: int) -> Iterator[str]:
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(file.readlink())
            if target.startswith("socket:["):
                yield target[8:-1]
