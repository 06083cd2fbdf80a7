"""Faults that a backup would show when it is needed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from sqlalchemy.engine import Engine

from webapp.oversight import backup

_sha256_of = backup.sha256_of
_postgresql = backup._copy_database


def _copy_the_file(engine: Engine, folder: Path) -> None:
    if engine.dialect.name != "sqlite":
        _postgresql(engine, folder)
        return
    shutil.copyfile(str(engine.url.database), folder / backup.SQLITE_FILE)


def _all_but_photos(path: Path) -> str:
    return "" if backup.PHOTOS in path.parts else _sha256_of(path)


@contextmanager
def file_copied() -> Iterator[None]:
    """The database is copied as a file, without what stands in its write-ahead log."""
    with patch.object(backup, "_copy_database", _copy_the_file):
        yield


@contextmanager
def photos_unchecked() -> Iterator[None]:
    """The check looks at the database only."""
    with patch.object(backup, "sha256_of", _all_but_photos):
        yield


SEEDS = {"file-copied": file_copied, "photos-unchecked": photos_unchecked}
