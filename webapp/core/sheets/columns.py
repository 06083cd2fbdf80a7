"""What a table's columns are, and what comes out of reading one. Template, import and export share one list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from webapp.core.sheets.opener.limits import title_key

Kind = Literal["text", "prose", "id_number", "phone", "date", "points", "integer", "choice"]

#: More errors than this are counted, not kept: nobody mends five thousand cells one by one.
MAX_ERRORS = 5000


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    ``kind`` says how a cell is read and written; ``prose`` is text that keeps its punctuation and lines.
    ``choices`` are the words a ``choice`` cell may hold; ``help`` and ``example`` go into the template's notes;
    ``width`` is in characters, ``max_length`` in characters of the normalised text.
    """

    key: str
    title: str
    kind: Kind = "text"
    required: bool = False
    choices: Sequence[str] = ()
    help: str = ""
    width: int = 16
    max_length: int = 200

    @property
    def header(self) -> str:
        """The title as a template shows it; reading accepts it with and without the star."""
        return f"{self.title}*" if self.required else self.title

    @property
    def match_key(self) -> str:
        return title_key(self.title)


@dataclass(frozen=True, slots=True)
class RowError:
    """One cell that cannot be taken over. ``row_number`` is Excel's; ``value`` is what stands there, shortened."""

    row_number: int
    column_title: str
    message: str
    value: str = ""

    def __str__(self) -> str:
        where = f"第 {self.row_number} 行"
        return f"{where}「{self.column_title}」{self.message}" if self.column_title else f"{where}：{self.message}"


@dataclass(frozen=True, slots=True)
class Row:
    """One good row. ``values`` has every column's key; what is blank, or has no column in the file, is None.

    Types by kind: text, prose, id_number, phone, choice -> str; date -> date; integer -> int; points -> Points.
    """

    number: int
    values: dict[str, Any]

    def text(self, key: str) -> str:
        """A text cell, the empty string if it is blank."""
        return self.values[key] or ""


@dataclass(slots=True)
class Table:
    """A file that was read: good rows, bad cells, and what was found of the columns.

    ``sha256`` is of the file as uploaded: the same file twice is recognised by it. Callers add errors of their
    own (unknown courtyard, number used twice) with ``blame``.
    """

    sha256: str
    sheet: str
    columns: list[Column]
    rows: list[Row] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    unkept_errors: int = 0
    missing_columns: list[str] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)

    @property
    def error_count(self) -> int:
        return len(self.errors) + self.unkept_errors

    def blame(self, row_number: int, column_title: str, message: str, value: object = "") -> None:
        """Report a cell, or with an empty title a whole row, that cannot be taken over."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(RowError(row_number, column_title, message, shorten(value)))
        else:
            self.unkept_errors += 1


def shorten(value: object, length: int = 60) -> str:
    """A cell's content for a message."""
    text = "" if value is None else str(value)
    return text if len(text) <= length else text[: length - 1] + "…"
