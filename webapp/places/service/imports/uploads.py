"""Uploaded rosters between preview and confirmation: beside the file (``core.uploads``) stands what the preview found,
under the register, the area and the uploader."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from webapp.core.sheets import RowError, Table
from webapp.core.uploads import KeptUploads
from webapp.places.service.imports.plan import Change


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
    """The kept rosters."""

    def __init__(self, kept: KeptUploads) -> None:
        self.kept = kept

    def keep(self, preview: Preview, data: bytes) -> None:
        text = json.dumps(asdict(preview), ensure_ascii=False, default=str)
        self.kept.keep(preview.sha256, _key_of(preview), data, text)

    def preview(self, *, register: str, area_id: int, user_id: int, sha256: str) -> Preview:
        """:raises Gone: if there is none of this uploader's."""
        return _preview(json.loads(self.kept.note(sha256, _key(register, area_id, user_id))))

    def data(self, preview: Preview) -> bytes:
        """The file itself. :raises Gone: if it is no longer kept."""
        return self.kept.data(preview.sha256)

    def drop(self, preview: Preview) -> None:
        """Forget an upload that was imported."""
        self.kept.drop(preview.sha256, _key_of(preview))


def _key(register: str, area_id: int, user_id: int) -> str:
    return f"{register}.{area_id}.{user_id}"


def _key_of(preview: Preview) -> str:
    return _key(preview.register, preview.area_id, preview.user_id)


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
