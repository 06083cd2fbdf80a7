"""Faults in how files are taken in and given out."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from PIL import Image

from webapp.core import pictures
from webapp.core.sheets import workbook, writing

_encode, _write = pictures._encode, writing._Book.write


@contextmanager
def no_pixel_cap() -> Iterator[None]:
    """Pictures are decoded however large they say they are."""
    boundless = dict.fromkeys(pictures.MAX_PIXELS, 1 << 60)
    with (
        patch.multiple(pictures, MAX_PIXELS=boundless, MAX_SIDE=1 << 60, MAX_PROGRESSIVE_PIXELS=1 << 60),
        patch.object(Image, "MAX_IMAGE_PIXELS", None),
    ):
        yield


def _encode_with_notes(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80, exif=picture.info.get("exif", b""))
    return out.getvalue()


@contextmanager
def metadata_kept() -> Iterator[None]:
    """What the camera noted stays in the picture."""
    with patch.object(pictures, "_encode", _encode_with_notes):
        yield


@contextmanager
def no_unpacked_cap() -> Iterator[None]:
    """Workbooks are unpacked however large they grow."""
    start = workbook._START.replace("main(sys", "import opener.xlsx as cap; cap.UNPACKED = 1 << 60; main(sys")
    with patch.object(workbook, "_START", start):
        yield


def _typed(book: Any, sheet: Any, row: int, place: int, column: Any, value: Any) -> None:
    if isinstance(value, str) and value.startswith("="):
        sheet.write(row, place, value)
    else:
        _write(book, sheet, row, place, column, value)


@contextmanager
def formulas_typed() -> Iterator[None]:
    """A name that begins with = is written as it would be typed."""
    options = {**writing._OPTIONS, "strings_to_formulas": True}
    with patch.object(writing, "_OPTIONS", options), patch.object(writing._Book, "write", _typed):
        yield


SEEDS = {
    "no-pixel-cap": no_pixel_cap,
    "metadata-kept": metadata_kept,
    "no-unpacked-cap": no_unpacked_cap,
    "formulas-typed": formulas_typed,
}
