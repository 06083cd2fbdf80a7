"""A plate's QR code: bytes of its SVG, and CPU against the ``qrcode`` library's own path image. It must decode: that is
``tests/qrcodes``."""

from __future__ import annotations

import io
from collections.abc import Callable

from bench.harness import Result, Side, cost_ratio
from webapp.qrcodes.drawing import qr_path

TEXT = "HTTPS://JIFEN.EXAMPLE.CN/Q/9QDVPDZ983QB"
TIMES = 20


def run() -> list[Result]:
    size = len(_ours())
    print(f"  {size} bytes, by the library {len(_library())}")
    return [
        Result("QR code of a plate, bytes of SVG", size, 1500, 1800, "lower", f"{size} B", f"{len(_library())} B"),
        cost_ratio(
            "QR code of a plate, CPU against qrcode's SvgPathImage",
            _calls(_ours),
            _calls(_library),
            times=TIMES,
            aim=0.25,
            floor=0.8,
        ),
    ]


def _ours() -> bytes:
    drawn = qr_path(TEXT, "Q")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{drawn.view_box}"><path stroke="#000" d="{drawn.d}"/></svg>'
    ).encode()


def _library() -> bytes:
    import qrcode
    from qrcode.constants import ERROR_CORRECT_Q
    from qrcode.image.svg import SvgPathImage

    code = qrcode.QRCode(error_correction=ERROR_CORRECT_Q, image_factory=SvgPathImage)
    code.add_data(TEXT)
    out = io.BytesIO()
    code.make_image().save(out)
    return out.getvalue()


def _calls(draw: Callable[[], bytes]) -> Side:
    def calls(times: int) -> None:
        for _ in range(times):
            assert draw()

    return calls
