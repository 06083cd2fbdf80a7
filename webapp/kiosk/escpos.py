"""The slip as one picture for an ESC/POS printer on the network.

Printers disagree about Chinese code pages and some garble single signs, so nothing is sent as text: Pillow draws the rows
with a font of the system, and one ``GS v 0`` carries them (conventions.md, section 3.8). No other command is sent; the
white at the end lets the paper be torn off.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from webapp.core.errors import Unavailable
from webapp.kiosk.paper import Paper, PaperRow

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

DOTS = {"80": 576, "58": 384}  # across, at 8 dots a millimetre
PATIENCE = 3.0  # seconds a printer may take to answer
PORT = 9100
MARGIN = 8  # dots
TEAR = 160  # dots of white at the end: 20 mm
#: Sizes of type in dots, by kind of row.
SIZES = {"title": 38, "big": 64, "code": 40}
TEXT = 29
SYSTEM_FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/noto-cjk/NotoSansCJK-Regular.ttc",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
    "C:/Windows/Fonts/msyh.ttc",
)
NO_FONT = "服务器上没有打印用的中文字体，请联系管理员（设置 SLIP_FONT）。小票已显示在屏幕上，可以拍照。"
NO_LIBRARY = "服务器没有装网络打印组件，请联系管理员。小票已显示在屏幕上，可以拍照。"
NO_ANSWER = "打印机没有应答，可能没开机或缺纸，请告诉工作人员。积分没有变，小票已显示在屏幕上，可以拍照或稍后重打。"


def print_paper(paper: Paper, *, size: str, printer: str, font: str = "") -> None:
    """Draw and send. ``size`` is 80 or 58, ``printer`` ``host`` or ``host:port``.

    :raises Unavailable: if no font is found, or the printer does not answer within ``PATIENCE`` seconds.
    """
    send(raster(draw(paper, DOTS[size], font)), printer)


def draw(paper: Paper, width: int, font: str = "") -> Image.Image:
    """The rows as a black-and-white picture, ``width`` dots wide."""
    from PIL import Image

    pen = _Pen(Image.new("L", (width, 8000), 255), font_file(font))
    for row in paper.rows:
        pen.row(row)
    picture = pen.image.crop((0, 0, width, pen.y + TEAR))
    return picture.point(lambda level: 255 if level > 127 else 0).convert("1")


class _Pen:
    """Draws row after row from the top; ``y`` is where the next one begins."""

    def __init__(self, image: Image.Image, font: str) -> None:
        from PIL import ImageDraw

        self.image, self._font, self.y = image, font, MARGIN
        self._draw: ImageDraw.ImageDraw = ImageDraw.Draw(image)
        self._right = image.width - MARGIN

    def row(self, row: PaperRow) -> None:
        if row.kind == "rule":
            self._rule()
        elif row.kind == "qr":
            self._qr(row.left)
        elif row.right:
            self._pair(row)
        else:
            self._lines(row)

    def _rule(self) -> None:
        for x in range(MARGIN, self._right, 12):
            self._draw.line((x, self.y + 10, min(x + 6, self._right), self.y + 10), fill=0, width=2)
        self.y += 22

    def _qr(self, text: str) -> None:
        """Modules of whole dots, so that none is blurred; about 24 mm wide."""
        import qrcode
        from PIL import Image

        code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4)
        code.add_data(text, optimize=0)
        matrix = code.get_matrix()
        side = len(matrix)
        picture = Image.new("L", (side, side), 255)
        picture.putdata([0 if dark else 255 for line in matrix for dark in line])
        scale = max(4, 208 // side)
        drawn = picture.resize((side * scale, side * scale), Image.Resampling.NEAREST)
        self.image.paste(drawn, ((self.image.width - drawn.width) // 2, self.y))
        self.y += drawn.height

    def _pair(self, row: PaperRow) -> None:
        """The right side keeps its place; the left breaks into lines before it."""
        small, large = self._type(TEXT), self._type(SIZES.get(row.kind, TEXT))
        right = self._draw.textlength(row.right, font=large)
        rows = self._broken(row.left, small, self._right - MARGIN - right - 16)
        high = max(len(rows) * 40, SIZES.get(row.kind, 0) + 16)
        bottom = self.y + high
        for number, text in enumerate(rows):
            self._draw.text((MARGIN, bottom - 40 * (len(rows) - number)), text, font=small, fill=0)
        self._draw.text((self._right, bottom - 8), row.right, font=large, fill=0, anchor="rs")
        self.y = bottom + 4

    def _lines(self, row: PaperRow) -> None:
        font = self._type(SIZES.get(row.kind, TEXT) if row.kind != "big" else 44)
        middle = row.kind in ("title", "middle", "code")
        for text in self._broken(row.left, font, self._right - MARGIN):
            x = (self.image.width - self._draw.textlength(text, font=font)) / 2 if middle else MARGIN
            self._draw.text((x, self.y), text, font=font, fill=0)
            self.y += int(font.size * 1.4)

    def _broken(self, text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
        """Chinese breaks anywhere."""
        rows = [""]
        for char in text:
            if rows[-1] and self._draw.textlength(rows[-1] + char, font=font) > width:
                rows.append("")
            rows[-1] += char
        return rows

    def _type(self, size: int) -> ImageFont.FreeTypeFont:
        return _load(self._font, size)


@lru_cache(maxsize=16)
def _load(path: str, size: int) -> ImageFont.FreeTypeFont:
    """A font, from a collection its simplified Chinese face: face 0 of Noto is the Japanese one.

    :raises Unavailable: if the file is no font.
    """
    from PIL import ImageFont

    try:
        for index in range(12 if path.lower().endswith(".ttc") else 1):
            font = ImageFont.truetype(path, size, index=index)
            if "SC" in (font.getname()[0] or "").split():
                return font
    except OSError:
        pass  # past the last face
    try:
        return ImageFont.truetype(path, size)
    except OSError as error:
        raise Unavailable(NO_FONT) from error


def font_file(wanted: str = "") -> str:
    """The font that SLIP_FONT names, or the first of the usual ones that is there.

    :raises Unavailable: if there is none.
    """
    found = next((path for path in ([wanted] if wanted else SYSTEM_FONTS) if Path(path).is_file()), None)
    if found is None:
        raise Unavailable(NO_FONT)
    return found


def raster(picture: Image.Image) -> bytes:
    """The bytes for the printer: exactly one ``GS v 0``.

    :raises Unavailable: if the printer's library is not installed.
    """
    try:
        from escpos.printer import Dummy
    except ImportError as error:
        raise Unavailable(NO_LIBRARY) from error
    dummy = Dummy()
    dummy.image(picture, impl="bitImageRaster", fragment_height=picture.height, center=False)
    return bytes(dummy.output)


def send(data: bytes, printer: str) -> None:
    """:raises Unavailable: if the printer can't be reached, or does not take the picture in time."""
    import socket

    host, _, port = printer.partition(":")
    try:
        with socket.create_connection((host, int(port or PORT)), timeout=PATIENCE) as connection:
            connection.sendall(data)
    except OSError as error:
        raise Unavailable(NO_ANSWER) from error
