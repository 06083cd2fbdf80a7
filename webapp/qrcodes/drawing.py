"""Drawing QR codes: the ``qrcode`` library makes the matrix, this writes it as one short SVG path.

The mask is fixed. Trying all eight and scoring each costs most of the library's time and only matters for scanners'
comfort; ``tests/qrcodes`` decode printed sheets, blurred and turned, to show that a fixed one reads well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: M for slips, Q for plates: they hang outdoors and get scratched (conventions.md, section 7).
Level = Literal["M", "Q"]
MASK = 2
QUIET = 4  # modules of white around a code
FINDER = 7  # modules: side of the three squares in the corners


@dataclass(frozen=True, slots=True)
class QrPath:
    """A code as an SVG path: ``size`` modules wide without the quiet zone; ``d`` is stroked one module wide."""

    size: int
    d: str

    @property
    def view_box(self) -> str:
        """With the quiet zone; rows are stroked along their middle, hence the half."""
        side = self.size + 2 * QUIET
        return f"{-QUIET} {-QUIET - 0.5} {side} {side}"


def qr_path(text: str, level: Level = "Q") -> QrPath:
    """The path of a code. Upper-case letters, digits and ``$%*+-./:`` make the smallest one (alphanumeric mode)."""
    import qrcode  # 4 MB with Pillow: only for who draws
    from qrcode.constants import ERROR_CORRECT_M, ERROR_CORRECT_Q

    correction = ERROR_CORRECT_M if level == "M" else ERROR_CORRECT_Q
    code = qrcode.QRCode(error_correction=correction, mask_pattern=MASK, border=0)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    modules = code.modules
    size = len(modules)
    corners = _finder(0, 0) + _finder(size - FINDER, 0) + _finder(0, size - FINDER)
    return QrPath(size, corners + "".join(_row(y, row, *_between(y, size)) for y, row in enumerate(modules)))


def _finder(x: int, y: int) -> str:
    """A corner's square as a ring, a smaller ring and the dot in it: less than half of what its rows would take, so that a
    long public address (version 4) keeps to 1,800 bytes too."""
    return f"M{x}.5 {y}h6v6h-6zM{x + 2}.5 {y + 2}h2v2h-2zM{x + 3} {y + 3}h1"


def _between(y: int, size: int) -> tuple[int, int]:
    """From which column to which a row is drawn as strokes: not where the corners are."""
    if y < FINDER:
        return FINDER, size - FINDER
    return (FINDER, size) if y >= size - FINDER else (0, size)


def _row(y: int, row: list[bool | None], x: int, stop: int) -> str:
    """One row, from column ``x`` to before ``stop``, as moves and strokes: ``M0 3h2m1 0h4``."""
    parts: list[str] = []
    end = 0
    while x < stop:
        if not row[x]:
            x += 1
            continue
        start = x
        while x < stop and row[x]:
            x += 1
        parts.append(f"M{start} {y}h{x - start}" if not parts else f"m{start - end} 0h{x - start}")
        end = x
    return "".join(parts)
