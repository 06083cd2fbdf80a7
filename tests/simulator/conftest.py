"""A community with a scheme of its own, two households, and the months in its book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.factories import (
    CommunityTree,
    make_community,
    make_courtyard,
    make_household,
    make_scheme,
    make_user,
    serial,
)
from tests.personas import sign_in
from webapp.core import clock
from webapp.core.actor import SYSTEM, Actor
from webapp.core.points import Points
from webapp.extensions import db
from webapp.places.models import Holder, Household
from webapp.records.models import Record
from webapp.schemes.models import Rule, RuleVersion, Scheme
from webapp.schemes.queries import RuleView, categories, rule_version
from webapp.schemes.queries.desk import newest_rules
from webapp.schemes.service import RuleText, add_rule
from webapp.simulator import queries, service
from webapp.simulator.judging import Outcome
from webapp.simulator.models import RuleDraft, RuleDraftLine
from webapp.simulator.queries import Span

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)
LONG_AGO = datetime(2026, 1, 1, 1, tzinfo=UTC)
SPAN = Span(date(2026, 8, 1), date(2026, 10, 31))


@dataclass
class Village:
    """``liu`` and ``wang`` live in 文林路3号院. Points are whole."""

    tree: CommunityTree
    scheme: Scheme
    liu: Household
    wang: Household
    draft: RuleDraft

    def rule(self, title: str = "打扫楼道", points: str = "+2", **more: Any) -> RuleVersion:
        low, _, high = points.partition("..")
        text = RuleText(title=title, lowest=Points.parse(low), highest=Points.parse(high or low), **more)
        return add_rule(
            category=categories(self.scheme.id)[0],
            code=f"Z{serial()}",
            text=text,
            valid_from=date(2026, 1, 1),
            actor=SYSTEM,
            now=LONG_AGO,
        )

    def record(self, version: RuleVersion, holder: Holder, on: date, points: int, state: str = "posted") -> Record:
        """A record as it stands in the book; the noon of its day."""
        moment = datetime.combine(on, time(4), UTC)
        record = Record(
            client_key=f"k{serial()}",
            holder_id=holder.id,
            community_id=self.tree.community.id,
            scheme_id=self.scheme.id,
            rule_id=version.rule_id,
            rule_version_id=version.id,
            points=points * 10,
            source="inspection",
            state=state,
            happened_on=on,
            happened_at=moment,
            recorder_label="网格员",
            created_at=moment,
        )
        db.session.add(record)
        db.session.flush()
        return record

    def say(
        self, version: RuleVersion, *, actor: Actor = SYSTEM, now: datetime = NOW, **more: Any
    ) -> RuleDraftLine | None:
        """The draft says of a rule what is named here; all else stays."""
        wanted = service.as_before(rule_version(version.id), **more)
        return service.change_line(draft=self.draft, rule=version.rule, wanted=wanted, actor=actor, now=now)

    def outcome(self, span: Span = SPAN) -> Outcome:
        return queries.outcome(queries.changes(self.draft), self.tree.community.id, self.scheme.id, span)

    def adopt(self, **more: Any) -> list[queries.Changed]:
        given: dict[str, Any] = {
            "draft": self.draft,
            "revision": self.draft.revision,
            "valid_from": date(2026, 12, 1),
            "decision": "11 月 20 日居民代表会议通过",
            "actor": SYSTEM,
            "now": NOW,
        }
        return service.adopt(**{**given, **more})


def newest(rule: Rule) -> RuleView:
    return newest_rules(rule.scheme_id)[rule.code]


def make_village(name: str = "昌宁社区") -> Village:
    tree = make_community(name=name)
    scheme = make_scheme(area=tree.community)
    yard = make_courtyard(area=tree.micro_grid, name="文林路3号院")
    liu, wang = make_household(courtyard=yard, name="刘红梅"), make_household(courtyard=yard, name="王小二")
    draft = service.begin(scheme=scheme, name="2027 年修订", note="", actor=SYSTEM, now=NOW)
    return Village(tree, scheme, liu, wang, draft)


@pytest.fixture
def village(app) -> Village:
    return make_village()


@pytest.fixture
def desk(client: FlaskClient, village: Village) -> FlaskClient:
    """The secretary, who may change the rules."""
    return sign_in(client, make_user(post="secretary", area=village.tree.community))


@pytest.fixture
def reader(app, village: Village) -> FlaskClient:
    """A grid worker of the community: looks, changes nothing."""
    return sign_in(app.test_client(), make_user(post="grid_worker", area=village.tree.grid))


@pytest.fixture
def in_november() -> Any:
    with clock.travel(NOW):
        yield
