"""Reads of the inspector's phone and of the monthly yard inspection."""

from webapp.inspections.queries.scoring import (
    PER_PAGE,
    VISITED_KINDS,
    Board,
    Choice,
    Coverage,
    Unvisited,
    board,
    coverage,
    most_used,
    schemes_of,
    unvisited,
)

__all__ = [
    "PER_PAGE",
    "VISITED_KINDS",
    "Board",
    "Choice",
    "Coverage",
    "Unvisited",
    "board",
    "coverage",
    "most_used",
    "schemes_of",
    "unvisited",
]
