"""The village behind the real server, and the forms there that take files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from tests.attacks.village import Village
from tests.attacks.wire import Reply, Wire, work_done
from tests.faults.serving import Server
from webapp.core import clock
from webapp.core.signing import random_token
from webapp.extensions import db
from webapp.records import service as records
from webapp.schemes.queries import RuleView, current_rules

SECONDS = 2.0  # of work for one file
NO_PHOTO = "ab" * 32  # what a photo that nobody has may be called


@dataclass(frozen=True)
class Form:
    """A form that takes a file, filled in well but for the file."""

    who: str
    path: str
    file: str
    fields: dict[str, str]


@dataclass
class Street:
    """The village behind the real server."""

    village: Village
    server: Server
    tables: list[Form]
    pictures: list[Form]
    wires: dict[str, Wire] = field(default_factory=dict)
    slowest: float = 0.0

    def wire(self, who: str) -> Wire:
        if who not in self.wires:
            self.wires[who] = Wire(self.server, self.village.cookies(who), self.village.token())
            db.session.remove()
        return self.wires[who]

    def post(self, form: Form, name: str, data: bytes) -> Reply:
        """Send a file; its cost is noted."""
        before = work_done(self.server)
        reply = self.wire(form.who).post(form.path, form.fields, (form.file, name, data))
        cost = work_done(self.server) - before
        self.slowest = max(self.slowest, cost)
        assert cost < SECONDS, f"{cost:.1f} s of work"
        return reply


def _rule(scheme_id: int) -> RuleView:
    """A rule with one score that needs no proof."""
    rules = current_rules(scheme_id, clock.today())
    return next(
        one
        for one in rules
        if one.by_hand and not one.veto and one.lowest == one.highest and one.proof == "none" and not one.deducts
    )


def deduction(village: Village) -> int:
    """What the first household's shop can put right."""
    rule = next(one for one in current_rules(village.shop_scheme_id, clock.today()) if one.rectify_days)
    made = records.make(
        actor=village.built.recorders[-1],
        holder_id=village.shops[0],
        rule_version_id=rule.version_id,
        points=rule.highest,
        source="inspection",
        note="门口堆着货箱",
        photos=[NO_PHOTO],
        client_key=random_token(),
        now=clock.now(),
    )
    return made.record.id


def forms(village: Village, deduction: int) -> tuple[list[Form], list[Form]]:
    """Those that take tables, and those that take pictures."""
    today, community, scheme = clock.today(), str(village.community_id), village.scheme_id
    home, rule = village.homes[1], str(_rule(scheme).version_id)
    claimed = {"rule": rule, "happened_on": today.isoformat(), "note": "扫了楼道"}
    goods = {"name": "热水瓶", "unit": "个", "price": "30", "scheme_id": str(scheme), "area_id": community, "days_to_fetch": "15", "icon": "package", "position": "0", "active": "y"}  # fmt: skip
    tables = [
        Form("secretary", "/desk/import", "file", {"register": "households", "area_id": community}),
        Form(
            "secretary",
            f"/desk/schemes/{scheme}/import",
            "file",
            {"valid_from": (today + timedelta(days=2)).isoformat()},
        ),
    ]
    pictures = [
        Form("inspector", f"/phone/score/{home}", "photos", {"rule": rule, "note": "看过了"}),
        Form("resident", "/home/claims/new", "photos", {**claimed, "households": str(village.homes[0])}),
        Form("grid_worker", f"/phone/claims/new/{village.homes[3]}", "photos", {**claimed, "brought_by": "paper"}),
        Form("clerk", "/desk/goods/new", "picture", goods),
        Form("resident", f"/home/rectifications/{deduction}", "photos", {"note": "搬走了"}),
    ]
    return tables, pictures
