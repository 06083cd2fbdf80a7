"""Faults that only a power cut shows: something is answered before the disk has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import event
from sqlalchemy.engine import Engine

from webapp import durable, extensions


@contextmanager
def synchronous_normal() -> Iterator[None]:
    """SQLite's usual setting for WAL: a commit waits for no disk."""
    opened = extensions._open_sqlite

    def relaxed(engine: Engine) -> None:
        opened(engine)

        @event.listens_for(engine, "connect")
        def connect(connection: Any, record: Any) -> None:
            connection.execute("PRAGMA synchronous=NORMAL").close()

    with patch.object(extensions, "_open_sqlite", relaxed):
        yield


def _unsynced(*folders: str) -> Callable[[], AbstractContextManager[None]]:
    """Files below these are written and named, and nobody waits for the disk."""
    whole = durable.write

    @contextmanager
    def planted() -> Iterator[None]:
        def write(path: Path, data: bytes, **more: Any) -> None:
            if any(folder in path.parts or folder == path.name for folder in folders):
                path.write_bytes(data)
            else:
                whole(path, data, **more)

        with patch.object(durable, "write", write):
            yield

    return planted


@contextmanager
def names_not_synced() -> Iterator[None]:
    """What is in a file is synced, its name is not."""
    with patch.object(durable, "sync_folder", lambda folder: None):
        yield


@contextmanager
def backup_not_synced() -> Iterator[None]:
    with patch.object(durable, "sync_below", lambda folder: None):
        yield


SEEDS = {
    "synchronous-normal": synchronous_normal,
    "photo-not-synced": _unsynced("photos"),
    "names-not-synced": names_not_synced,
    "key-not-synced": _unsynced("secret.key"),
    "backup-not-synced": backup_not_synced,
}
