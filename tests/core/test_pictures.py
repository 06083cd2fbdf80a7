"""Photos from phones and from people who mean harm, and where they are kept."""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from webapp.core.errors import Invalid, NotFound, Unavailable
from webapp.core.photo_store import PhotoStore
from webapp.core.pictures import MAX_SCANS, clean_photo, clean_picture, count_scans

RED, BLUE = (220, 20, 20), (20, 20, 220)
GPS = b"GPS-SECRET-30.2741N"


def picture(kind: str = "JPEG", size: tuple[int, int] = (1600, 1200), mode: str = "RGB", **options: Any) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, size[0], size[1]))
    out = io.BytesIO()
    image.convert(mode).save(out, kind, **options)
    return out.getvalue()


def exif(orientation: int = 1) -> bytes:
    notes = Image.Exif()
    notes[0x0112] = orientation
    notes[0x010E] = GPS.decode()
    return notes.tobytes()


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    image.load()
    return image


def colour(image: Image.Image, x: int, y: int) -> str:
    red, green, blue = image.getpixel((x, y))  # type: ignore[misc]  # an RGB image has three
    if min(red, green, blue) > 230:
        return "white"
    return "red" if red > 150 > green else "blue" if blue > 150 > green else "dark"


def png_header(width: int, height: int, points: int = 100) -> bytes:
    """A PNG that says how large it is and has next to nothing in it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", size)
        + chunk(b"IDAT", zlib.compress(b"\0" * points))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_at_1280_pixels_with_a_thumbnail_of_320(kind: str) -> None:
    photo = clean_photo(picture(kind))
    image, thumb = opened(photo.jpeg), opened(photo.thumb)
    assert (photo.width, photo.height) == image.size == (1280, 960)
    assert thumb.size == (320, 240)
    assert (colour(image, 100, 500), colour(image, 1200, 500)) == ("red", "blue")
    assert photo.sha256 == hashlib.sha256(photo.jpeg).hexdigest()


def test_a_small_photo_is_not_blown_up() -> None:
    assert clean_photo(picture(size=(40, 30))).width == 40


@pytest.mark.parametrize("size", [(7300, 5400), (6000, 700), (700, 6000), (1281, 1), (1, 1)])
def test_a_photo_of_any_shape_fits(size: tuple[int, int]) -> None:
    photo = clean_photo(picture(size=size))
    assert max(photo.width, photo.height) == min(1280, max(size))
    assert min(photo.width, photo.height) >= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(("orientation", "first", "last"), [(1, "red", "blue"), (3, "blue", "red"), (6, "red", "blue")])
def test_a_photo_stands_upright_as_the_camera_was_held(kind: str, orientation: int, first: str, last: str) -> None:
    image = opened(clean_photo(picture(kind, exif=exif(orientation))).jpeg)
    assert image.size == ((960, 1280) if orientation == 6 else (1280, 960))
    end = (image.width - 10, image.height - 10)
    assert (colour(image, 10, 10), colour(image, *end)) == (first, last)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_places_names_and_comments_do_not_stay_in_the_photo(kind: str) -> None:
    options: dict[str, Any] = {"xmp": b"<x:xmpmeta>" + GPS, "icc_profile": GPS * 9, "exif": exif(), "comment": GPS}
    data = picture(kind, **options)
    assert GPS in data
    photo = clean_photo(data)
    for jpeg in (photo.jpeg, photo.thumb, clean_picture(data).jpeg):
        assert b"GPS" not in jpeg
        assert b"Exif" not in jpeg
        assert not {"exif", "icc_profile", "comment", "xmp"} & set(opened(jpeg).info)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow says so, and goes on
def test_a_photo_with_broken_camera_notes_is_taken_as_it_is() -> None:
    assert clean_photo(picture(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\xff\xff")).width == 1280


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_print_colours_are_taken(mode: str) -> None:
    assert opened(clean_photo(picture(mode=mode)).jpeg).mode == "RGB"


@pytest.mark.parametrize("mode", ["P", "LA", "1", "I;16", "RGBA"])
def test_every_kind_of_png_is_taken(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (200, 100), 0xFFFF if mode == "I;16" else 1).save(out, "PNG")
    assert clean_photo(out.getvalue()).width == 200


def test_sixteen_bits_of_grey_do_not_turn_white() -> None:
    out = io.BytesIO()
    Image.new("I;16", (20, 20), 0x2000).save(out, "PNG")
    assert colour(opened(clean_photo(out.getvalue()).jpeg), 10, 10) == "dark"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_is_transparent_becomes_white(kind: str) -> None:
    out = io.BytesIO()
    Image.new("RGBA", (100, 100), (0, 0, 0, 0)).save(out, kind)
    assert colour(opened(clean_photo(out.getvalue()).jpeg), 50, 50) == "white"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "MPO"])
def test_of_several_pictures_in_a_file_the_first_is_taken(kind: str) -> None:
    out = io.BytesIO()
    first, second = Image.new("RGB", (400, 300), RED), Image.new("RGB", (400, 300), BLUE)
    first.save(out, kind, save_all=True, append_images=[second])
    assert colour(opened(clean_photo(out.getvalue()).jpeg), 200, 150) == "red"


def test_a_catalogue_picture_is_the_middle_square() -> None:
    shown = clean_picture(picture("PNG", size=(1600, 600)))
    assert (shown.width, shown.height) == opened(shown.jpeg).size == (480, 480)
    assert opened(shown.thumb).size == (320, 320)
    assert (colour(opened(shown.jpeg), 20, 240), colour(opened(shown.jpeg), 460, 240)) == ("red", "blue")


def test_what_was_hidden_behind_a_photo_is_gone() -> None:
    script = b"<script>alert(1)</script>PK\x03\x04" * 50
    assert b"script" not in clean_photo(picture() + script).jpeg
    assert b"script" not in clean_photo(picture(comment=script)).jpeg


def many_scans() -> bytes:
    """A progressive picture that asks the decoder to go over it a thousand times."""
    data = picture(progressive=True, size=(1600, 1200))
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * 1000 + b"\xff\xd9"


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: "照片".encode(),
    "a drawing with a script (SVG)": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "a GIF that is a script too": lambda: b"GIF89a/*" + b"\0" * 20 + b"*/=1;alert(1)",
    "a GIF": lambda: picture("GIF"),
    "a BMP": lambda: picture("BMP"),
    "a TIFF": lambda: picture("TIFF"),
    "a script behind the first bytes of a JPEG": lambda: b"\xff\xd8\xff<script>alert(1)</script>",
    "half a JPEG": lambda: picture()[:3000],
    "half a PNG": lambda: picture("PNG")[:500],
    "half a WebP": lambda: picture("WEBP")[:300],
    "a PNG of 40,000 x 40,000": lambda: png_header(40_000, 40_000),
    "a PNG of 2,147,483,647 x 1": lambda: png_header(2**31 - 1, 1),
    "a PNG without a pixel": lambda: png_header(0, 0),
    "60 kB that unpack to 2.3 GB": lambda: png_header(24_000, 24_000, 60_000_000),
    "a little too few points": lambda: png_header(4_000, 4_000, 60_000_000),
    "a PNG of 17 million points": lambda: picture("PNG", size=(4200, 4100)),
    "a JPEG of 41 million points": lambda: picture(size=(8200, 5000), quality=10),
    "a WebP of 5 million points": lambda: picture("WEBP", size=(2500, 2000), method=0),
    "a JPEG of a thousand scans": many_scans,
    "a progressive JPEG of 13 million points": lambda: picture(size=(4200, 3100), progressive=True, quality=10),
    "9 MB": lambda: picture() + b"\0" * (9 << 20),
    "a PNG with gigabytes of text": lambda: picture("PNG")[:33] + b"\x7f\xff\xff\xffzTXt" + b"\0" * 100,
}


REASONS = {
    "a PNG of 40,000 x 40,000": "尺寸太大",
    "a PNG of 2,147,483,647 x 1": "尺寸太大",
    "60 kB that unpack to 2.3 GB": "尺寸太大",
    "a PNG of 17 million points": "尺寸太大",
    "a JPEG of 41 million points": "尺寸太大",
    "a WebP of 5 million points": "尺寸太大",
    "a JPEG of a thousand scans": "尺寸太大",
    "a progressive JPEG of 13 million points": "尺寸太大",
    "9 MB": "最大 8 MB",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_is_refused_in_plain_chinese_within_two_seconds(what: str) -> None:
    data = HOSTILE[what]()
    start = sum(os.times()[:2])
    with pytest.raises(Invalid, match=REASONS.get(what, "不是照片|打不开")):
        clean_photo(data)
    assert sum(os.times()[:2]) - start < 2


MEASURE = """
import resource, sys
from webapp.core.errors import Invalid
from webapp.core.pictures import clean_photo
clean_photo(open(sys.argv[1], "rb").read())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for name in sys.argv[2:]:
    try:
        clean_photo(open(name, "rb").read())
    except Invalid:
        pass
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


