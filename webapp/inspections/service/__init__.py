"""The verbs of inspectors."""

from webapp.inspections.service.scoring import inspect

__all__ = ["inspect"]
