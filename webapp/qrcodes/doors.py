"""What a scan opens. One printed code serves everyone: higher features say what they show to whom.

An inspector who may record here goes to the scoring page; everybody else sees the public page of the kind of holder.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from flask import Flask, Response, current_app

from webapp.qrcodes.queries import Scanned

#: Given what was scanned; answers the page, or None to leave it to the next.
Door = Callable[[Scanned], "Response | None"]


def register(app: Flask, holder_kind: str, door: Door, *, first: bool = False) -> None:
    """Open scans of a kind of holder by ``door``; ``first``: before those that are registered already."""
    doors = app.extensions.setdefault("doors", {}).setdefault(holder_kind, [])
    doors.insert(0 if first else len(doors), door)


def open_door(found: Scanned) -> Response | None:
    """The first page that somebody has for this scan."""
    doors = cast("list[Door]", current_app.extensions.get("doors", {}).get(found.holder_kind, []))
    for door in doors:
        answer = door(found)
        if answer is not None:
            return answer
    return None
