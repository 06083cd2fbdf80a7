"""Photos that come with a form: cleaned and stored before the writer's turn begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app, g, request
from werkzeug.datastructures import FileStorage

from webapp.core.errors import Invalid
from webapp.core.photo_store import PhotoStore
from webapp.extensions import db, reading


@dataclass(frozen=True, slots=True)
class Taken:
    """The photos of the form that is being sent: in the store already, or why they can't be used."""

    names: tuple[str, ...] = ()
    error: Invalid | None = None

    def or_refuse(self) -> tuple[str, ...]:
        """:raises Invalid: under the field of the photos."""
        if self.error is not None:
            raise Invalid(self.error.message, field="photos")
        return self.names


def take(most: int) -> None:
    """For a blueprint's ``before_request``, of its forms with photos: to clean them takes a while, and others would wait
    for the writer's turn."""
    files = [file for file in request.files.getlist("photos") if file.filename]
    if not files:
        return
    db.session.rollback()  # the gate has looked at the sign-in; give the writer's turn back
    with reading():
        g.photos = _cleaned(files, most)


def taken() -> Taken:
    """The photos of the form that is being sent."""
    return cast(Taken, g.get("photos", Taken()))


def came() -> bool:
    """Whether photos came with the form: a browser does not keep them when the form is shown again."""
    return "photos" in g


def _cleaned(files: list[FileStorage], most: int) -> Taken:
    from webapp.core.pictures import MAX_BYTES, clean_photo  # with Pillow 3 MB, which a kiosk's server need not hold

    if len(files) > most:
        return Taken(error=Invalid(f"照片最多 {most} 张，请去掉几张。"))
    store = PhotoStore(current_app.config["VAR_DIR"] / "photos")
    try:
        cleaned = [clean_photo(file.stream.read(MAX_BYTES + 1)) for file in files]
    except Invalid as error:
        return Taken(error=error)
    finally:
        for file in files:
            file.stream.seek(0)
    return Taken(tuple(store.put(photo.jpeg, photo.thumb) for photo in cleaned))
