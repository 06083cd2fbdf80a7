"""What must be known of an .xlsx, a zip of XML files, before and beside parsing it."""

from __future__ import annotations

import io
import re
import struct
import zipfile
import zlib
from itertools import islice
from xml.etree import ElementTree

from .limits import (
    DAMAGED,
    FORMULA,
    LOCKED,
    MARKS,
    NOT_EXCEL,
    OTHER_EXCEL,
    STRANGE,
    TOO_BIG,
    Extent,
    Marks,
    column_number,
    error_mark,
    refuse,
)

UNPACKED = 150 << 20  # bytes of all files in an .xlsx together
DIRECTORY = 1 << 20  # bytes of a zip's table of contents
ENTRIES = 2000

# Office writes none of these. Entities are how XML reaches for other files or grows without end.
_UNUSUAL = re.compile(rb"<!DOCTYPE|<!ENTITY|^(?:\xfe\xff|\xff\xfe)")
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ElementTree.ParseError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)


class Xlsx:
    """An .xlsx whose every file has been unpacked once, to see that it is as small and whole as it says.

    :raises Refused: if it is not.
    """

    # A cell's tag, with its place. Lengths are bounded, so that a tag without an end costs nothing.
    _TAG = rb"""<(?:\w+:)?c\s%s[^<>]{0,200}?\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["'][^<>]{0,200}(?<!/)>"""
    _CELL = re.compile(_TAG % b"")
    _ERROR = re.compile(_TAG % rb"""(?=[^<>]{0,200}?\bt\s*=\s*["']e["'])""")
    _UNSOLVED = re.compile(
        _TAG
        % rb"""(?![^<>]{0,200}?\bt\s*=\s*["']str["'])"""  # an empty text is a value
        + rb"""\s*<(?:\w+:)?f\b(?:[^<>]*/>|[^<>]*>[^<]*</(?:\w+:)?f>)\s*"""
        rb"""(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"""
    )

    def __init__(self, data: bytes, max_rows: int) -> None:
        self.max_rows = max_rows
        _check_directory(data)
        try:
            self.zip = zipfile.ZipFile(io.BytesIO(data))
            self._check_entries()
            self.parts = self._sheet_parts()
        except _BROKEN:
            refuse(DAMAGED)

    def _check_entries(self) -> None:
        entries = self.zip.infolist()
        names = {entry.filename for entry in entries}
        if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
            refuse(NOT_EXCEL)
        if "xl/workbook.xml" not in names:
            refuse(OTHER_EXCEL)
        if any(entry.flag_bits & 1 for entry in entries):
            refuse(LOCKED)
        methods = {entry.compress_type for entry in entries}
        if len(names) != len(entries) or not methods <= {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            refuse(STRANGE)
        if sum(entry.file_size for entry in entries) > UNPACKED:
            refuse(TOO_BIG)
        for entry in entries:
            self._check_file(entry)

    def _check_file(self, entry: zipfile.ZipInfo) -> None:
        """Unpack one file to its end: its length and checksum must be what the directory says."""
        with self.zip.open(entry) as part:
            start = part.read(1 << 16)
            if entry.filename.endswith((".xml", ".rels")) and _UNUSUAL.search(start):
                refuse(STRANGE)
            while part.read(1 << 20):
                pass

    def _sheet_parts(self) -> dict[str, str]:
        """Sheet name -> name of its XML file."""
        relations = ElementTree.fromstring(self._small("xl/_rels/workbook.xml.rels"))  # noqa: S314  # no DTD gets this far
        targets = {node.get("Id"): node.get("Target") or "" for node in relations}
        parts = {}
        for node in ElementTree.fromstring(self._small("xl/workbook.xml")).iter():  # noqa: S314  # the same
            relation = next((value for name, value in node.items() if name.endswith("}id")), None)
            if node.tag.endswith("}sheet") and relation in targets:
                target = targets[relation]
                parts[node.get("name") or ""] = target[1:] if target.startswith("/") else f"xl/{target}"
        return parts

    def _small(self, name: str) -> bytes:
        if name not in self.zip.namelist():
            refuse(DAMAGED)
        if self.zip.getinfo(name).file_size > DIRECTORY:
            refuse(STRANGE)
        return self.zip.read(name)

    def marks(self, sheet: str, _index: int) -> Marks:
        """Cells without a value although they look filled. Refuses a sheet that reaches too far."""
        part = self.parts.get(sheet)
        if part is None or part not in self.zip.namelist():
            refuse(DAMAGED)
        xml = self.zip.read(part)
        extent = Extent(self.max_rows)
        for cell in self._CELL.finditer(xml):
            extent.add(int(cell[2]) - 1, column_number(cell[1].decode()))
        marks = {_place(cell): FORMULA for cell in islice(self._UNSOLVED.finditer(xml), MARKS)}
        for cell in islice(self._ERROR.finditer(xml), MARKS):
            marks[_place(cell)] = error_mark(_error_code(xml, cell.end()))
        return marks


def _place(cell: re.Match[bytes]) -> tuple[int, int]:
    return int(cell[2]) - 1, column_number(cell[1].decode())


def _error_code(xml: bytes, start: int) -> str:
    """``#N/A`` of a cell whose tag ends at ``start``; formulas before it are at most 8,192 characters."""
    place = xml.find(b"v>#", start, start + 40_000)
    return xml[place + 2 : place + 12].split(b"<")[0].decode("ascii", "replace") if place >= 0 else "#"


def _check_directory(data: bytes) -> None:
    """The zip's own table of contents must be small: it is read into memory as a whole."""
    end = data.rfind(b"PK\x05\x06")
    if end < 0 or len(data) < end + 22:
        refuse(DAMAGED)
    entries, size = struct.unpack_from("<HI", data, end + 10)
    if entries > ENTRIES or size > DIRECTORY:
        refuse(STRANGE)
