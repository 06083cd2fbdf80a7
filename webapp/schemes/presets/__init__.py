"""The eight schemes that load as they are (domain.md, section 2), one TOML file each; a community changes them as it likes.

Points are written as people say them (``"+2"``, ``"-0.5"``, ``"2..5"`` for a range). A scheme's file says:
code, name, purpose, holder_kind, audience, when inspections and claims post, whether points are spent, the floor below
which nothing is deducted (absent: none), base points, and its categories with their rules. A courtyard's may have a ``sheet``
of the monthly yard inspection, which ``inspections`` reads.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

#: In the order in which they are offered; a scheme that others roll up to comes before them.
CODES = (
    "courtyard",
    "household",
    "courtyard-head",
    "shop",
    "neighbour",
    "party-member",
    "volunteer",
    "staff",
)


@cache
def preset(code: str) -> dict[str, Any]:
    """The data of one preset, as written in its file."""
    text = files(__package__).joinpath(f"{code}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)
