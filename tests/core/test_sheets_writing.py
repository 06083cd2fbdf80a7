"""Exports and templates as Excel sees them: real numbers and dates, text where digits matter, and no formula."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from webapp.core.errors import Invalid
from webapp.core.points import Points
from webapp.core.sheets import CellValue, Column, template, write_csv, write_table, write_table_to, writing
from webapp.core.sheets.writing import sheet_name

COLUMNS = (
    Column("name", "姓名", required=True),
    Column("phone", "手机号", "phone"),
    Column("points", "积分", "points"),
    Column("count", "次数", "integer"),
    Column("born", "出生日期", "date"),
    Column("at", "时间"),
    Column("tenure", "类型", "choice", choices=("业主", "租户")),
)
DANGERS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "http://x.cn",
    "=cmd|' /C calc'!A0",
]


def parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name).decode() for name in book.namelist() if name.endswith((".xml", ".rels"))}


def cells(data: bytes, sheet: int = 0) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(sheet).to_python()


def test_points_are_numbers_phones_are_text_and_dates_are_dates() -> None:
    row: dict[str, CellValue] = {
        "name": "刘红梅",
        "phone": "13800001234",
        "points": Points(125),
        "count": 3,
        "born": date(1970, 1, 1),
        "at": datetime(2026, 11, 20, 16, 30, tzinfo=UTC),
        "tenure": None,
    }
    data = write_table("居民", COLUMNS, [row])
    assert cells(data)[1] == ["刘红梅", "13800001234", 12.5, 3.0, date(1970, 1, 1), datetime(2026, 11, 21, 0, 30), ""]


def test_points_are_written_with_one_decimal_at_most_and_without_rounding_noise() -> None:
    data = write_table("积分", [Column("p", "积分", "points")], [(Points(tenths),) for tenths in (-20, 3, 125, 10)])
    assert re.findall("<v>(.*?)</v>", parts(data)["xl/worksheets/sheet1.xml"]) == ["-2", "0.3", "12.5", "1"]


def test_stored_tenths_are_written_as_points() -> None:
    assert cells(write_table("积分", [Column("p", "积分", "points")], [(125,), (-5,)]))[1:] == [[12.5], [-0.5]]


@pytest.mark.parametrize("text", DANGERS)
def test_no_text_becomes_a_formula_or_a_link(text: str) -> None:
    column = Column("a", text, choices=(text,), help=text)
    exported = write_table(text, [column], [(text,)], notes=[(text, text)])
    for data in (exported, template([column], text, [{"a": text}])):
        for name, xml in parts(data).items():
            if name.startswith("xl/worksheets"):
                assert not re.search(r"<f\b|<hyperlink", xml), name


@pytest.mark.parametrize("text", DANGERS[:10])
def test_in_csv_a_text_that_would_be_a_formula_is_marked(text: str) -> None:
    line = write_csv([Column("a", "甲"), Column("b", "乙")], [("x", text)]).decode("utf-8-sig").split("\r\n", 1)[1]
    assert line.removeprefix("x,").lstrip('"').startswith("'")


def test_in_csv_numbers_stay_numbers() -> None:
    columns = [Column("p", "积分", "points"), Column("n", "次数", "integer"), Column("d", "数", "integer")]
    data = write_csv(columns, [(Points(-5), -3, Decimal("-1.5"))])
    assert data == b"\xef\xbb\xbf" + "积分,次数,数\r\n-0.5,-3,-1.5\r\n".encode()


def test_the_header_stays_in_sight_and_can_be_filtered() -> None:
    xml = parts(write_table("居民", COLUMNS, [["甲", "", 1, 2, None, None, "业主"]] * 3))["xl/worksheets/sheet1.xml"]
    assert 'state="frozen"' in xml
    assert '<autoFilter ref="A1:G4"/>' in xml
    assert "<cols>" in xml


def test_the_notes_say_what_was_exported_by_whom_and_when() -> None:
    data = write_table(
        "居民", COLUMNS, [], notes=[("筛选", "第一网格"), ("导出人", "网格员 张*"), ("时间", "2026-11-20 15:40")]
    )
    assert cells(data, 1) == [["筛选", "第一网格"], ["导出人", "网格员 张*"], ["时间", "2026-11-20 15:40"]]


def test_an_empty_list_is_exported_with_its_header() -> None:
    assert cells(write_table("居民", COLUMNS, [])) == [[column.title for column in COLUMNS]]


def test_an_export_can_go_straight_into_a_file() -> None:
    out = io.BytesIO()
    write_table_to(out, "居民", COLUMNS[:1], iter([("甲",), ("乙",)]))
    assert [row[0] for row in cells(out.getvalue())] == ["姓名", "甲", "乙"]


def test_characters_that_no_file_can_hold_are_left_out() -> None:
    data = write_table("表", COLUMNS[:1], [("张\x00\ud800三\x0b\uffff丰",), ("长" * 40_000,)])
    assert cells(data)[1][0] == "张三 丰"
    assert len(cells(data)[2][0]) == 32_767


def test_more_rows_than_excel_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_ROWS", 2)
    with pytest.raises(Invalid, match="缩小范围"):
        write_table("表", COLUMNS[:1], [("甲",)] * 3)


def test_dates_before_excels_calendar_are_written_as_text() -> None:
    assert cells(write_table("表", [Column("d", "日期", "date")], [(date(1899, 12, 31),)]))[1] == ["1899-12-31"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("2026/10 [积分]*台账?", "2026 10  积分  台账"),
        ("长" * 40, "长" * 31),
        ("'", "表格"),
        ("说明", "表格"),
        ("", "表格"),
    ],
)
def test_a_sheet_is_named_as_excel_allows(title: str, name: str) -> None:
    assert sheet_name(title) == name


def test_a_template_presets_text_offers_the_choices_and_explains_each_column() -> None:
    data = template(COLUMNS, "居民", [{"name": "刘红梅", "phone": "13800001234"}])
    assert cells(data) == [["姓名*", "手机号", "积分", "次数", "出生日期", "时间", "类型"]]
    sheet = parts(data)["xl/worksheets/sheet1.xml"]
    assert '<dataValidation type="list"' in sheet
    assert "业主,租户" in sheet
    texts = [cell for row in cells(data, 1) for cell in row if cell]
    assert {"必填", "选填", "业主、租户", "刘红梅", "例如 2026-11-20"} <= set(texts)


def test_a_row_with_too_few_cells_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="shorter"):
        write_table("表", COLUMNS, [("甲",)])
