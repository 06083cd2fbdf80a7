"""Files that outlast a power cut: what was written is on the disk, under its name, before the caller goes on.

``tests/faults/test_powercut.py`` holds the house to it. Windows can't sync a folder, and need not: NTFS logs its names.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

DRAFT = ".part"


def write(path: Path, data: bytes, *, mode: int = 0o666, replace: bool = True) -> None:
    """Write beside, sync, give it its name, sync the folder: at no moment is there half a file under the name.

    :raises FileExistsError: if there is one and it must not be replaced.
    """
    draft = path.with_name(f".{secrets.token_hex(8)}{DRAFT}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if replace:
            draft.replace(path)
        else:
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    if os.name != "nt":
        _sync(folder, os.O_RDONLY)


def sync_below(folder: Path) -> None:
    """Make everything below a folder last, and its own name: files that others wrote and did not sync."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _sync(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
        else:
            sync_folder(path)
    for one in (folder, folder.parent):
        sync_folder(one)


def _sync(path: Path, how: int) -> None:
    handle = os.open(path, how)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
