"""Faults of a process that dies between two steps which must be one."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from webapp.core.photo_store import PhotoStore
from webapp.extensions import db
from webapp.redemption.service import vouchers
from webapp.web import once
from webapp.web.application import Application


@contextmanager
def redeem_in_two(dawdle: float = 0.0) -> Iterator[None]:
    """The points are held and committed before the shelf's book says what was taken."""
    go_on = vouchers._check_limit

    def commit_first(*given: Any) -> None:
        db.session.commit()
        time.sleep(dawdle)
        go_on(*given)

    with patch.object(vouchers, "_check_limit", commit_first):
        yield


@contextmanager
def row_before_photo() -> Iterator[None]:
    """A record names its photo and is committed; then the photo is written."""
    put, dispatch, later = PhotoStore.put, Application.full_dispatch_request, list[tuple[Any, ...]]()

    def put_later(store: PhotoStore, data: bytes, thumb: bytes | None = None) -> str:
        later.append((store, data, thumb))
        return hashlib.sha256(data).hexdigest()

    def dispatch_first(app: Application) -> Any:
        answer = dispatch(app)
        while later:
            put(*later.pop())
        return answer

    with patch.object(PhotoStore, "put", put_later), patch.object(Application, "full_dispatch_request", dispatch_first):
        yield


@contextmanager
def key_before_effect() -> Iterator[None]:
    """The form's key is committed before what the form does: sent again it is taken for done."""
    claim = once._claim

    def commit_key(key: str, body: str) -> bool:
        claimed = claim(key, body)
        db.session.commit()
        return claimed

    with patch.object(once, "_claim", commit_key):
        yield


SEEDS = {"redeem-in-two": redeem_in_two, "row-before-photo": row_before_photo, "key-before-effect": key_before_effect}
