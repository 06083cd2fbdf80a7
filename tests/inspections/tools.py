"""What the tests of the inspector's phone share."""

from __future__ import annotations

import io

from PIL import Image

from tests.records.conftest import Street, version_of
from webapp.core import clock
from webapp.extensions import db
from webapp.records.models import Record


def photo(colour: str = "green", size: tuple[int, int] = (640, 480)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG")
    return out.getvalue()


def fields(street: Street, code: str = "1.1", scheme: str = "shop", **more):
    return {"rule": version_of(street.schemes[scheme], code).id, "note": "", "_once": clock.now().isoformat(), **more}


def rule_id(street: Street, code: str, scheme: str = "shop") -> int:
    return version_of(street.schemes[scheme], code).id


def all_records() -> list[Record]:
    db.session.rollback()
    return list(db.session.scalars(db.select(Record).order_by(Record.id)))


def text_of(response) -> str:
    return response.get_data(as_text=True)
