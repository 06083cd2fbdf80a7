"""Pages of inspectors."""

from webapp.inspections.views import scoring
from webapp.inspections.views.blueprint import bp

__all__ = ["bp", "scoring"]
