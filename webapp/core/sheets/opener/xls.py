"""The same for an .xls: a file system of sectors (OLE) with one file "Workbook" of records (BIFF)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from .limits import DAMAGED, LOCKED, MARKS, NOT_EXCEL, STRANGE, Extent, Marks, error_mark, refuse

_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}


class Xls:
    """An .xls whose cells are records of a type, a length and data. :raises Refused: if it is none."""

    _BOUNDSHEET, _FILEPASS, _DIMENSIONS, _EOF = 0x85, 0x2F, 0x200, 0x0A
    _FORMULA, _BOOLERR, _MULRK = 0x06, 0x205, 0xBD
    _FILLED = frozenset((_FORMULA, _BOOLERR, _MULRK, 0x203, 0x204, 0xD6, 0xFD, 0x27E))

    def __init__(self, data: bytes, max_rows: int) -> None:
        self.max_rows = max_rows
        try:
            self.stream = workbook_stream(data)
        except (struct.error, LookupError, ValueError):
            refuse(DAMAGED)
        offsets = []
        for kind, body in self._records(0):
            if kind == self._FILEPASS:
                refuse(LOCKED)
            if kind == self._BOUNDSHEET and len(body) >= 4:
                offsets.append(struct.unpack_from("<I", body)[0])
        self.sheets = [self._look_through(offset) for offset in offsets]  # the parser opens them all

    def _records(self, start: int) -> Iterator[tuple[int, bytes]]:
        """Records of one part of the workbook; bodies cut to the 32 bytes that matter here."""
        stream, place = self.stream, start
        while place + 4 <= len(stream):
            kind, length = struct.unpack_from("<HH", stream, place)
            yield kind, stream[place + 4 : place + 4 + min(length, 32)]
            if kind == self._EOF:
                return
            place += 4 + length

    def marks(self, _sheet: str, index: int) -> Marks:
        """As for .xlsx."""
        return self.sheets[index] if index < len(self.sheets) else refuse(DAMAGED)

    def _look_through(self, start: int) -> Marks:
        extent, marks = Extent(self.max_rows), Marks()
        for kind, body in self._records(start):
            if kind == self._DIMENSIONS:
                self._check_dimensions(body)
            elif kind in self._FILLED and len(body) >= 4:
                row, column = struct.unpack_from("<HH", body)
                extent.add(row, column)
                code = self._error_code(kind, body)
                if code is not None and len(marks) < MARKS:
                    marks[row, column] = error_mark(_ERRORS.get(code, "#"))
        return marks

    def _check_dimensions(self, body: bytes) -> None:
        """The parser believes what a sheet says about its size; Excel never says more than its own grid."""
        if len(body) >= 12:
            _, rows, _, columns = struct.unpack_from("<IIHH", body)
            if rows > 65_536 or columns > 256:
                refuse(STRANGE)

    def _error_code(self, kind: int, body: bytes) -> int | None:
        if kind == self._BOOLERR and len(body) >= 8 and body[7]:
            return body[6]
        if kind == self._FORMULA and len(body) >= 14 and body[12:14] == b"\xff\xff" and body[6] == 2:
            return body[8]
        return None


class Ole:
    """The file system inside an .xls: chains of sectors. Links that lead nowhere or in circles end the chain."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sector = 1 << min(struct.unpack_from("<H", data, 30)[0], 12)
        numbers = (place for place in self._table_sectors() if place < len(data) // self.sector)
        self.links = [link for place in numbers for link in self._numbers(place)]
        self.files: dict[str, tuple[int, int]] = {}
        listing = self.chain(struct.unpack_from("<I", data, 48)[0])
        for start in range(0, len(listing) - 127, 128):
            length = min(struct.unpack_from("<H", listing, start + 64)[0], 64)
            name = listing[start : start + max(length - 2, 0)].decode("utf-16-le", "replace")
            self.files[name] = struct.unpack_from("<II", listing, start + 116)

    def _numbers(self, place: int) -> tuple[int, ...]:
        """The numbers that fill one sector."""
        return struct.unpack_from(f"<{self.sector // 4}I", self.data, (place + 1) * self.sector)

    def _table_sectors(self) -> Iterator[int]:
        """Sectors that hold the table of links: 109 named in the header, more in sectors of their own."""
        yield from struct.unpack_from("<109I", self.data, 76)
        more, count = struct.unpack_from("<II", self.data, 68)
        for _ in range(min(count, 400)):
            *places, following = self._numbers(more)
            yield from places
            more = following

    def chain(self, first: int) -> bytes:
        """The bytes of the chain of sectors that begins at ``first``."""
        return _follow(first, self.links, self.data[self.sector :], self.sector)

    def read(self, name: str) -> bytes:
        """A file's bytes; small files live in a file system within the root's."""
        first, size = self.files[name]
        if size >= 4096:
            return self.chain(first)[:size]
        table = self.chain(struct.unpack_from("<I", self.data, 60)[0])
        links = list(struct.unpack(f"<{len(table) // 4}I", table))
        return _follow(first, links, self.chain(self.files["Root Entry"][0]), 64)[:size]


def _follow(first: int, links: list[int], source: bytes, block: int) -> bytes:
    pieces, steps = [], 0
    while first < len(links) and steps <= len(links):
        pieces.append(source[first * block : (first + 1) * block])
        first, steps = links[first], steps + 1
    return b"".join(pieces)


def workbook_stream(data: bytes) -> bytes:
    """The records of an .xls. :raises Refused: if it is encrypted or no workbook."""
    ole = Ole(data)
    if "EncryptedPackage" in ole.files:
        refuse(LOCKED)
    name = next((name for name in ("Workbook", "Book") if name in ole.files), None)
    return ole.read(name) if name else refuse(NOT_EXCEL)
