"""How far a sheet may reach, and the ways to refuse a file; each message is for the person who sent it."""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

CELLS = 3_000_000  # rows times columns in use: the parser keeps 32 bytes for each, empty or not
COLUMNS = 16_384  # Excel's own limit
CELL_TEXT = 5000  # characters; longer ones are cut here and refused by their column's limit
HEADER_ROWS = 10  # the header is one of these; notes may stand above it
MARKS = 20_000  # cells without a value of which we keep count

DAMAGED = "文件打不开，可能已损坏或没有传完。请用 Excel 打开确认后另存为 .xlsx 再上传。"
LOCKED = "文件加了密码，系统打不开。请在 Excel 里取消密码后再上传。"
NO_SHEET = "文件里没有工作表，或工作表都被隐藏了。请把数据放在第一张工作表里再上传。"
NOT_EXCEL = "这不是 Excel 表格文件。请用下载的模板填写后再上传。"
TOO_BIG = "文件解开后太大，系统不能处理。请删掉图片和用不到的工作表，或分成几个文件上传。"
TOO_WIDE = "表格用到的范围太大（数据旁边或下面很远处还有内容）。请把数据复制到新模板里再上传。"
OTHER_EXCEL = "不支持这种 Excel 格式。请用 Excel 打开后另存为 .xlsx 再上传。"
STRANGE = "文件里有系统不能处理的内容。请把数据复制到新模板里再上传。"

FORMULA = "公式没有算出结果，请用 Excel 打开并保存一次，或直接填上数值。"

#: (row, column), both from zero -> why the cell there has no value although it looks filled.
Marks = dict[tuple[int, int], str]


class Refused(Exception):
    """The file as a whole cannot be read; the message is for the person who sent it."""


def refuse(reason: str) -> NoReturn:
    raise Refused(reason)


def too_many_rows(max_rows: int) -> NoReturn:
    refuse(f"数据超过 {max_rows:,} 行。请分成几个文件上传。")


def title_key(title: object) -> str:
    """What two spellings of a header have in common: no blanks, no mark for "required", full width folded."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(title))).casefold()
    return re.sub(r"\*|\((?:必填|选填)\)", "", text)


def column_number(letters: str) -> int:
    """``A`` -> 0, ``AA`` -> 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


class Extent:
    """How far the filled cells of a sheet reach; refuses before the parser makes room for it."""

    def __init__(self, max_rows: int) -> None:
        self.max_rows = max_rows
        self.rows = self.columns = 0

    def add(self, row: int, column: int) -> None:
        """Count a filled cell; both numbers from zero."""
        self.rows = max(self.rows, row + 1)
        self.columns = max(self.columns, column + 1)
        if row > self.max_rows + HEADER_ROWS:
            too_many_rows(self.max_rows)
        if self.columns > COLUMNS or self.rows * self.columns > CELLS:
            refuse(TOO_WIDE)


def error_mark(code: str) -> str:
    """Why a cell that shows ``#N/A`` or the like has no value."""
    return f"单元格里是错误值 {code}，请改正后重填。"
