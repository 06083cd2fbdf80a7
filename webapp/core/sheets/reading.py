"""Reading an uploaded table: every bad cell is reported by row and column, nothing is guessed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Literal

from webapp.core.errors import Invalid
from webapp.core.sheets.cells import Raw, convert, show_raw
from webapp.core.sheets.columns import Column, Row, Table
from webapp.core.sheets.delimited import NO_TEXT, read_csv
from webapp.core.sheets.opener.limits import HEADER_ROWS, LOCKED, NOT_EXCEL, title_key
from webapp.core.sheets.workbook import read_workbook
from webapp.core.text import normalise

MAX_ROWS = 100_000
MAX_BYTES = 20 << 20
MAX_UNKNOWN = 20

Content = Literal["xlsx", "xls", "csv", "html", "other"]
_NAMES = {"xlsx": "新版 Excel（.xlsx）", "xls": "旧版 Excel（.xls）", "csv": "纯文本", "html": "网页"}


def read_table(
    data: bytes, filename: str, columns: Sequence[Column], *, max_rows: int = MAX_ROWS, max_bytes: int = MAX_BYTES
) -> Table:
    """Read an .xlsx, .xls or .csv whose header, in one of the first ten rows, has the columns' titles in any order.

    A bad cell never raises: it becomes a ``RowError``, and its row is left out of ``rows``. Empty rows are skipped.
    ``data`` may be of any origin: it is opened in a process with limited memory and time.

    :raises Invalid: if the file as a whole cannot be used: too large, damaged, encrypted, hostile, no table, without
        a required column, without data.
    """
    if len(data) > max_bytes:
        raise Invalid(f"文件太大，最大 {max_bytes >> 20} MB。请分成几个文件上传。")
    titles = [column.match_key for column in columns]
    sheet, grid = _read_grid(data, filename, titles, max_rows)
    header = _find_header(grid, columns)
    table = Table(hashlib.sha256(data).hexdigest(), sheet, list(columns))
    places = _place_columns(grid[header], table)
    for index in range(header + 1, len(grid)):
        if any(cell is not None and cell != "" for cell in grid[index]):
            _read_row(index + 1, grid[index], places, table)
        grid[index] = []  # no longer needed: half the memory of a large file
    _check_size(table, len(grid) - header - 1, max_rows)
    return table


def _check_size(table: Table, rows: int, max_rows: int) -> None:
    if rows > max_rows:
        raise Invalid(f"数据超过 {max_rows:,} 行。请分成几个文件上传。")
    if not table.rows and not table.errors:
        raise Invalid("表里只有表头，没有数据。请从表头下面一行开始填写，保存后再上传。")


def content_of(data: bytes) -> Content:
    """What a file is by its first bytes, whatever its name says."""
    if data.startswith(b"PK\x03\x04"):
        return "xlsx"
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "xls"
    start = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"<style", b"<body")):
        return "html"
    return "other" if b"\0" in data[:2048] or start.startswith((b"%pdf", b"{\\rtf")) else "csv"


def _read_grid(data: bytes, filename: str, titles: list[str], max_rows: int) -> tuple[str, list[list[Raw]]]:
    """:raises Invalid: if the name promises another content than there is."""
    promised = normalise(filename).rpartition(".")[2].lower()
    if promised not in ("xlsx", "xls", "csv"):
        raise Invalid("只能上传 .xlsx、.xls 或 .csv 表格文件。")
    if not data.strip():
        raise Invalid("这是一个空文件，里面没有内容。请确认选对了文件。")
    content = content_of(data)
    if content != promised:
        raise Invalid(_mismatch(data, content, promised))
    if content == "csv":
        return "", read_csv(data, titles, max_rows)
    return read_workbook(data, "xlsx" if content == "xlsx" else "xls", titles, max_rows)


def _mismatch(data: bytes, content: Content, promised: str) -> str:
    """Why a file is not what its name says."""
    if content == "other":
        return NO_TEXT if promised == "csv" else NOT_EXCEL
    if "EncryptedPackage".encode("utf-16-le") in data:  # Excel wraps an encrypted .xlsx like an .xls
        return LOCKED
    return f"文件名是 .{promised}，内容却是{_NAMES[content]}。请用 Excel 打开后另存为 .xlsx 再上传。"


def _find_header(grid: list[list[Raw]], columns: Sequence[Column]) -> int:
    """The index of the row, among the first ten, that has most of the titles."""
    wanted = {column.match_key for column in columns}
    found = [len(wanted.intersection(title_key(cell) for cell in row if cell)) for row in grid[:HEADER_ROWS]]
    if not found or not max(found):
        titles = "、".join(column.title for column in columns if column.required) or columns[0].title
        raise Invalid(f"没有找到表头。表格前 {HEADER_ROWS} 行里应有一行写着：{titles}。请用下载的模板填写。")
    return found.index(max(found))


def _place_columns(header: list[Raw], table: Table) -> list[tuple[int | None, Column]]:
    """Where each column stands in the file. :raises Invalid: naming columns that are missing or there twice."""
    keys = [title_key(cell) if cell else "" for cell in header]
    twice = [column.title for column in table.columns if keys.count(column.match_key) > 1]
    if twice:
        raise Invalid(f"表头里有重复的列：{'、'.join(twice)}。请删掉多余的一列再上传。")
    missing = [column for column in table.columns if column.match_key not in keys]
    lacking = [column.title for column in missing if column.required]
    if lacking:
        raise Invalid(f"表格缺少这些列：{'、'.join(lacking)}。请用下载的模板填写，或把列名改成一样。")
    known = {column.match_key for column in table.columns}
    table.missing_columns = [column.title for column in missing]
    unknown = [normalise(show_raw(cell)) for cell, key in zip(header, keys, strict=True) if key and key not in known]
    table.unknown_columns = unknown[:MAX_UNKNOWN]
    return [(keys.index(column.match_key) if column not in missing else None, column) for column in table.columns]


def _read_row(number: int, cells: list[Raw], places: list[tuple[int | None, Column]], table: Table) -> None:
    values, good = {}, True
    for place, column in places:
        raw = cells[place] if place is not None and place < len(cells) else None
        try:
            values[column.key] = convert(column, raw)
        except Invalid as error:
            table.blame(number, column.title, error.message, show_raw(raw))
            good = False
    if good:
        table.rows.append(Row(number, values))
