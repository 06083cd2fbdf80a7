"""Which place a courtyard has on its public page: the feature that publishes places says it (the newest frozen ranking)."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from flask import Flask, current_app


class Rank(NamedTuple):
    """``title`` says of which ranking, ``among`` with whom the holder is compared there."""

    title: str
    place: int
    among: str


#: Given ids of a community, a scheme and a holder; answers what was published last, or None.
Source = Callable[[int, int, int], "Rank | None"]


def register(app: Flask, source: Source) -> None:
    """A feature says which places it has published, as it does for plaques."""
    app.extensions.setdefault("ranks", []).append(source)


def rank_of(community_id: int, scheme_id: int, holder_id: int) -> Rank | None:
    """The published place of a holder in a scheme."""
    sources = cast("list[Source]", current_app.extensions.get("ranks", []))
    found = (source(community_id, scheme_id, holder_id) for source in sources)
    return next((rank for rank in found if rank is not None), None)
