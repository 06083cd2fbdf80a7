"""Reads of rankings: what is frozen, and how it stands now. No ranking reads the entries of the book."""

from webapp.rankings.queries.frozen import (
    Frozen,
    League,
    RankedScheme,
    best,
    digest_of,
    digested,
    frozen_months,
    improved_of,
    leagues,
    lines,
    newest,
    of_month,
    own_place,
    schemes_ranked,
    standings,
    with_newest_place,
)
from webapp.rankings.queries.live import figures, holders_in, months_of, previous_months, running_month, schemes_of
from webapp.rankings.queries.terms import Terms, terms

__all__ = [
    "Frozen",
    "League",
    "RankedScheme",
    "Terms",
    "best",
    "digest_of",
    "digested",
    "figures",
    "frozen_months",
    "holders_in",
    "improved_of",
    "leagues",
    "lines",
    "months_of",
    "newest",
    "of_month",
    "own_place",
    "previous_months",
    "running_month",
    "schemes_of",
    "schemes_ranked",
    "standings",
    "terms",
    "with_newest_place",
]
