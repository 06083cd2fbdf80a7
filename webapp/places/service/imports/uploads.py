"""Uploaded rosters between preview and confirmation: kept on the server, for their uploader, for a day.

The file is kept under its SHA-256; beside it stands what the preview found, under a name that holds the register, the
area and the uploader. Both are readable by the server's own account only.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from webapp.core.errors import Gone
from webapp.core.sheets import RowError, Table
from webapp.places.service.imports.plan import Change

KEPT = timedelta(days=1)
_SHA256 = re.compile(r"[0-9a-f]{64}")
GONE = "上传的文件已经过期，或已经导入完了。请重新上传。"


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found in an uploaded file. ``changes`` are the first of those rows; ``error_count`` counts all errors."""

    register: str
    area_id: int
    user_id: int
    sha256: str
    file_name: str
    uploaded_at: datetime
    rows: int
    added: int
    changed: int
    unchanged: int
    changes: tuple[Change, ...]
    errors: tuple[RowError, ...]
    error_count: int
    unknown_columns: tuple[str, ...]

    @property
    def can_be_confirmed(self) -> bool:
        return not self.error_count and bool(self.added or self.changed)

    def error_table(self) -> Table:
        """The errors as the sheets library writes them for download."""
        return Table(self.sha256, "", [], errors=list(self.errors), unkept_errors=self.error_count - len(self.errors))


class Uploads:
    """The folder of kept files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def keep(self, preview: Preview, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._write(self.folder / preview.sha256, data)
        text = json.dumps(asdict(preview), ensure_ascii=False, default=str)
        self._write(self._note(preview.register, preview.area_id, preview.user_id, preview.sha256), text.encode())

    def _write(self, path: Path, data: bytes) -> None:
        """Whole or not at all, whoever else writes the same."""
        partly = path.with_suffix(f".{os.getpid()}-{os.urandom(4).hex()}.tmp")
        handle = os.open(partly, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        partly.replace(path)

    def _note(self, register: str, area_id: int, user_id: int, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise Gone(GONE)
        return self.folder / f"{sha256}.{register}.{area_id}.{user_id}.json"

    def preview(self, *, register: str, area_id: int, user_id: int, sha256: str) -> Preview:
        """:raises Gone: if there is none of this uploader's."""
        try:
            kept = json.loads(self._note(register, area_id, user_id, sha256).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise Gone(GONE) from None
        return _preview(kept)

    def data(self, preview: Preview) -> bytes:
        """The file itself. :raises Gone: if it is no longer kept."""
        try:
            return (self.folder / preview.sha256).read_bytes()
        except FileNotFoundError:
            raise Gone(GONE) from None

    def drop(self, preview: Preview) -> None:
        """Forget an upload that was imported; the file itself, unless somebody else waits with the same one."""
        self._note(preview.register, preview.area_id, preview.user_id, preview.sha256).unlink(missing_ok=True)
        if not any(self.folder.glob(f"{preview.sha256}.*.json")):
            (self.folder / preview.sha256).unlink(missing_ok=True)

    def forget_old(self, now: datetime) -> int:
        """Remove what was kept for longer than a day. Returns how many files."""
        if not self.folder.is_dir():
            return 0
        old = [path for path in self.folder.iterdir() if path.stat().st_mtime < (now - KEPT).timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _preview(kept: dict[str, Any]) -> Preview:
    return Preview(
        **{
            **kept,
            "uploaded_at": datetime.fromisoformat(kept["uploaded_at"]),
            "changes": tuple(
                Change(item["row_number"], item["number"], tuple(item["fields"])) for item in kept["changes"]
            ),
            "errors": tuple(RowError(**item) for item in kept["errors"]),
            "unknown_columns": tuple(kept["unknown_columns"]),
        }
    )
