"""Holes in who may open what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from webapp.extensions import db
from webapp.places import queries
from webapp.places.models import Station
from webapp.users import gate
from webapp.users.permissions import grants_of
from webapp.web.access import ANYBODY, endpoint_permission


def _careless(endpoint: str | None) -> str | None:
    return ANYBODY if endpoint == "redemption.goods" else endpoint_permission(endpoint)


@contextmanager
def check_removed() -> Iterator[None]:
    """One view forgets to ask for its right."""
    with patch.object(gate, "endpoint_permission", _careless):
        yield


@contextmanager
def scope_dropped() -> Iterator[None]:
    """A station is found wherever it stands."""
    with patch.object(queries, "station", lambda station_id, _scope: db.session.get_one(Station, station_id)):
        yield


@contextmanager
def reach_widened() -> Iterator[None]:
    """A grid worker's rights hold in the whole county."""

    def wide(posts: Iterable[tuple[str, str]]) -> Any:
        return grants_of(
            (post, f"/{path.split('/')[1]}/") if post == "grid_worker" else (post, path) for post, path in posts
        )

    with patch.object(gate, "grants_of", wide):
        yield


SEEDS = {"check-removed": check_removed, "scope-dropped": scope_dropped, "reach-widened": reach_widened}
