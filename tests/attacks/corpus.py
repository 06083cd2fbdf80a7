"""Hostile files, made when they are needed: what ``tests/core`` reads directly, and more that only a form can meet.

Each table: (what it is called) -> (file name, its bytes, what the answer says). Each picture: (bytes, what the answer says).
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial

from PIL import Image, ImageCms

from tests.core.test_pictures import GPS, REASONS, exif, picture
from tests.core.test_pictures import HOSTILE as PICTURES
from tests.core.test_sheets_hostile import HOSTILE as TABLES
from tests.core.test_sheets_hostile import SHEET, cells, change, pack, row, text_cell, unpack

Table = tuple[str, Callable[[], bytes], str]
Picture = tuple[Callable[[], bytes], str]

#: 户号 户主 居住情况 住户电话 居民姓名 证件号码 入住日期
TITLES = ("户号", "户主", "居住情况", "住户电话", "居民姓名", "证件号码", "入住日期")
HEADER = row(1, *(text_cell(f"{'ABCDEFG'[place]}1", title) for place, title in enumerate(TITLES)))
NUMBER = "99-01-01"


def household(*more: str, number: int = 2, door: str = NUMBER) -> str:
    """A good row, with other cells after the number."""
    return row(number, text_cell(f"A{number}", door), *(more or (text_cell(f"B{number}", "王芳"),)))


def roster(*rows: str, door: str = NUMBER) -> bytes:
    return cells(HEADER, *rows) if rows else cells(HEADER, household(door=door))


def csv_roster(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join([",".join(TITLES), *lines]).encode(encoding, "surrogatepass")


def number_cell(place: str, value: str) -> str:
    return f'<c r="{place}"><v>{value}</v></c>'


def with_part(name: str, content: bytes, *, attributes: int = 0) -> bytes:
    """A good roster with another file in it."""
    out = io.BytesIO(roster())
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as book:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = attributes
        book.writestr(entry, content)
    return out.getvalue()


def linked() -> bytes:
    """A workbook that would like to fetch something from elsewhere."""
    link = (
        b'<?xml version="1.0"?><externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<externalBook r:id="rId1" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"/></externalLink>'
    )
    target = b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="x" Target="http://127.0.0.1:9/x.xlsx" TargetMode="External"/></Relationships>'
    files = unpack(roster(household(text_cell("B2", "王芳"), '<c r="D2"><f>[1]Sheet1!A1</f></c>')))
    return pack(
        {**files, "xl/externalLinks/externalLink1.xml": link, "xl/externalLinks/_rels/externalLink1.xml.rels": target}
    )


def merged() -> bytes:
    """One number for two rows: the second has none of its own."""
    book = roster(
        household(), household(text_cell("B3", "李强"), number=3).replace(text_cell("A3", NUMBER), '<c r="A3"/>')
    )
    return change(
        SHEET,
        lambda xml: xml.replace(
            b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>'
        ),
        book,
    )


#: A row of them cannot be used: the preview names it, and nothing can be confirmed.
BAD_ROWS: dict[str, Table] = {
    "a formula without its result": ("a.xlsx", lambda: roster(household('<c r="B2"><f>HYPERLINK("http://x")</f></c>')), "第 2 行|>2<"),
    "an error in a cell": ("a.xlsx", lambda: roster(household('<c r="B2" t="e"><v>#REF!</v></c>')), "#REF!"),
    "an ID number as a number": ("a.xlsx", lambda: roster(household(text_cell("E2", "王芳"), number_cell("F2", "330197197001011234"))), "证件号码"),
    "an ID number that Excel has rounded": ("a.xlsx", lambda: roster(household(text_cell("E2", "王芳"), text_cell("F2", "3.30197E+17"))), "证件号码"),
    "a phone with its first digit lost": ("a.xlsx", lambda: roster(household(text_cell("B2", "王芳"), number_cell("D2", "3800001234"))), "住户电话"),
    "a phone in powers of ten": ("a.xlsx", lambda: roster(household(text_cell("B2", "王芳"), text_cell("D2", "1.38E+10"))), "住户电话"),
    "a number where a day is wanted": ("a.xlsx", lambda: roster(household(text_cell("E2", "王芳"), number_cell("G2", "99999999"))), "入住日期"),
    "a day that there is not": ("a.csv", lambda: csv_roster(f"{NUMBER},王芳,,,王芳,,2026-02-30"), "入住日期"),
    "merged cells": ("a.xlsx", merged, "户号"),
    "a number twice": ("a.csv", lambda: csv_roster(f"{NUMBER},王芳", f"{NUMBER},李强"), NUMBER),
    "a word that is no choice": ("a.csv", lambda: csv_roster(f"{NUMBER},王芳,借住"), "居住情况"),
    "a name of 5,000 characters": ("a.csv", lambda: csv_roster(f"{NUMBER},{'王' * 5000}"), "户主"),
    "a cell of 100 MB": ("a.xlsx", lambda: roster(household(text_cell("B2", "a" * (100 << 20)))), "户主|太大|打不开"),
    "not a number": ("a.xlsx", lambda: roster(household(text_cell("E2", "王芳"), number_cell("G2", "NaN"))), "入住日期|打不开"),
    "a number beyond numbers": ("a.xlsx", lambda: roster(household(text_cell("E2", "王芳"), number_cell("G2", "1e400"))), "入住日期|打不开"),
    "a link to another workbook": ("a.xlsx", linked, "住户电话"),
    "5,000 bad rows": ("a.csv", lambda: csv_roster(*(f"{NUMBER},王芳,借住" for _ in range(5000))), "5,000|5000|4999"),
}  # fmt: skip

#: The file as a whole is refused with this form's columns.
BAD_FILES: dict[str, Table] = {
    "a header twice": ("a.csv", lambda: "户号,户号,户主\n1,2,王芳".encode(), "重复的列：户号"),
    "another list": ("a.csv", lambda: "店名,电话\n五金店,1".encode(), "没有找到表头|缺少这些列"),
    "a header only": ("a.csv", lambda: csv_roster(), "没有数据"),
    "a text that does not exist": (
        "a.xlsx",
        lambda: roster(household('<c r="B2" t="s"><v>99999</v></c>')),
        "打不开|户主",
    ),
    "a NUL in the XML": ("a.xlsx", lambda: roster(household(text_cell("B2", "&#0;"))), "打不开|户主|第 2 行"),
    "a lone surrogate": ("a.csv", lambda: csv_roster(f"{NUMBER},\ud800"), "不是表格文件|户主"),
    "a name with a path": ("../../a.xlsx.php", lambda: roster(), "只能上传"),
}

#: Strange, but the values in them are good: only these are read.
GOOD_VALUES: dict[str, Table] = {
    "macros": ("a.xlsx", lambda: with_part("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"\0" * 5000), ""),
    "a name that leaves the folder": ("a.xlsx", lambda: with_part("../../../../tmp/shanzhi-was-here", b"x"), ""),
    "an absolute name": ("a.xlsx", lambda: with_part("/tmp/shanzhi-was-here", b"x"), ""),
    "a symbolic link": ("a.xlsx", lambda: with_part("xl/media/a.png", b"/etc/passwd", attributes=(stat.S_IFLNK | 0o777) << 16), ""),
    "a zip within": ("a.xlsx", lambda: with_part("xl/embeddings/a.xlsx", roster()), ""),
    "GB18030": ("a.csv", lambda: csv_roster(f"{NUMBER},王芳", encoding="gb18030"), ""),
    "a byte order mark": ("a.csv", lambda: csv_roster(f"{NUMBER},王芳", encoding="utf-8-sig"), ""),
    "texts that would be formulas": ("a.csv", lambda: csv_roster("=1+1,=cmd|' /C calc'!A0", "+2,@SUM(A1)", "－3,＝1"), ""),
    "letters that turn the text around": ("a.csv", lambda: csv_roster(f"{NUMBER},王\u202e芳\u200b"), ""),
}  # fmt: skip


# Pictures -------------------------------------------------------------------------------------------------------------

SCRIPT = b"<?php system($_GET[0]); ?><script>alert(1)</script>"
SECRETS = (
    GPS,
    b"<?php",
    b"<script",
    b"PK\x03\x04",
    b"Exif\0\0",
    b"ns.adobe.com",
    b"Photoshop 3.0",
    b"ICC_PROFILE",
    b"30.2741",
)


def segment(marker: int, body: bytes, jpeg: bytes) -> bytes:
    """A JPEG with one more segment at its beginning."""
    return jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + jpeg[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk behind its header."""
    made = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    png = picture("PNG", size=(64, 48))
    return png[:33] + made + png[33:]


