"""What else stands with a holder's name on its plate and its public page: higher features say it (an honour)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

from flask import Flask, current_app


class Plaque(NamedTuple):
    """``text`` is short enough for a plate; ``until`` and ``url`` are for screens."""

    text: str
    until: str = ""
    url: str = ""


#: Given ids of holders; answers what each has, those without anything left out.
Source = Callable[[Sequence[int]], "Mapping[int, Sequence[Plaque]]"]


def register(app: Flask, source: Source) -> None:
    """A feature says what it has for holders, as it does for doors."""
    app.extensions.setdefault("plaques", []).append(source)


def plaques_of(holder_ids: Sequence[int]) -> dict[int, list[Plaque]]:
    """What stands with each of some holders."""
    found: dict[int, list[Plaque]] = {}
    for source in cast("list[Source]", current_app.extensions.get("plaques", [])):
        for holder_id, plaques in source(holder_ids).items():
            found.setdefault(holder_id, []).extend(plaques)
    return found


def words_beside(holder_ids: Sequence[int]) -> dict[int, str]:
    """The same in one line, as it is printed on a plate."""
    return {one: " · ".join(plaque.text for plaque in plaques) for one, plaques in plaques_of(holder_ids).items()}
