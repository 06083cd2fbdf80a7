"""Good tables: what offices really send."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # XlsxWriter has no types
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core.errors import Invalid
from webapp.core.points import Points
from webapp.core.sheets import Column, Table, errors_workbook, read_table, template, write_csv, write_table
from webapp.core.sheets.cells import id_check_digit
from webapp.core.text import normalise

NAME = Column("name", "姓名", required=True, max_length=20)
COLUMNS = (
    NAME,
    Column("id_number", "身份证号", "id_number"),
    Column("phone", "手机号", "phone"),
    Column("born", "出生日期", "date"),
    Column("points", "积分", "points"),
    Column("people", "人数", "integer"),
    Column("tenure", "类型", "choice", choices=("业主", "租户")),
    Column("note", "备注", "prose"),
)
ID_NUMBER = "33010219700101001" + id_check_digit("33010219700101001")


def workbook(rows: Sequence[Sequence[Any]], *, sheets: Sequence[str] = ("表",), formulas: bool = False) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": formulas, "default_date_format": "yyyy-mm-dd"})
    for name in sheets:
        book.add_worksheet(name)
    for number, cells in enumerate(rows):
        book.worksheets()[-1].write_row(number, 0, cells)
    book.close()
    return out.getvalue()


def read_rows(*rows: Sequence[Any], columns: Sequence[Column] = COLUMNS) -> Table:
    return read_table(workbook(rows), "名单.xlsx", columns)


def read_cell(column: Column, cell: Any) -> Table:
    return read_rows([column.title, "序"], [cell, 1], columns=[column])


def test_a_full_row_is_read_with_its_types() -> None:
    header = [column.title for column in COLUMNS]
    row = ["刘红梅", ID_NUMBER, 13800001234, datetime(1970, 1, 1), 12.5, 3, "租户", "独居，请多走访。"]
    table = read_rows(header, row)
    assert table.errors == []
    assert table.rows[0].number == 2
    assert table.rows[0].values == {
        "name": "刘红梅",
        "id_number": ID_NUMBER,
        "phone": "13800001234",
        "born": date(1970, 1, 1),
        "points": Points(125),
        "people": 3,
        "tenure": "租户",
        "note": "独居，请多走访。",
    }


def test_columns_may_stand_in_any_order_below_a_title_and_notes() -> None:
    table = read_rows(
        ["幸福社区居民名单"], ["填表说明：如实填写"], [], ["手机号", "序号", " 姓 名* "], ["13800001234", 1, "王芳"]
    )
    assert [(row.number, row.text("name"), row.text("phone")) for row in table.rows] == [(5, "王芳", "13800001234")]
    assert table.unknown_columns == ["序号"]
    assert "出生日期" in table.missing_columns


def test_a_header_below_the_tenth_row_is_not_found() -> None:
    with pytest.raises(Invalid, match="没有找到表头.*姓名"):
        read_rows(*[["说明"]] * 10, ["姓名"], ["王芳"])


def test_missing_required_columns_are_named() -> None:
    columns = [NAME, Column("phone", "手机号", "phone", required=True), Column("born", "出生日期", "date")]
    with pytest.raises(Invalid, match="缺少这些列：姓名、手机号"):
        read_rows(["出生日期"], ["2026-11-20"], columns=columns)


def test_a_column_that_is_there_twice_is_refused() -> None:
    with pytest.raises(Invalid, match="重复的列：姓名"):
        read_rows(["姓名", "姓名*"], ["甲", "乙"])


def test_a_table_with_a_header_only_says_that_it_is_empty() -> None:
    with pytest.raises(Invalid, match="没有数据"):
        read_table(template(COLUMNS, "居民"), "模板.xlsx", COLUMNS)


def test_empty_rows_are_skipped_and_row_numbers_stay_those_of_excel() -> None:
    table = read_rows(["姓名"], ["甲"], [], [" "], ["乙"])
    assert [row.number for row in table.rows] == [2, 5]


def test_an_id_number_typed_as_a_number_is_refused_by_row() -> None:
    table = read_rows(["姓名", "身份证号"], ["甲", ID_NUMBER], ["乙", 330102197001010010])
    assert str(table.errors[0]) == "第 3 行「身份证号」被 Excel 当成数字，后几位已丢失，请把这一列设为文本后重填。"
    assert [row.text("name") for row in table.rows] == ["甲"]


@pytest.mark.parametrize(
    "cell", ["3.30102E+17", "330102197001010010" if ID_NUMBER[-1] != "0" else "330102197001010011"]
)
def test_an_id_number_that_lost_its_digits_on_the_way_is_refused(cell: str) -> None:
    assert len(read_rows(["姓名", "身份证号"], ["甲", cell]).errors) == 1


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        (13800001234, "13800001234"),
        ("138 0000 1234", "13800001234"),
        ("+86 13800001234", "13800001234"),
        ("１３８００００１２３４", "13800001234"),
        ("0571-87654321", "0571-87654321"),
        ("（0571）87654321", "0571-87654321"),
        (87654321, "87654321"),
    ],
)
def test_a_phone_number_is_read_however_it_was_typed(cell: Any, stored: str) -> None:
    assert read_cell(COLUMNS[2], cell).rows[0].values["phone"] == stored


@pytest.mark.parametrize("cell", ["1380000123", 138000012345, "无", 1.38e20, "13800001234/13900001234", True])
def test_what_is_no_phone_number_is_reported(cell: Any) -> None:
    assert "电话号码" in read_cell(COLUMNS[2], cell).errors[0].message or cell == 1.38e20


@pytest.mark.parametrize(
    "cell",
    [
        "2026-11-20",
        "2026/11/20",
        "2026年11月20日",
        "2026.11.20",
        "20261120",
        20261120,
        datetime(2026, 11, 20),
        "2026-11-20 15:40",
    ],
)
def test_a_date_is_read_however_it_was_typed(cell: Any) -> None:
    assert read_cell(COLUMNS[3], cell).rows[0].values["born"] == date(2026, 11, 20)


@pytest.mark.parametrize("cell", ["2026-02-30", "去年", 46000, "26-11-20", "1026-11-20", 0.5])
def test_what_is_no_date_is_reported(cell: Any) -> None:
    assert "不是日期" in read_cell(COLUMNS[3], cell).errors[0].message


@pytest.mark.parametrize(
    ("cell", "tenths"), [(5, 50), (0.5, 5), (-2, -20), ("＋１.５分", 15), (0.1 + 0.2, 3), ("-0.5", -5)]
)
def test_points_are_read_as_tenths(cell: Any, tenths: int) -> None:
    assert read_cell(COLUMNS[4], cell).rows[0].values["points"] == Points(tenths)


@pytest.mark.parametrize("cell", [0.25, "两分", 1e9, "1e3", True])
def test_what_are_no_points_is_reported(cell: Any) -> None:
    assert "最多一位小数" in read_cell(COLUMNS[4], cell).errors[0].message


@pytest.mark.parametrize("cell", [3.5, "三", 1e16, "3人"])
def test_what_is_no_whole_number_is_reported(cell: Any) -> None:
    assert "整数" in read_cell(COLUMNS[5], cell).errors[0].message


def test_a_choice_outside_the_list_is_reported_with_the_list() -> None:
    assert read_cell(COLUMNS[6], " 租 户 ").rows[0].values["tenure"] == "租户"
    assert read_cell(COLUMNS[6], "房东").errors[0].message == "只能填：业主、租户。"


def test_numbers_in_a_text_column_keep_their_digits() -> None:
    assert read_cell(NAME, 302).rows[0].text("name") == "302"
    assert read_cell(NAME, 3.5).rows[0].text("name") == "3.5"
    assert "后几位已丢失" in read_cell(NAME, 1234567890123456).errors[0].message


def test_too_long_a_text_is_reported() -> None:
    assert "最多 20 个字" in read_cell(NAME, "长" * 21).errors[0].message


def test_a_long_cell_is_shown_shortened_in_the_error() -> None:
    assert len(read_cell(NAME, "长" * 4000).errors[0].value) <= 60


def test_nul_and_invisible_characters_in_cells_are_dropped() -> None:
    assert read_cell(NAME, "张\x00三\u200b丰\x07").rows[0].text("name") == "张三丰"


def test_formulas_count_with_their_last_result() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["姓名", "人数"])
    sheet.write(1, 0, "甲")
    sheet.write_formula(1, 1, "=1+2", None, 3)
    sheet.write(2, 0, "乙")
    sheet.write_formula(2, 1, "=1+2", None, "")
    sheet.write(3, 0, "丙")
    sheet.write_formula(3, 1, "=NA()", None, "#N/A")
    book.close()
    table = read_table(out.getvalue(), "a.xlsx", COLUMNS)
    assert table.rows[0].values["people"] == 3
    assert [error.row_number for error in table.errors] == [3, 4]
    assert "公式没有算出结果" in table.errors[0].message
    assert "错误值 #N/A" in table.errors[1].message


def test_of_merged_cells_only_the_first_has_a_value() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["姓名", "人数"])
    sheet.merge_range(1, 0, 2, 0, "甲")
    sheet.write(1, 1, 1)
    sheet.write(2, 1, 2)
    book.close()
    table = read_table(out.getvalue(), "a.xlsx", COLUMNS)
    assert [str(error) for error in table.errors] == ["第 3 行「姓名」没有填，这一列必须填。"]


def test_the_table_is_found_on_a_later_sheet() -> None:
    data = workbook([["姓名"], ["王芳"]], sheets=("封面", "名单"))
    table = read_table(data, "a.xlsx", COLUMNS)
    assert (table.sheet, table.rows[0].text("name")) == ("名单", "王芳")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_is_read_in_each_encoding_and_with_each_separator(encoding: str, delimiter: str) -> None:
    text = (
        delimiter.join(["姓名", "手机号", "备注"])
        + "\r\n"
        + delimiter.join(["王芳", "13800001234", '"一, 二; 三"'])
        + "\r\n"
    )
    table = read_table(text.encode(encoding), "名单.CSV", COLUMNS)
    assert table.rows[0].values["phone"] == "13800001234"
    assert table.rows[0].values["note"] == "一, 二; 三"


def test_csv_from_an_old_mac_is_read() -> None:
    assert len(read_table("姓名,人数\r甲,1\r乙,2\r".encode(), "a.csv", COLUMNS).rows) == 2


def test_errors_are_collected_all_and_the_same_file_has_the_same_fingerprint() -> None:
    data = workbook([["姓名", "人数", "积分"], ["", "x", "y"], ["乙", 1, 2]])
    table = read_table(data, "a.xlsx", COLUMNS)
    assert [error.column_title for error in table.errors] == ["姓名", "积分", "人数"]
    assert table.sha256 == read_table(data, "b.xlsx", COLUMNS).sha256


def test_more_errors_than_anybody_mends_are_counted_only() -> None:
    data = "姓名,人数\n" + "甲,x\n" * 5100
    table = read_table(data.encode(), "a.csv", COLUMNS)
    assert (len(table.errors), table.error_count) == (5000, 5100)
    listed = read_table(errors_workbook(table), "e.xlsx", [Column("n", "行号", "integer"), Column("why", "原因")])
    assert listed.rows[0].values == {"n": 2, "why": "请填整数,例如 3。"}


def test_the_list_of_errors_names_row_column_content_and_reason() -> None:
    table = read_rows(["姓名", "人数"], ["甲", "=cmd()"])
    columns = [
        Column("n", "行号", "integer"),
        Column("c", "列"),
        Column("v", "单元格内容"),
        Column("why", "原因", "prose"),
    ]
    rows = read_table(errors_workbook(table), "错误清单.xlsx", columns).rows
    assert [tuple(row.values.values()) for row in rows] == [(2, "人数", "=cmd()", "请填整数，例如 3。")]


@pytest.mark.parametrize("text", ["_x0041_", "'=1+1", "''-2", "&lt;b&gt;", "]]>", "x" * 4000])
def test_awkward_texts_come_back_from_an_export_as_they_were(text: str) -> None:
    columns = [Column("no", "序号", "integer"), Column("a", "甲", max_length=5000)]
    for data, name in ((write_table("表", columns, [(1, text)]), "a.xlsx"), (write_csv(columns, [(1, text)]), "a.csv")):
        assert read_table(data, name, columns).rows[0].values["a"] == text


CELLS = st.text(st.characters(exclude_categories=()), max_size=30)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=20))
def test_what_is_exported_can_be_imported_again(texts: list[tuple[str, str]]) -> None:
    columns = [Column("no", "序号", "integer"), Column("a", "甲"), Column("b", "乙")]
    rows = [(number, *pair) for number, pair in enumerate(texts)]
    for data, name in ((write_table("表", columns, rows), "a.xlsx"), (write_csv(columns, rows), "a.csv")):
        table = read_table(data, name, columns)
        assert table.errors == []
        got = [(row.values["no"], row.text("a"), row.text("b")) for row in table.rows]
        assert got == [(number, normalise(one), normalise(two)) for number, one, two in rows]
