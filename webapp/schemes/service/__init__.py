"""Writing schemes and rules. A rule is never changed: a change makes a version that is valid from a day on."""

from webapp.schemes.service.categories import add_category, change_category
from webapp.schemes.service.loading import load_preset
from webapp.schemes.service.rules import (
    DEFAULT_RECORDERS,
    RuleText,
    add_rule,
    change_rule,
    end_rule,
    rule_count,
    rule_of,
)
from webapp.schemes.service.settings import Settings, add_scheme, change_scheme

__all__ = [
    "DEFAULT_RECORDERS",
    "RuleText",
    "Settings",
    "add_category",
    "add_rule",
    "add_scheme",
    "change_category",
    "change_rule",
    "change_scheme",
    "end_rule",
    "load_preset",
    "rule_count",
    "rule_of",
]
