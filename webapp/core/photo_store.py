"""Photos as files named by what is in them. Small, so that object storage can take its place."""

from __future__ import annotations

import contextlib
import hashlib
import re
from pathlib import Path
from typing import BinaryIO

from webapp import durable
from webapp.core.errors import NotFound, Unavailable

_NAME = re.compile(r"[0-9a-f]{64}", re.ASCII)
_THUMB = ".thumb"


class PhotoStore:
    """``root/ab/cd/abcd….jpg``, and ``….thumb.jpg`` beside it.

    A photo is on the disk, safe from a power cut, before ``put`` returns, so that a row in the database never names
    a photo that is not there. Files are never changed; putting the same photo twice is putting it once.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, data: bytes, thumb: bytes | None = None) -> str:
        """Store a JPEG, and its smaller rendition, and return its name: the SHA-256 of ``data`` in hex.

        :raises Unavailable: if the disk is full or fails.
        """
        name = hashlib.sha256(data).hexdigest()
        try:
            if thumb is not None:  # first: where the photo is, so is its thumbnail
                self._keep(self.path(name, thumb=True), thumb)
            self._keep(self.path(name), data)
        except OSError as error:
            raise Unavailable("照片没有存下来，服务器的磁盘可能满了。请稍后再试，或联系管理员。") from error
        return name

    def path(self, sha256: str, *, thumb: bool = False) -> Path:
        """Where a photo is, or would be. :raises NotFound: if ``sha256`` is not 64 hex digits."""
        if not _NAME.fullmatch(sha256):
            raise NotFound("没有这张照片。")
        return self.root / sha256[:2] / sha256[2:4] / f"{sha256}{_THUMB if thumb else ''}.jpg"

    def open(self, sha256: str, *, thumb: bool = False) -> BinaryIO:
        """Open a photo, or its smaller rendition (the photo itself if it has none), for reading.

        :raises NotFound: if there is no such photo.
        """
        places = [self.path(sha256, thumb=True)] if thumb else []
        for place in [*places, self.path(sha256)]:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return place.open("rb")
        raise NotFound("没有这张照片。")

    def _keep(self, place: Path, data: bytes) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        if _holds(place, data):
            durable.sync_folder(place.parent)
        else:
            durable.write(place, data)
        # Always, also what was there already: who made it may not have come so far yet. Clean folders cost little.
        for folder in (place.parent.parent, self.root, self.root.parent):
            durable.sync_folder(folder)


def _holds(place: Path, data: bytes) -> bool:
    """Whether a file is there, whole. A damaged one is written again."""
    try:
        return place.stat().st_size == len(data) and place.read_bytes() == data
    except FileNotFoundError:
        return False
