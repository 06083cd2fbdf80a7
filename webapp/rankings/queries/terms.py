"""What a community decided about its rankings."""

from __future__ import annotations

from typing import NamedTuple

from webapp.extensions import db
from webapp.rankings.models import LARGE_FROM, SMALL_TO, RankingTerms
from webapp.rankings.placing import Sizes


class Terms(NamedTuple):
    """``minus_names``: minus points stand with names on public walls. ``shops_by``: a key of ``SHOPS_BY``."""

    minus_names: bool = False
    small_to: int = SMALL_TO
    large_from: int = LARGE_FROM
    shops_by: str = "trade"

    @property
    def sizes(self) -> Sizes:
        return Sizes(self.small_to, self.large_from)


def terms(community_id: int) -> Terms:
    """The defaults, where nothing was decided."""
    kept = db.session.get(RankingTerms, community_id)
    return Terms(kept.minus_names, kept.small_to, kept.large_from, kept.shops_by) if kept else Terms()
