"""Faults of a server that slow clients can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from webapp.web import server


@contextmanager
def time_out_off() -> Iterator[None]:
    """Whoever moves a byte now and then stays for ever."""
    with patch.object(server.Pace, "too_slow", False):
        yield


@contextmanager
def limit_too_small() -> Iterator[None]:
    """Fewer connections than slow clients: a bystander waits at the door."""
    with patch.object(server, "CONNECTIONS", 100):
        yield


@contextmanager
def waits_for_bodies() -> Iterator[None]:
    """A thread is given to a request when its head is there, and waits for its body."""
    received = server.Channel.received

    def eager(channel: server.Channel, data: bytes) -> bool:
        taken = received(channel, data)
        half = channel.request
        if half is not None and half.headers_finished and not channel.requests:
            channel.server.task_dispatcher.add_task(_Waiting(channel))
        return taken

    with patch.object(server.Channel, "received", eager):
        yield


class _Waiting:
    def __init__(self, channel: server.Channel) -> None:
        self._channel = channel

    def service(self) -> None:
        import time

        while self._channel.request is not None and self._channel.connected:
            time.sleep(0.1)

    def cancel(self) -> None:
        """Nothing is under way."""


SEEDS = {
    "time-out-off": time_out_off,
    "limit-too-small": limit_too_small,
    "waits-for-bodies": waits_for_bodies,
}