def test_no_picture_takes_more_than_100_megabytes(tmp_path: Path) -> None:
    noise = Image.effect_noise((2000, 1530), 60).resize((4000, 3060))
    noise.convert("RGB").save(tmp_path / "progressive", "JPEG", progressive=True, subsampling=0)
    (tmp_path / "largest.jpg").write_bytes(picture(size=(7300, 5400)))
    (tmp_path / "largest.png").write_bytes(picture("PNG", size=(4000, 4000), mode="RGBA"))
    (tmp_path / "largest.webp").write_bytes(picture("WEBP", size=(2000, 2000), mode="RGBA"))
    for number, make in enumerate(HOSTILE.values()):
        (tmp_path / f"{number}").write_bytes(make())
    (tmp_path / "..small").write_bytes(picture(size=(40, 30)))
    names = sorted(str(file) for file in tmp_path.iterdir())
    done = subprocess.run([sys.executable, "-c", MEASURE, *names], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 100


def test_scans_are_counted_up_to_the_end_of_the_picture() -> None:
    assert count_scans(picture()) == 1
    assert 1 < count_scans(picture(progressive=True)) <= MAX_SCANS
    assert count_scans(picture() + b"\xff\xda\0\x02" * 100) == 1
    assert count_scans(picture(exif=b"Exif\0\0" + b"\xff\xda\0\x02" * 100)) == 1


GOODS = [picture(kind, size=(64, 48)) for kind in ("JPEG", "PNG", "WEBP")] + [picture(progressive=True, size=(64, 48))]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(GOODS), st.integers(0, 2000), st.binary(min_size=1, max_size=12))
def test_no_damage_to_a_photo_is_worse_than_a_refusal(good: bytes, place: int, noise: bytes) -> None:
    place %= len(good)
    try:
        photo = clean_photo(good[:place] + noise + good[place + len(noise) :])
    except Invalid:
        return
    opened(photo.jpeg)


