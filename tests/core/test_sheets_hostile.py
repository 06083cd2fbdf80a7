"""Files that nobody should send: each is refused in plain Chinese, soon, and without harm to the server."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter  # type: ignore[import-untyped]  # XlsxWriter has no types
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.core.errors import Invalid
from webapp.core.sheets import Column, read_table, template, write_table
from webapp.core.sheets import workbook as opening

COLUMNS = (Column("name", "姓名", required=True), Column("note", "备注"))
GOOD = write_table("表", COLUMNS, [("王芳", "好"), ("李强", "")])
SHEET = "xl/worksheets/sheet1.xml"


def change(part: str, edit: Callable[[bytes], bytes], data: bytes = GOOD) -> bytes:
    """The good workbook with one of its files edited."""
    return pack({**unpack(data), part: edit(unpack(data)[part])})


def unpack(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return {name: book.read(name) for name in book.namelist()}


def pack(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        for name, content in files.items():
            book.writestr(name, content)
    return out.getvalue()


def cells(*tags: str) -> bytes:
    """The good workbook with other cells in its sheet."""
    body = "".join(tags).encode()
    return change(SHEET, lambda xml: xml.split(b"<sheetData>")[0] + b"<sheetData>" + body + b"</sheetData></worksheet>")


def text_cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *inside: str) -> str:
    return f'<row r="{number}">{"".join(inside)}</row>'


HEADER = row(1, text_cell("A1", "姓名"))
ENTITY = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = (
    b"<!DOCTYPE x [<!ENTITY a 'ha'>"
    + b"".join(b"<!ENTITY %c '%s'>" % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(10))
    + b"]>"
)


def ole(*names: str, stream: bytes = b"") -> bytes:
    """A minimal .xls: header, one sector of links, one of names, then the stream (4,096 bytes at least)."""
    stream = stream.ljust(4096, b"\0")
    stream += b"\0" * (-len(stream) % 512)
    last = 2 + len(stream) // 512
    links = [0xFFFFFFFD, 0xFFFFFFFE, *range(3, last), 0xFFFFFFFE]
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16 + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 10
    )
    header += struct.pack("<IIIIIIIII", 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0) + b"\xff" * 432
    entries = b"".join(
        _entry(name, size) for name, size in [("Root Entry", 0), *((name, len(stream)) for name in names)]
    )
    table = struct.pack(f"<{len(links)}I", *links)
    return header[:512].ljust(512, b"\xff") + table.ljust(512, b"\xff") + entries.ljust(512, b"\0") + stream


def _entry(name: str, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    kind = 5 if name == "Root Entry" else 2
    return (
        encoded.ljust(64, b"\0")
        + struct.pack("<HBB", len(encoded), kind, 1)
        + b"\xff" * 12
        + b"\0" * 36
        + struct.pack("<III", 2, size, 0)
    )


def record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


START = record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
END = record(0x0A)


def biff(*sheet: bytes, extra: bytes = b"") -> bytes:
    """A workbook stream with one sheet of these records."""
    name = struct.pack("<BB", 5, 0) + b"Sheet"
    size = len(START) + len(extra) + 4 + 6 + len(name) + len(END)
    globals_ = START + extra + record(0x85, struct.pack("<IBB", size, 0, 0) + name) + END
    return globals_ + START + b"".join(sheet) + END


def label(line: int, column: int, text: str) -> bytes:
    return record(0x204, struct.pack("<HHHHB", line, column, 0, len(text), 1) + text.encode("utf-16-le"))


def far_cell(place: str) -> bytes:
    number = int("".join(char for char in place if char.isdigit()))
    return cells(HEADER, row(number, text_cell(place, "远")))


def many_entries() -> bytes:
    return pack({**unpack(GOOD), **{f"xl/media/{number}.png": b"" for number in range(3000)}})


def bomb(part: str = "xl/sharedStrings.xml") -> bytes:
    return pack({**unpack(GOOD), part: b"<sst>" + b"<si><t>a</t></si>" * 12_000_000})


def lying_bomb() -> bytes:
    """The directory says that the sheet is small; it is not."""
    data = change(SHEET, lambda xml: xml.replace(b"<sheetData>", b"<sheetData>" + b" " * 50_000_000))
    true_size = struct.pack("<I", len(unpack(data)[SHEET]))
    return data.replace(true_size, struct.pack("<I", 1000))


def doubled_entry() -> bytes:
    out = io.BytesIO(GOOD)
    with zipfile.ZipFile(out, "a") as book, pytest.warns(UserWarning, match="Duplicate"):
        book.writestr(SHEET, b"<worksheet/>")
    return out.getvalue()


def encrypted_entry() -> bytes:
    flagged = bytearray(GOOD)
    place = flagged.find(b"PK\x01\x02")
    flagged[place + 8] |= 1
    return bytes(flagged)


def other_method() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as book:
        for name, content in unpack(GOOD).items():
            book.writestr(name, content)
    return out.getvalue()


def amplified() -> bytes:
    """One long shared text in each of very many cells."""
    shared = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
        + b"a" * 30_000
        + b"</t></si></sst>"
    )
    rows = "".join(row(number, f'<c r="A{number}" t="s"><v>0</v></c>') for number in range(2, 60_000))
    files = unpack(cells(HEADER, rows))
    files["[Content_Types].xml"] = files["[Content_Types].xml"].replace(
        b"</Types>",
        b'<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'spreadsheetml.sharedStrings+xml"/></Types>',
    )
    relation = b'<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/>'
    rels = "xl/_rels/workbook.xml.rels"
    files[rels] = files[rels].replace(b"</Relationships>", relation + b"</Relationships>")
    return pack({**files, "xl/sharedStrings.xml": shared})


def hidden() -> bytes:
    return change("xl/workbook.xml", lambda xml: xml.replace(b"<sheet ", b'<sheet state="hidden" '))


def no_sheets() -> bytes:
    return change("xl/workbook.xml", lambda xml: xml.split(b"<sheets>")[0] + b"<sheets></sheets></workbook>")


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "an empty file": ("a.xlsx", lambda: b"", "空文件"),
    "blanks only": ("a.csv", lambda: b" \r\n\t", "空文件"),
    "only NUL": ("a.csv", lambda: b"\0" * 5000, "不是表格文件"),
    "NUL within text": ("a.csv", lambda: "姓名\n王\0芳\n".encode(), "不是表格文件"),
    "text that is neither UTF-8 nor GB18030": ("a.csv", lambda: b"\xff\xff\xff\x80", "不是表格文件"),
    "text in UTF-16": ("a.csv", lambda: "姓名\n王芳\n".encode("utf-16"), "不是表格文件"),
    "a picture named .csv": ("a.csv", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "不是表格文件"),
    "a PDF named .xlsx": ("a.xlsx", lambda: b"%PDF-1.7\n", "不是 Excel"),
    "a web page named .xls": ("a.xls", lambda: b"\xef\xbb\xbf<html><table><tr><td>\xe5\xa7\x93", "内容却是网页"),
    "a web page named .csv": ("a.csv", lambda: b"<!DOCTYPE html>", "内容却是网页"),
    "XML of Excel 2003 named .xls": ("a.xls", lambda: b'<?xml version="1.0"?><Workbook/>', "内容却是网页"),
    "text named .xlsx": ("a.xlsx", lambda: "姓名\n王芳".encode(), "内容却是纯文本"),
    "an .xlsx named .xls": ("a.xls", lambda: GOOD, "内容却是新版"),
    "an .xlsx named .csv": ("a.csv", lambda: GOOD, "内容却是新版"),
    "an .xls named .xlsx": ("a.xlsx", lambda: ole("Workbook"), "内容却是旧版"),
    "a name without an ending": ("名单", lambda: GOOD, "只能上传"),
    "a name with two endings": ("a.xlsx.exe", lambda: GOOD, "只能上传"),
    "a file of 21 MB": ("a.csv", lambda: b"a" * (21 << 20), "最大 20 MB"),
    "a zip that is no workbook": ("a.xlsx", lambda: pack({"a.txt": b"x"}), "不是 Excel"),
    "a Word document": (
        "a.xlsx",
        lambda: pack({"[Content_Types].xml": b"<Types/>", "word/document.xml": b""}),
        "不是 Excel",
    ),
    "a zip within a zip": ("a.xlsx", lambda: pack({"inner.xlsx": GOOD}), "不是 Excel"),
    "a binary workbook": (
        "a.xlsx",
        lambda: pack({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b""}),
        "不支持这种",
    ),
    "half a workbook": ("a.xlsx", lambda: GOOD[: len(GOOD) // 2], "打不开"),
    "a workbook with a flipped byte": ("a.xlsx", lambda: GOOD[:60] + b"\x00\xff" + GOOD[62:], "打不开"),
    "a workbook without its sheet": (
        "a.xlsx",
        lambda: pack({k: v for k, v in unpack(GOOD).items() if k != SHEET}),
        "打不开",
    ),
    "a workbook without relations": (
        "a.xlsx",
        lambda: pack({k: v for k, v in unpack(GOOD).items() if k != "xl/_rels/workbook.xml.rels"}),
        "打不开",
    ),
    "broken XML in the workbook": ("a.xlsx", lambda: change("xl/workbook.xml", lambda xml: xml[:200]), "打不开"),
    "broken XML in the sheet": (
        "a.xlsx",
        lambda: change(SHEET, lambda xml: xml[: len(xml) // 2] + b"<<&"),
        "打不开|没有数据",
    ),
    "a workbook of hidden sheets": ("a.xlsx", hidden, "没有工作表"),
    "a workbook without sheets": ("a.xlsx", no_sheets, "没有工作表"),
    "a sheet without cells": ("a.xlsx", lambda: cells(), "没有找到表头"),
    "a reference to a file of the server": (
        "a.xlsx",
        lambda: change(SHEET, lambda xml: ENTITY + xml),
        "不能处理的内容",
    ),
    "a billion laughs": ("a.xlsx", lambda: change(SHEET, lambda xml: LAUGHS + xml), "不能处理的内容"),
    "a sheet in UTF-16": ("a.xlsx", lambda: change(SHEET, lambda xml: xml.decode().encode("utf-16")), "不能处理的内容"),
    "200 MB of text in 200 kB": ("a.xlsx", bomb, "解开后太大"),
    "200 MB in a file of another name": ("a.xlsx", lambda: bomb("xl/media/x.png"), "解开后太大"),
    "a bomb that lies about its size": ("a.xlsx", lying_bomb, "打不开"),
    "3,000 files in the workbook": ("a.xlsx", many_entries, "不能处理的内容"),
    "two sheets of one name": ("a.xlsx", doubled_entry, "不能处理的内容"),
    "files under a password": ("a.xlsx", encrypted_entry, "加了密码"),
    "an unusual compression": ("a.xlsx", other_method, "不能处理的内容"),
    "an encrypted workbook": ("a.xlsx", lambda: ole("EncryptionInfo", "EncryptedPackage"), "加了密码"),
    "an encrypted workbook named .xls": ("a.xls", lambda: ole("EncryptionInfo", "EncryptedPackage"), "加了密码"),
    "a cell in the last place of the grid": ("a.xlsx", lambda: far_cell("XFD1048576"), "超过 100,000 行"),
    "a cell far below": ("a.xlsx", lambda: far_cell("A1048576"), "超过 100,000 行"),
    "a cell far to the right and below": ("a.xlsx", lambda: far_cell("XFD90000"), "范围太大"),
    "a column beyond the grid": ("a.xlsx", lambda: far_cell("ZZZ2"), "范围太大"),
    "a long text in each of 60,000 cells": ("a.xlsx", amplified, "太大|打不开"),
    "a tag without an end": ("a.xlsx", lambda: cells(HEADER, "<c " + 'r="A1" ' * 300_000), "打不开|没有数据|不能处理"),
    "17,000 columns of text": ("a.csv", lambda: ("姓名" + ",x" * 17_000).encode(), "16,384 列"),
    "20 MB of separators": ("a.csv", lambda: "姓名\n".encode() + b"," * (19 << 20), "16,384 列"),
    "a quotation mark that never ends": ("a.csv", lambda: '姓名\n"王芳\n'.encode() + b"x\n" * 200_000, "引号不成对"),
    "a million rows of text": ("a.csv", lambda: "姓名\n".encode() + b"a\n" * 1_000_000, "超过 100,000 行"),
    "an .xls without a workbook": ("a.xls", lambda: ole("Letter"), "不是 Excel"),
    "half an .xls": ("a.xls", lambda: ole("Workbook")[:700], "打不开|不是 Excel|没有工作表"),
    "an .xls header only": ("a.xls", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "打不开"),
    "an .xls whose links run in circles": (
        "a.xls",
        lambda: ole("Workbook").replace(struct.pack("<II", 3, 4), struct.pack("<II", 2, 2)),
        "打不开|不是 Excel|没有工作表|没有找到表头",
    ),
    "an .xls under a password": (
        "a.xls",
        lambda: ole("Workbook", stream=biff(extra=record(0x2F, b"\0" * 6))),
        "加了密码",
    ),
    "an .xls that says it has 4 billion rows": (
        "a.xls",
        lambda: ole("Workbook", stream=biff(record(0x200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0)))),
        "不能处理的内容",
    ),
    "an .xls that reaches far": (
        "a.xls",
        lambda: ole("Workbook", stream=biff(label(0, 0, "姓名"), label(65535, 255, "x"))),
        "范围太大",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_is_refused_in_plain_chinese_within_two_seconds(what: str) -> None:
    filename, make, reason = HOSTILE[what]
    data = make()
    start = work_done()
    with pytest.raises(Invalid, match=reason):
        read_table(data, filename, COLUMNS)
    assert work_done() - start < 2


def work_done() -> float:
    """Seconds of work of this process and of those that it waited for; a busy machine does not count."""
    return sum(os.times()[:4])


def test_a_workbook_with_a_million_rows_is_refused() -> None:
    rows = "".join(row(number, text_cell(f"A{number}", "王")) for number in range(2, 1_000_002))
    with pytest.raises(Invalid, match="超过 100,000 行"):
        read_table(cells(HEADER, rows), "a.xlsx", COLUMNS)


def test_an_xls_made_by_hand_is_read_and_its_error_cells_are_reported() -> None:
    sheet = [label(0, 0, "姓名"), label(0, 1, "备注"), label(1, 0, "王芳"), label(2, 0, "李强")]
    sheet.append(record(0x205, struct.pack("<HHHBB", 2, 1, 0, 42, 1)))
    table = read_table(ole("Workbook", stream=biff(*sheet)), "a.xls", COLUMNS)
    assert [row.text("name") for row in table.rows] == ["王芳"]
    assert [str(error) for error in table.errors] == ["第 3 行「备注」单元格里是错误值 #N/A，请改正后重填。"]


def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell() -> None:
    formula = '<c r="B2" t="str"><f>IF(A2="","",A2)</f><v></v></c>'
    header = row(1, text_cell("A1", "姓名"), text_cell("B1", "备注"))
    table = read_table(cells(header, row(2, text_cell("A2", "王芳"), formula)), "a.xlsx", COLUMNS)
    assert (table.errors, table.rows[0].values["note"]) == ([], None)


def test_blank_cells_with_a_format_far_below_do_no_harm() -> None:
    blank = "".join(f'<row r="{number}"><c r="XFD{number}" s="1"/></row>' for number in (5, 1_048_576))
    table = read_table(cells(HEADER, row(2, text_cell("A2", "王芳")), blank), "a.xlsx", COLUMNS)
    assert [row.text("name") for row in table.rows] == ["王芳"]


def test_what_the_parser_dies_of_does_not_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_START", "import os; os.abort()")
    with pytest.raises(Invalid, match="打不开"):
        read_table(GOOD, "a.xlsx", COLUMNS)


def test_a_file_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "_START", "import time; time.sleep(60)")
    monkeypatch.setattr(opening, "SECONDS", 0.3)
    with pytest.raises(Invalid, match="太复杂"):
        read_table(GOOD, "a.xlsx", COLUMNS)


def test_the_process_that_opens_files_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "geheim")
    monkeypatch.setattr(opening, "_START", "import json, os; print(json.dumps({'refused': ','.join(os.environ)}))")
    with pytest.raises(Invalid) as refusal:
        read_table(GOOD, "a.xlsx", COLUMNS)
    assert "SECRET_KEY" not in str(refusal.value)


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(["a.xlsx", "a.xls"]), st.integers(0, len(GOOD)), st.binary(min_size=1, max_size=20))
def test_no_damage_to_a_file_is_worse_than_a_refusal(filename: str, place: int, noise: bytes) -> None:
    good = GOOD if filename == "a.xlsx" else ole("Workbook", stream=biff(label(0, 0, "姓名"), label(1, 0, "王")))
    data = good[:place] + noise + good[place + len(noise) :]
    try:
        table = read_table(data, filename, COLUMNS)
    except Invalid:
        return
    assert table.rows or table.errors


def test_text_in_a_template_that_looks_like_a_formula_stays_text() -> None:
    columns = [Column("a", '=HYPERLINK("http://x")', help="=1+1", choices=("=1", "@2"), kind="choice")]
    assert b"<f>" not in unpack(template(columns, "=表"))[SHEET]


def test_a_macro_workbook_named_xlsx_is_read_for_its_values_only() -> None:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet().write_column(0, 0, ["姓名", "王芳"])
    book.close()
    data = pack({**unpack(out.getvalue()), "xl/vbaProject.bin": b"\0" * 1000})
    assert len(read_table(data, "a.xlsx", COLUMNS).rows) == 1
