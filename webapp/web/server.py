"""The default server: one process with threads, which also runs on an office's Windows PC."""

from __future__ import annotations

import logging
import select
import socket
import time
from contextlib import suppress
from typing import Any

import waitress
from flask import Flask
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from webapp.web.housekeeping import Housekeeper

log = logging.getLogger(__name__)

POLL = hasattr(select, "poll")  # Windows has only select(), which takes 512 sockets and fails at the next
CONNECTIONS = 4000 if POLL else 450
IDLE = 30  # seconds without a byte in either direction
LOOKS = 5  # seconds between two looks for idle connections
#: While a request comes in or an answer is fetched, each span of so many seconds must move so many bytes: whoever sends
#: one now and then, for ever, is ended; a phone with a photo on a weak line is not.
SPAN, BYTES_A_SPAN = 20, 10_000


class Pace:
    """Bytes that go one way over a connection, from the first of a request or an answer to its last."""

    def __init__(self) -> None:
        self.going = False
        self._since, self._bytes = 0.0, 0

    def moved(self, count: int) -> None:
        if not self.going:
            self.going = True
            self._since, self._bytes = time.monotonic(), 0
        self._bytes += count

    @property
    def too_slow(self) -> bool:
        if not self.going or time.monotonic() - self._since < SPAN:
            return False
        enough = self._bytes >= BYTES_A_SPAN
        self._since, self._bytes = time.monotonic(), 0
        return not enough


class Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that ends when its client is too slow. Waitress itself ends only those that neither send nor owe
    anything: with a byte now and then, or an answer never fetched, a client would stay for ever."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.coming, self.leaving = Pace(), Pace()
        super().__init__(*args, **options)

    def readable(self) -> bool:
        """The server asks at each turn of its loop, so this is where a connection's time is over."""
        if self.coming.too_slow or self.leaving.too_slow:
            self.will_close = True
            with suppress(OSError):  # gone already
                self.socket.shutdown(socket.SHUT_RDWR)  # or the loop would wait until more can be written
        return bool(super().readable())

    def received(self, data: bytes) -> bool:
        self.coming.moved(len(data))
        taken = bool(super().received(data))
        self.coming.going = self.request is not None  # half a request
        return taken

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent = int(super().send(data, do_close))
        self.leaving.moved(sent)
        self.leaving.going = sent < self.total_outbufs_len
        return sent


def serve(app: Flask) -> None:
    """Serve until stopped. A slow or silent client holds a connection, never a thread: bodies are buffered first."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    log.info("serving on http://%s:%s", app.config["HOST"], app.config["PORT"])
    _let_files_be_open()
    housekeeper = Housekeeper(app)
    housekeeper.start()
    try:
        _server(app).run()
    finally:
        housekeeper.stop()


def _server(app: Flask) -> Any:
    BaseWSGIServer.channel_class = Channel  # what create_server makes takes its channels from here
    return waitress.create_server(
        app,
        host=app.config["HOST"],
        port=int(app.config["PORT"]),
        threads=app.config["THREADS"],
        connection_limit=CONNECTIONS,
        asyncore_use_poll=POLL,
        channel_timeout=IDLE,
        cleanup_interval=LOOKS,
        max_request_body_size=app.config["MAX_CONTENT_LENGTH"],
        ident=None,
    )


def _let_files_be_open() -> None:
    """Many systems begin a process with room for 1,024 open files: fewer than connections may come."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 500
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
