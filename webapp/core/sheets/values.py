"""What an export may be given for a cell, and what it becomes in the file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from webapp.core.clock import LOCAL
from webapp.core.points import Points
from webapp.core.sheets.columns import Column

#: Points as ``Points``, or as whole tenths in a column of that kind; moments with their time zone.
CellValue = str | int | Points | Decimal | date | datetime | bool | None
#: The same, ready to be written: moments are on the community's wall clock, without a zone.
Written = str | int | Decimal | date | datetime | None

_CELL_LIMIT = 32_767  # characters Excel holds in a cell
_UNWRITABLE = re.compile("[\x00-\x08\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cells_of(
    columns: Sequence[Column], row: Mapping[str, CellValue] | Sequence[CellValue]
) -> Iterator[tuple[Column, Written]]:
    """Each column with its cell of one row; rows are mappings by key or sequences in the columns' order."""
    values = [row.get(column.key) for column in columns] if isinstance(row, Mapping) else row
    for column, value in zip(columns, values, strict=True):
        yield column, _written(column, value)


def _written(column: Column, value: CellValue) -> Written:  # noqa: PLR0911  # one line for each type there is
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Points):
        return _number(value.tenths)
    if isinstance(value, int) and column.kind == "points":
        return _number(value)
    if isinstance(value, int) and column.kind != "integer":
        return str(value)
    if isinstance(value, datetime):
        moment = value.astimezone(LOCAL) if value.tzinfo else value
        return moment.replace(tzinfo=None)
    if isinstance(value, date) and value.year < 1900:  # Excel's calendar begins there
        return value.isoformat()
    return writable(value) if isinstance(value, str) else value


def _number(tenths: int) -> int | Decimal:
    return tenths // 10 if tenths % 10 == 0 else Decimal(tenths).scaleb(-1)


def writable(text: str) -> str:
    """Without what a file cannot hold, and cut to what a cell can."""
    return _UNWRITABLE.sub("", text.replace("\x0b", " ").replace("\x0c", " "))[:_CELL_LIMIT]
