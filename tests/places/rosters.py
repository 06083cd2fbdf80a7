"""Rows of rosters as an office sends them, and the files they come in."""

from __future__ import annotations

import csv
import io
from typing import Any

from sqlalchemy import func, select

from webapp.extensions import db
from webapp.places.service import imports
from webapp.places.service.imports import Preview, Reading

SECRET = "the installation's key"
ID_WANG, ID_LI = "11010519491231002X", "440524188001010014"
Rows = list[dict[str, Any]]


def file_of(rows: Rows, encoding: str = "utf-8-sig") -> bytes:
    """A CSV as an office saves it, with the columns that the rows name."""
    titles = list(dict.fromkeys(title for row in rows for title in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, titles)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def reading_of(register: str, rows: Rows | bytes) -> Reading:
    data = rows if isinstance(rows, bytes) else file_of(rows)
    return imports.read(imports.register_of(register), data, f"{register}.csv", secret=SECRET)


def messages(preview: Preview) -> list[str]:
    return [str(error) for error in preview.errors]


def count(model: type[Any]) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


COURTYARD_ROWS: Rows = [
    {
        "院落编号": "y001",
        "院落名称": "文林路1号院",
        "所属区域": "红色网格/一片区",
        "地址": "文林路 1 号",
        "街巷": "文林路",
        "排序": 1,
    },
    {"院落编号": "Y002", "院落名称": "文林路2号院", "所属区域": "02", "地址": "", "街巷": "", "排序": ""},
]


HOUSEHOLD_ROWS: Rows = [
    {"户号": "1-101", "户主": "刘红梅", "院落编号": "Y1", "居住情况": "房主", "住户电话": "13800001234", "居民姓名": "刘红梅", "与户主关系": "户主", "证件号码": "", "党员": "是", "志愿者": "", "入住日期": "2020-5-1"},
    {"户号": "1-101", "户主": "", "院落编号": "", "居住情况": "", "住户电话": "", "居民姓名": "王小明", "与户主关系": "儿子", "证件号码": ID_WANG, "党员": "", "志愿者": "是", "入住日期": ""},
    {"户号": "1-102", "户主": "李强", "院落编号": "Y1", "居住情况": "租户", "住户电话": "", "居民姓名": "", "与户主关系": "", "证件号码": "", "党员": "", "志愿者": "", "入住日期": ""},
]  # fmt: skip
