"""Uploaded pictures: measured before they are decoded, drawn anew, freed of everything but the picture.

What is stored is never the uploaded file: it is decoded and encoded again, so that scripts, places (GPS), names and
whatever else rides along stay behind. Limits are conventions for phones: 8 MB and 40 megapixels.
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass
from threading import BoundedSemaphore

from PIL import Image, ImageOps

from webapp.core.errors import Invalid, Unavailable

MAX_BYTES = 8 << 20
#: Most pixels by format. Only JPEG can be decoded at a fraction of its size; the others are held in full, 4 bytes a
#: pixel (WebP three times over), and all must stay below 100 MB.
MAX_PIXELS = {"JPEG": 40_000_000, "PNG": 16_000_000, "WEBP": 4_000_000}
#: A progressive JPEG's coefficients are held in full, up to 6 bytes a pixel, and each scan goes through all of them.
MAX_PROGRESSIVE_PIXELS = 12_500_000
MAX_SCANS = 20
MAX_SIDE = 20_000

LONGEST_SIDE = 1280
THUMB_SIDE = 320
CATALOGUE_SIDE = 480
QUALITY = 80

NO_PICTURE = "这不是照片，或者格式不支持。请用 JPG、PNG 或 WebP 格式的照片。"
BROKEN = "照片打不开，可能没有传完整。请重新拍一张或重新上传。"
TOO_LARGE = "照片尺寸太大，系统不能处理。请缩小或另存为 JPG 后再上传，或直接用手机拍一张。"

_SIGNATURE = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF....WEBP", re.DOTALL)
_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_AT_ONCE = BoundedSemaphore(2)  # bounds the memory that all uploads together take
_WAIT = 20  # seconds
_STRIP = 64  # rows of the small picture that are made at a time


@dataclass(frozen=True, slots=True)
class CleanPhoto:
    """A photo as it is stored: two JPEGs without metadata, sizes in pixels, and the SHA-256 of ``jpeg``."""

    jpeg: bytes
    thumb: bytes
    width: int
    height: int
    sha256: str


def clean_photo(data: bytes) -> CleanPhoto:
    """A photo as proof: upright, longest side 1,280 pixels at most, with a thumbnail of 320.

    :raises Invalid: if it is no JPEG, PNG or WebP, is damaged, or is larger than the limits.
    :raises Unavailable: if too many photos are being taken in.
    """
    picture = _decode(data, LONGEST_SIDE)
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    small = picture.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    return _clean(picture, small)


def clean_picture(data: bytes) -> CleanPhoto:
    """A picture for the catalogue: the middle square, 480 pixels, with a thumbnail of 320. Raises like ``clean_photo``."""
    picture = _decode(data, 2 * CATALOGUE_SIDE)
    square = ImageOps.fit(picture, (CATALOGUE_SIDE, CATALOGUE_SIDE))
    return _clean(square, square.resize((THUMB_SIDE, THUMB_SIDE)))


def _clean(picture: Image.Image, small: Image.Image) -> CleanPhoto:
    jpeg = _encode(picture)
    return CleanPhoto(jpeg, _encode(small), picture.width, picture.height, hashlib.sha256(jpeg).hexdigest())


def _encode(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    # A new image has no metadata to pass on, whatever the decoder kept beside the pixels.
    bare = Image.new("RGB", picture.size)
    bare.paste(picture)
    bare.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _decode(data: bytes, side: int) -> Image.Image:
    """The first frame in RGB, upright, on white, with sides of ``side`` or a little more if it was larger."""
    if len(data) > MAX_BYTES:
        raise Invalid(f"照片文件太大，最大 {MAX_BYTES >> 20} MB。请缩小后再上传。")
    if not _SIGNATURE.match(data):
        raise Invalid(NO_PICTURE)
    if not _AT_ONCE.acquire(timeout=_WAIT):
        raise Unavailable("正在处理别人上传的照片，请过一分钟再试。")
    try:
        with Image.open(io.BytesIO(data), formats=tuple(MAX_PIXELS)) as picture:
            _check_size(picture, data)
            return _turned(_shrunk(picture, side))
    except Invalid:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Invalid(TOO_LARGE) from None
    except Exception:  # decoders fail on damaged files in every way there is
        raise Invalid(BROKEN) from None
    finally:
        _AT_ONCE.release()


def _check_size(picture: Image.Image, data: bytes) -> None:
    """Measure by the header; nothing is decoded yet. :raises Invalid: if decoding would take too much."""
    pixels = picture.width * picture.height
    kind = picture.format if picture.format in MAX_PIXELS else "JPEG"  # MPO: phones append depth or HDR pictures
    if max(picture.size) > MAX_SIDE or pixels > MAX_PIXELS[kind]:
        raise Invalid(TOO_LARGE)
    if kind == "JPEG":
        scans = count_scans(data)
        if scans > MAX_SCANS or (scans > 1 and pixels > MAX_PROGRESSIVE_PIXELS):
            raise Invalid(TOO_LARGE)


def count_scans(data: bytes) -> int:
    """How often a JPEG goes over the whole picture, up to its first end marker. A few bytes can ask for one more."""
    scans, place = 0, 2
    while place + 4 <= len(data) and data[place] == 0xFF:
        marker = data[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if marker == 0xD9:
            break
        place += 2 + int.from_bytes(data[place + 2 : place + 4])
        if marker == 0xDA:
            scans += 1
            following = _NEXT_MARKER.search(data, place)
            place = following.start() if following else len(data)
    return scans


def _shrunk(picture: Image.Image, side: int) -> Image.Image:
    """Decoded, on white, and as small as it can be had without falling below ``side``; nothing is copied in full."""
    picture.draft("RGB", (side, side))  # JPEG only: decode at 1/2, 1/4 or 1/8
    factor = max(1, min(picture.size) // side)
    small = Image.new("RGB", (-(-picture.width // factor), -(-picture.height // factor)))
    for top in range(0, small.height, _STRIP):
        bottom = min((top + _STRIP) * factor, picture.height)
        strip = _on_white(picture.crop((0, top * factor, picture.width, bottom)))
        small.paste(strip.reduce(factor) if factor > 1 else strip, (0, top))
    for key in ("exif", "Raw profile type exif"):  # _turned looks for them
        if key in picture.info:
            small.info[key] = picture.info[key]
    return small


def _turned(picture: Image.Image) -> Image.Image:
    """Upright, as the camera noted in its EXIF; as it is if the note cannot be read."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # metadata is read in every broken form there is; the picture itself is good
        return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """In RGB, what is transparent white."""
    if picture.mode.startswith("I"):  # 16 bits of grey
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(layered, mask=layered.getchannel("A"))
    return white
