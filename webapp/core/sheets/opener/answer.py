"""Reads a request, chooses the sheet, writes its rows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import IO, Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from .limits import CELL_TEXT, DAMAGED, HEADER_ROWS, LOCKED, NO_SHEET, TOO_BIG, Marks, Refused, refuse, title_key
from .xls import Xls
from .xlsx import Xlsx

MEMORY = 512 << 20  # bytes of address space; 100,000 rows of 18 columns take 330 MB
OUTPUT = 64 << 20  # characters
SHEETS = 5  # sheets in which the header is looked for


def choose(workbook: CalamineWorkbook, look: Xlsx | Xls, titles: set[str]) -> tuple[CalamineSheet, Marks]:
    """The first visible sheet that has one of the titles in its first rows; else the first visible one."""
    first = None
    visible = [
        (index, info.name)
        for index, info in enumerate(workbook.sheets_metadata)
        if info.typ == SheetTypeEnum.WorkSheet and info.visible == SheetVisibleEnum.Visible
    ]
    for index, name in visible[:SHEETS]:
        marks = look.marks(name, index)
        sheet = workbook.get_sheet_by_index(index)
        first = first or (sheet, marks)
        if any(title_key(cell) in titles for row in islice(sheet.iter_rows(), HEADER_ROWS) for cell in row):
            return sheet, marks
    return first or refuse(NO_SHEET)


def encode(value: Any) -> Any:
    """One cell as JSON."""
    if isinstance(value, str):
        return value[:CELL_TEXT] or None
    if isinstance(value, (datetime, date)):
        return {"date": value.isoformat()}
    if isinstance(value, (bool, int, float)):
        return value
    return {"time": str(value)}


def rows(sheet: CalamineSheet, marks: Marks) -> Iterator[list[Any]]:
    """The sheet's rows from its first; cells without a value hold the reason."""
    by_row: dict[int, list[tuple[int, str]]] = {}
    for (number, column), reason in marks.items():
        by_row.setdefault(number, []).append((column, reason))
    for number, row in enumerate(sheet.iter_rows()):
        cells = [encode(value) for value in row]
        for column, reason in by_row.get(number, ()):
            cells.extend([None] * (column + 1 - len(cells)))
            cells[column] = {"fault": reason}
        yield cells


def read(request: dict[str, Any], data: bytes) -> Iterator[str]:
    """The lines of the answer. :raises Refused: if the file cannot be read."""
    look = (Xlsx if request["content"] == "xlsx" else Xls)(data, request["max_rows"])
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet, marks = choose(workbook, look, set(request["titles"]))
    except PasswordError:
        refuse(LOCKED)
    except CalamineError:
        refuse(DAMAGED)
    yield json.dumps({"sheet": sheet.name})
    size = 0
    for row in rows(sheet, marks):
        line = json.dumps(row, ensure_ascii=False)
        size += len(line)
        if size > OUTPUT:
            refuse(TOO_BIG)
        yield line


def limit_ourselves() -> None:
    """Let the system end us before we take more than our share. Windows has no such limits: the time limit is left."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main(source: IO[bytes], out: IO[bytes]) -> None:
    """Answer one request."""
    limit_ourselves()
    try:
        answer = list(read(json.loads(source.readline()), source.read()))
    except Refused as refusal:
        answer = [json.dumps({"refused": str(refusal)})]
    except MemoryError:
        answer = [json.dumps({"refused": TOO_BIG})]
    out.write("\n".join(answer).encode())