# Where photos are kept


def test_a_photo_is_kept_under_the_hash_of_its_content(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path / "photos")
    name = store.put(b"photo", b"thumb")
    assert name == hashlib.sha256(b"photo").hexdigest()
    assert store.path(name) == tmp_path / "photos" / name[:2] / name[2:4] / f"{name}.jpg"
    with store.open(name) as photo, store.open(name, thumb=True) as thumb:
        assert (photo.read(), thumb.read()) == (b"photo", b"thumb")


def test_a_photo_without_a_thumbnail_is_shown_itself(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    with store.open(store.put(b"photo"), thumb=True) as photo:
        assert photo.read() == b"photo"


def test_the_same_photo_twice_is_one_file(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    assert store.put(b"photo") == store.put(b"photo")
    assert len([file for file in tmp_path.rglob("*") if file.is_file()]) == 1


def test_a_damaged_file_is_mended_when_its_photo_comes_again(tmp_path: Path) -> None:
    store = PhotoStore(tmp_path)
    name = store.put(b"photo")
    store.path(name).write_bytes(b"ph")
    store.put(b"photo")
    assert store.path(name).read_bytes() == b"photo"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "../../etc/passwd",
        "a" * 63,
        "a" * 65,
        "A" * 64,
        "a" * 64 + "\n",
        "/" * 64,
        "\0" * 64,
        "１" * 64,
        "..%2f" * 8,
    ],
)
def test_a_name_that_is_no_hash_reaches_no_file(tmp_path: Path, name: str) -> None:
    store = PhotoStore(tmp_path)
    for reach in (store.path, store.open):
        with pytest.raises(NotFound):
            reach(name)


def test_a_photo_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="没有这张照片"):
        PhotoStore(tmp_path).open("0" * 64)


def test_the_photo_is_on_the_disk_before_its_name_is_given_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(handle: int) -> None:
        steps.append("file" if os.path.isfile(f"/proc/self/fd/{handle}") else "folder")
        fsync(handle)

    def noted_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    PhotoStore(tmp_path / "photos").put(b"photo")
    assert steps == ["file", "rename", "folder", "folder", "folder", "folder"]


def test_when_the_disk_is_full_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="磁盘可能满了"):
        PhotoStore(tmp_path).put(b"photo", b"thumb")
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=200), max_size=8))
def test_every_photo_comes_back_as_it_was_put(tmp_path: Path, photos: list[bytes]) -> None:
    store = PhotoStore(tmp_path / f"{random.getrandbits(64):x}")
    names = [store.put(photo) for photo in photos]
    for name, photo in zip(names, photos, strict=True):
        with store.open(name) as kept:
            assert kept.read() == photo