def located() -> bytes:
    """A photo as a phone takes it: with the place where it was taken."""
    notes = Image.Exif()
    notes[0x010F], notes[0x0110], notes[0x010E] = "Maker", "Phone", GPS.decode()
    notes.get_ifd(0x8825).update({1: "N", 2: (30.0, 16.0, 27.0), 3: "E", 4: (120.0, 9.0, 18.0)})
    return picture(exif=notes.tobytes())


def xmp_png() -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x:xmpmeta xmlns='ns.adobe.com'>" + GPS + b"</x:xmpmeta>")


def moving(kind: str) -> bytes:
    out = io.BytesIO()
    frames = [Image.new("RGB", (200, 150), (number, 9, 9)) for number in range(40)]
    frames[0].save(out, kind, save_all=True, append_images=frames[1:])
    return out.getvalue()


def deep() -> bytes:
    out = io.BytesIO()
    Image.new("I;16", (200, 150), 0x3000).save(out, "PNG")
    return out.getvalue()


def profile(size: int) -> bytes:
    """A colour profile, real or endless."""
    real = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return picture(icc_profile=real + GPS * (size // len(GPS)))


#: Good pictures with something in them that nobody else may have.
CARRIERS: dict[str, Callable[[], bytes]] = {
    "the place in its EXIF": located,
    "the place in the EXIF of a PNG": partial(picture, "PNG", exif=exif()),
    "the place in the EXIF of a WebP": partial(picture, "WEBP", exif=exif()),
    "XMP": partial(picture, xmp=b"<x:xmpmeta xmlns='http://ns.adobe.com/xap/1.0/'>" + GPS),
    "XMP in a PNG": xmp_png,
    "IPTC": lambda: segment(0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\0\0" + GPS, picture()),
    "a comment": partial(picture, comment=GPS + SCRIPT),
    "text in a PNG": lambda: chunk(b"tEXt", b"Comment\0" + GPS + SCRIPT),
    "packed text in a PNG": lambda: chunk(b"zTXt", b"Comment\0\0" + zlib.compress(GPS * 5000)),
    "an unknown chunk in a PNG": lambda: chunk(b"prVt", GPS + SCRIPT),
    "a program in its EXIF": lambda: segment(0xE1, b"Exif\0\0MM\0*\0\0\0\x08\0\0" + SCRIPT * 20, picture()),
    "EXIF of 64 kB, twenty times": lambda: _many(0xE1, b"Exif\0\0" + GPS * 3000, 20),
    "a thousand comments": lambda: _many(0xFE, GPS + SCRIPT, 1000),
    "a colour profile": partial(profile, 0),
    "a colour profile of 3 MB": partial(profile, 3 << 20),
    "a zip behind it": lambda: picture() + pack({"a.php": SCRIPT}),
    "a page behind it": lambda: picture() + b"<html>" + SCRIPT,
    "a second picture behind it": lambda: picture() + located(),
    "print colours": partial(picture, mode="CMYK"),
    "16 bits": deep,
    "a moving PNG": partial(moving, "PNG"),
    "a moving WebP": partial(moving, "WEBP"),
    "two pictures in one (MPO)": partial(moving, "MPO"),
    **{f"turned by {turn}": partial(picture, exif=exif(turn)) for turn in (2, 4, 5, 7, 8)},
    "a turn that there is not": partial(picture, exif=exif(99)),
    "one pixel": partial(picture, size=(1, 1)),
}  # fmt: skip


def _many(marker: int, body: bytes, times: int) -> bytes:
    made = picture()
    for _ in range(times):
        made = segment(marker, body[:65_000], made)
    return made


def heic() -> bytes:
    return b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 2000


MORE_PICTURES: dict[str, Callable[[], bytes]] = {
    "a web page named .jpg": lambda: b"<!DOCTYPE html><html>" + SCRIPT,
    "HEIC": heic,
    "AVIF": lambda: heic().replace(b"heic", b"avif"),
    "one byte": lambda: b"\xff",
    "a program named .jpg": lambda: b"\x7fELF" + b"\0" * 500,
    "a zip named .jpg": lambda: pack({"a.jpg": picture()}),
    "a PDF": lambda: b"%PDF-1.7\n" + SCRIPT,
    "a moving GIF": partial(moving, "GIF"),
    "a JPEG cut in its last third": lambda: picture()[: len(picture()) * 2 // 3],
    "a picture made of lines": lambda: b"\xff\xd8\xff\xe0" + b"\xff" * 200_000,
}


def hostile_pictures() -> dict[str, Picture]:
    """Each with what is said about it."""
    every = {**PICTURES, **MORE_PICTURES}
    return {what: (make, REASONS.get(what, "不是照片|打不开")) for what, make in every.items()}


def hostile_tables() -> dict[str, Table]:
    """Those that are refused as a whole, whatever the columns."""
    return {what: (name, make, "") for what, (name, make, _) in TABLES.items()} | BAD_FILES


def jpeg_segments(data: bytes) -> list[int]:
    """The markers of a JPEG up to its first scan."""
    place, found = 2, []
    while data[place] == 0xFF and data[place + 1] != 0xDA:
        found.append(data[place + 1])
        place += 2 + int.from_bytes(data[place + 2 : place + 4], "big")
    return found
