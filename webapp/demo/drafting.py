"""A draft of the households' rules in the demonstration, to be tried out on its months: some gain, some lose."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from webapp.core import clock
from webapp.core.points import Points
from webapp.demo.building import Built
from webapp.schemes.queries import RuleView, current_rules
from webapp.schemes.service import rule_of
from webapp.simulator import service
from webapp.simulator.models import RuleDraft
from webapp.simulator.service import as_before

#: By a rule's code, what the draft says of it.
SAID: dict[str, dict[str, Any]] = {
    "1.1": {"lowest": Points.whole(3), "highest": Points.whole(4)},
    "1.2": {"cap_month": 2},
    "1.6": {"lowest": Points.whole(-3), "highest": Points.whole(-3)},
    "2.1": {"lowest": Points.whole(6), "highest": Points.whole(6)},
    "3.1": {"cap_month": 4, "title": "参加社区组织的志愿活动"},
}


def draft(built: Built, now: datetime) -> None:
    """The secretary's, for the residents' meeting."""
    actor, scheme = built.recorders[0], built.household_scheme
    given: dict[str, Any] = {"actor": actor, "now": now}
    begun = service.begin(
        scheme=scheme, name="2027 年修订稿", note="居民代表提出：开会多给一分，重复记的少算几次。", **given
    )
    rules = {rule.code: rule for rule in current_rules(scheme.id, clock.local_date(now))}
    for code in sorted(SAID.keys() & rules.keys()):
        _say(begun, rules[code], given)


def _say(begun: RuleDraft, rule: RuleView, given: dict[str, Any]) -> None:
    wanted = as_before(rule, **SAID[rule.code])
    service.change_line(draft=begun, rule=rule_of(rule.rule_id), wanted=wanted, **given)
