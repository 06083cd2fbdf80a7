"""Why a line stands in the book (为什么): the features that cause entries say so here; pages of the book ask here.

So the desk and the kiosk explain a line without knowing who caused it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import cast

from flask import Flask, current_app

from webapp.ledger.book import Cause


@dataclass(frozen=True, slots=True)
class Explanation:
    """What is known about one cause. Texts are empty where there is nothing to say; ``photos`` are SHA-256 names.

    ``recorder`` is the post and the masked name; ``reviewed_by`` is empty for what posts at once.
    """

    title: str
    text: str = ""
    rule_code: str = ""
    rule_version: int | None = None
    detail: str = ""
    photos: tuple[str, ...] = ()
    happened_on: date | None = None
    place: str = ""
    recorder: str = ""
    reviewed_by: str = ""
    note: str = ""
    record_id: int | None = None


Explain = Callable[[Cause], Explanation | None]


def register(app: Flask, cause_kind: str, function: Explain) -> None:
    """Let ``function`` explain the causes of one kind (``Cause.kind``)."""
    _known(app)[cause_kind] = function


def explain(cause: Cause) -> Explanation | None:
    """What stands behind a cause; None if nobody knows (base points say it all in their title)."""
    function = _known(current_app).get(cause.kind)
    return function(cause) if function else None


def _known(app: Flask) -> dict[str, Explain]:
    return cast("dict[str, Explain]", app.extensions.setdefault("explanations", {}))
