"""Comma-separated files: as Chinese offices save them, and as they may be opened without running anything."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from webapp.core.errors import Invalid
from webapp.core.sheets.cells import Raw
from webapp.core.sheets.columns import Column
from webapp.core.sheets.opener.limits import CELL_TEXT, COLUMNS, HEADER_ROWS, title_key
from webapp.core.sheets.values import CellValue, cells_of

_DELIMITERS = ",;\t"
#: A spreadsheet takes a text for a formula if it begins with one of these; ``write_csv`` puts a ``'`` before them.
_FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")
NO_TEXT = "这不是表格文件，或者已经损坏。请用 Excel 打开后另存为 .xlsx 再上传。"
TOO_WIDE = f"一行里超过 {COLUMNS:,} 列。请把数据复制到新模板里再上传。"


def read_csv(data: bytes, titles: Sequence[str], max_rows: int) -> list[list[Raw]]:
    """The rows of a CSV file: UTF-8 or GB18030; comma, semicolon or tab, whichever shows most of ``titles``.

    :raises Invalid: if it is no text, or too large.
    """
    text = _decode(data).replace("\r\n", "\n").replace("\r", "\n")
    rows: list[list[Raw]] = []
    try:
        for row in csv.reader(_lines(text), delimiter=_delimiter(text, frozenset(titles))):
            if len(rows) > max_rows + HEADER_ROWS:
                raise Invalid(f"数据超过 {max_rows:,} 行。请分成几个文件上传。")
            if len(row) > COLUMNS:
                raise Invalid(TOO_WIDE)
            rows.append([_unprotected(cell)[:CELL_TEXT] or None for cell in row])
    except csv.Error:
        raise Invalid(f"第 {len(rows) + 1} 行附近的引号不成对，后面的内容都连在了一起。请改正后再上传。") from None
    return rows


def _decode(data: bytes) -> str:
    if b"\0" in data:  # UTF-16 too: Excel's 「Unicode 文本」
        raise Invalid(NO_TEXT)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(NO_TEXT)


def _lines(text: str) -> Iterator[str]:
    """Line by line without a second copy of the whole text; a line of separators only is refused before it is cut."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line = text[start:end]
        if any(line.count(delimiter) > COLUMNS for delimiter in _DELIMITERS):
            raise Invalid(TOO_WIDE)
        yield line
        start = end


def _delimiter(text: str, titles: frozenset[str]) -> str:
    def found(delimiter: str) -> int:
        rows = islice(csv.reader(_lines(text), delimiter=delimiter), HEADER_ROWS)
        return max((len(titles.intersection(map(title_key, row))) for row in rows), default=0)

    return max(_DELIMITERS, key=found)


def _unprotected(cell: str) -> str:
    """Without the mark that ``write_csv`` sets before a text that would be taken for a formula."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def write_csv(columns: Sequence[Column], rows: Iterable[Mapping[str, CellValue] | Sequence[CellValue]]) -> bytes:
    """The second choice beside .xlsx: UTF-8 with a BOM, so that Excel sees Chinese; texts that would be formulas
    get a ``'`` in front, numbers do not.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([_protected(column.title) for column in columns])
    for row in rows:
        writer.writerow([_protected(value) for _, value in cells_of(columns, row)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _protected(value: Any) -> Any:
    if isinstance(value, str) and _FORMULA.match(value):
        return f"'{value}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return "" if value is None else value
