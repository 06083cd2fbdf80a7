"""Writing tables for Excel: row by row, whatever their length, and never a formula or a link made from data."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from webapp.core.errors import Invalid
from webapp.core.sheets.columns import Column, RowError, Table
from webapp.core.sheets.values import CellValue, Written, cells_of, writable

MAX_ROWS = 1_000_000  # Excel ends at 1,048,576
NOTES = "说明"

_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_DATE, _MOMENT = "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
_HEADER = {"bold": True, "bg_color": "#F1F1EE", "bottom": 1, "valign": "vcenter", "num_format": "@"}
_PRESET = {"date": _DATE, "points": "General", "integer": "0"}
_LIST_LIMIT = 255  # characters Excel allows in a list of choices

_ERROR_COLUMNS = (
    Column("number", "行号", "integer", width=8),
    Column("column", "列", width=18),
    Column("value", "单元格内容", width=28),
    Column("reason", "原因", width=60),
)


class _Book:
    """A workbook being written, with the formats it needs."""

    def __init__(self, out: IO[bytes]) -> None:
        import xlsxwriter  # 3 MB: only for who exports

        self.book = xlsxwriter.Workbook(out, dict(_OPTIONS))
        self._formats: dict[str, Any] = {}
        self.header = self.book.add_format(_HEADER)

    def format(self, number_format: str) -> Any:
        """One format for each number format; ``prose`` is text over several lines."""
        if number_format not in self._formats:
            wanted = (
                {"num_format": "@", "text_wrap": True} if number_format == "prose" else {"num_format": number_format}
            )
            self._formats[number_format] = self.book.add_format({**wanted, "valign": "top"})
        return self._formats[number_format]

    def add_sheet(self, title: str, columns: Sequence[Column], *, headers: Sequence[str]) -> Any:
        sheet = self.book.add_worksheet(sheet_name(title))
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, self.format(_PRESET.get(column.kind, "@")))
        sheet.set_row(0, 24)
        for place, header in enumerate(headers):
            sheet.write_string(0, place, writable(header), self.header)
        sheet.freeze_panes(1, 0)
        return sheet

    def write(self, sheet: Any, row: int, place: int, column: Column, value: Written) -> None:
        """One cell by the type of its value; text never becomes anything else."""
        if isinstance(value, datetime):
            sheet.write_datetime(row, place, value, self.format(_MOMENT))
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, self.format(_DATE))
        elif isinstance(value, (int, Decimal)):
            sheet.write_number(row, place, value, self.format("General"))
        elif value:
            sheet.write_string(row, place, value, self.format("prose" if column.kind == "prose" else "@"))

    def add_notes(self, title: str, notes: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        """A sheet of plain text."""
        sheet = self.book.add_worksheet(title)
        for place, width in enumerate(widths):
            sheet.set_column(place, place, width)
        for row, texts in enumerate(notes):
            for place, text in enumerate(texts):
                sheet.write_string(row, place, writable(text), self.format("prose"))


def sheet_name(title: str) -> str:
    """A title as Excel allows it for a sheet: 31 characters, none of ``[]:*?/\\``, no ``'`` at an end."""
    name = re.sub(r"[\[\]:*?/\\]", " ", writable(title)).strip("' ")[:31].strip("' ")
    return "表格" if name in ("", NOTES) or name.lower() == "history" else name


def write_table_to(
    out: IO[bytes],
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, CellValue] | Sequence[CellValue]],
    *,
    notes: Sequence[tuple[str, str]] = (),
    further: Sequence[tuple[str, Sequence[Column], Iterable[Mapping[str, CellValue]]]] = (),
) -> None:
    """Write an .xlsx: header frozen, filter on, ids and phones as text, points as numbers with at most one decimal,
    real dates (moments in Asia/Shanghai), ``further`` sheets of the same kind (title, columns, rows), and a sheet 说明 with
    ``notes`` (what was filtered, by whom, when).

    Rows are mappings by column key, or sequences in the columns' order; points are ``Points`` or whole tenths.

    :raises Invalid: if there are more rows than a sheet holds.
    """
    book = _Book(out)
    _write_rows(book, title, columns, rows)
    for one in further:
        _write_rows(book, *one)
    if notes:
        book.add_notes(NOTES, notes, (16, 60))
    book.book.close()


def _write_rows(
    book: _Book,
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, CellValue] | Sequence[CellValue]],
) -> None:
    sheet = book.add_sheet(title, columns, headers=[column.title for column in columns])
    last = 0
    for last, row in enumerate(rows, start=1):
        if last > MAX_ROWS:
            raise Invalid("数据太多，一张表放不下。请缩小范围后再导出。")
        for place, (column, value) in enumerate(cells_of(columns, row)):
            book.write(sheet, last, place, column, value)
    sheet.autofilter(0, 0, last, len(columns) - 1)


def write_table(
    title: str,
    columns: Sequence[Column],
    rows: Iterable[Mapping[str, CellValue] | Sequence[CellValue]],
    *,
    notes: Sequence[tuple[str, str]] = (),
) -> bytes:
    """``write_table_to`` in memory."""
    out = io.BytesIO()
    write_table_to(out, title, columns, rows, notes=notes)
    return out.getvalue()


def template(columns: Sequence[Column], title: str, examples: Sequence[Mapping[str, str]] = ()) -> bytes:
    """An empty table to fill in: text columns preset as text, so that Excel leaves ids and phones alone, choices
    as lists, and a sheet 说明 that explains each column and shows ``examples`` (by column key).
    """
    out = io.BytesIO()
    book = _Book(out)
    sheet = book.add_sheet(title, columns, headers=[column.header for column in columns])
    for place, column in enumerate(columns):
        if column.choices and len(",".join(column.choices)) <= _LIST_LIMIT:
            sheet.data_validation(1, place, 10_000, place, {"validate": "list", "source": list(column.choices)})
    book.add_notes(NOTES, _explain(columns, examples), (18, 18, 40, 24, *[18] * len(columns)))
    book.book.close()
    return out.getvalue()


def _explain(columns: Sequence[Column], examples: Sequence[Mapping[str, str]]) -> list[Sequence[str]]:
    lines: list[Sequence[str]] = [
        ("请在第一张表里从第 2 行起填写，列名不要改；带 * 的列必须填。",),
        (),
        ("列名", "是否必填", "怎么填", "可以填的值"),
    ]
    for column in columns:
        needed = "必填" if column.required else "选填"
        lines.append((column.title, needed, column.help or _HOW.get(column.kind, ""), "、".join(column.choices)))
    if examples:
        lines += [(), ("示例（不会被导入）",), [column.title for column in columns]]
        lines += [[example.get(column.key, "") for column in columns] for example in examples]
    return lines


_HOW = {
    "id_number": "按证件填写，单元格须为文本",
    "phone": "11 位手机号，或带区号的座机号",
    "date": "例如 2026-11-20",
    "points": "数字，最多一位小数",
    "integer": "整数",
    "choice": "从列表里选",
}


def errors_workbook(table: Table) -> bytes:
    """The cells that could not be taken over, to download and mend: row number, column, content, reason."""
    notes = [("错误总数", str(table.error_count)), ("怎么改", "按行号在原来的表格里改正，保存后重新上传整个文件。")]
    if table.unkept_errors:
        notes.append(("没有列出的", f"错误太多，另有 {table.unkept_errors} 处没有列出，请先改正列出的这些。"))
    return write_table("错误清单", _ERROR_COLUMNS, map(_error_row, table.errors), notes=notes)


def _error_row(error: RowError) -> Sequence[CellValue]:
    return (error.row_number, error.column_title, error.value, error.message)
