"""Uploaded tables between preview and confirmation: kept on the server, for their uploader, for a day.

A file is kept under its SHA-256; beside it stands a note (JSON) under a name that holds what it was uploaded for and by
whom: the ``key``. Both are readable by the server's own account only.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

from webapp import durable
from webapp.core.errors import Gone

KEPT = timedelta(days=1)
_SHA256 = re.compile(r"[0-9a-f]{64}")
GONE = "上传的文件已经过期，或已经导入完了。请重新上传。"


class KeptUploads:
    """The folder of kept files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, sha256: str, key: str, data: bytes, note: str) -> None:
        """Whole or not at all, whoever else writes the same, and whatever becomes of the power."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        durable.sync_folder(self.folder.parent)
        durable.write(self.folder / sha256, data, mode=0o600)
        durable.write(self._note(sha256, key), note.encode(), mode=0o600)

    def _note(self, sha256: str, key: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise Gone(GONE)
        return self.folder / f"{sha256}.{key}.json"

    def note(self, sha256: str, key: str) -> str:
        """:raises Gone: if nothing is kept under this key."""
        try:
            return self._note(sha256, key).read_text(encoding="utf-8")
        except FileNotFoundError:
            raise Gone(GONE) from None

    def data(self, sha256: str) -> bytes:
        """The file itself. :raises Gone: if it is no longer kept."""
        try:
            return (self.folder / sha256).read_bytes()
        except FileNotFoundError:
            raise Gone(GONE) from None

    def drop(self, sha256: str, key: str) -> None:
        """Forget an upload that was imported; the file itself, unless somebody else waits with the same one."""
        self._note(sha256, key).unlink(missing_ok=True)
        if not any(self.folder.glob(f"{sha256}.*.json")):
            (self.folder / sha256).unlink(missing_ok=True)

    def forget_old(self, now: datetime) -> int:
        """Remove what was kept for longer than a day. Returns how many files."""
        if not self.folder.is_dir():
            return 0
        old = [path for path in self.folder.iterdir() if path.stat().st_mtime < (now - KEPT).timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)
