"""Photos that come with a form: cleaned and stored before the writer's turn begins.

A browser drops chosen files when a form is shown again. So the form that came back carries the stored ones as boxes that
are ticked (``kept``): each value is the photo's name with a code that only its sender can use.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import NamedTuple, cast

from flask import current_app, g, request
from werkzeug.datastructures import FileStorage

from webapp.core import signing
from webapp.core.errors import Invalid, NotFound
from webapp.core.photo_store import PhotoStore
from webapp.extensions import db, reading
from webapp.web.access import actor

#: The boxes of photos that came with the form before.
KEPT = "photos_kept"
_CODE = 20  # characters, 100 bits


@dataclass(frozen=True, slots=True)
class Taken:
    """The photos of the form that is being sent, in the store already; ``error``: why they can't be used as they are."""

    names: tuple[str, ...] = ()
    error: Invalid | None = None

    def or_refuse(self) -> tuple[str, ...]:
        """:raises Invalid: under the field of the photos."""
        if self.error is not None:
            raise Invalid(self.error.message, field="photos")
        return self.names


class Kept(NamedTuple):
    """A photo that a form which came back carries along: what its box sends, and a small picture as a ``data:`` address."""

    value: str
    picture: str


def take(most: int) -> None:
    """For a blueprint's ``before_request``, of its forms with photos: to clean them takes a while, and others would wait
    for the writer's turn."""
    files = [file for file in request.files.getlist("photos") if file.filename]
    before = _kept_before(most)
    if not files and not before:
        return
    db.session.rollback()  # the gate has looked at the sign-in; give the writer's turn back
    with reading():
        names, error = _cleaned(files[:most])
    every = tuple(dict.fromkeys((*before, *names)))
    if len(every) > most or len(files) > most:
        error = Invalid(f"照片最多 {most} 张，请去掉几张。")
    g.photos = Taken(every, error)


def taken() -> Taken:
    """The photos of the form that is being sent."""
    return cast(Taken, g.get("photos", Taken()))


def kept() -> list[Kept]:
    """For the form that is shown again: the photos that came with it."""
    store = _store()
    return [Kept(f"{name}.{_code(name)}", _picture(store, name)) for name in taken().names]


def _kept_before(most: int) -> tuple[str, ...]:
    """Those that the form carried along, and that this sender once sent. Twice as many as fit, so that somebody who sent
    too many sees them all and drops some."""
    found = [value.partition(".") for value in request.form.getlist(KEPT)[: 2 * most]]
    return tuple(name for name, _, code in found if signing.same(code, _code(name)))


def _code(name: str) -> str:
    who = actor()
    owner = f"user {who.user_id}" if who.user_id is not None else f"household {who.household_id}"
    return signing.keyed_code(current_app.config["SECRET_KEY"], "photo sent", f"{owner}\0{name}", _CODE)


def _store() -> PhotoStore:
    return PhotoStore(current_app.config["VAR_DIR"] / "photos")


def _picture(store: PhotoStore, name: str) -> str:
    try:
        with store.open(name, thumb=True) as file:
            return f"data:image/jpeg;base64,{base64.b64encode(file.read()).decode()}"
    except NotFound:  # somebody emptied the folder meanwhile
        return ""


def _cleaned(files: list[FileStorage]) -> tuple[list[str], Invalid | None]:
    """The names of those that are photos, and what is wrong with the last that is none."""
    from webapp.core.pictures import MAX_BYTES, clean_photo  # with Pillow 3 MB, which a kiosk's server need not hold

    names, error, store = list[str](), None, _store()
    for file in files:
        try:
            photo = clean_photo(file.stream.read(MAX_BYTES + 1))
            names.append(store.put(photo.jpeg, photo.thumb))
        except Invalid as found:
            error = found
        finally:
            file.stream.seek(0)
    return names, error
